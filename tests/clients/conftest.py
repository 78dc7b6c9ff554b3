"""What holds for every test of the clients."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from tests.scripted_server import PATIENCE


@pytest.fixture(autouse=True)
async def nothing_is_left_open() -> AsyncIterator[None]:
    """Whatever happened, no socket stays open and the loop watches none."""
    before = sockets(), watched()
    yield
    assert watched() == before[1]
    over = time.monotonic() + PATIENCE
    while not sockets() <= before[0] and time.monotonic() < over:
        await asyncio.sleep(0.01)  # a look-up that a test gave up has one of its own
    assert sockets() <= before[0]


def sockets() -> set[str]:
    """Return the sockets of this process."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # that of the listing itself
            found.add(str(descriptor.readlink()))
    return {name for name in found if name.startswith("socket:")}


def watched() -> set[int]:
    """Return the descriptors which the running loop watches."""
    selector = asyncio.get_running_loop()._selector  # type: ignore[attr-defined]
    return set(selector.get_map())


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Return an authority that signs what tests need."""
    return trustme.CA(organization_name="Tests")


@pytest.fixture(scope="session")
def ca_bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file with its certificate."""
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """Return the TLS of a server with a good certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    names = ("localhost", "service.test", "127.0.0.1", "::1")
    authority.issue_cert(*names).configure_cert(context)
    return context
