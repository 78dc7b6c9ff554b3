"""What a request leaves behind: nothing that Python would have to look for."""

import gc
import ssl
from collections.abc import Awaitable, Callable, Iterator

import pytest

from tests.clients.asking import HereResolver, ask, ask_server, make_transport
from tests.scripted_server import (
    answer,
    chunked,
    free_port,
    handshake,
    head,
    request,
    reset,
    send,
    serving,
    silence,
)
from tm_exporter.clients.resolver import Resolver


Case = Callable[[], Awaitable[object]]


@pytest.fixture
def nobody_else_looks() -> Iterator[None]:
    """Have garbage stay until it is counted."""
    gc.disable()
    yield
    gc.enable()


def server(*steps: Callable[..., None]) -> Case:
    """Return a request to a server that does these steps."""
    return lambda: ask_server(*steps, timeout=0.1)


async def unknown_name() -> None:
    """Ask for a host that has no address."""
    transport = make_transport(resolver=Resolver())
    await ask("http://nowhere.invalid", transport=transport)


CASES: dict[str, Case] = {
    "good": server(request, send(answer())),
    "in-chunks": server(request, send(head("Transfer-Encoding: chunked") + chunked())),
    "refused": lambda: ask(f"http://127.0.0.1:{free_port()}"),
    "no-such-name": unknown_name,
    "silent": server(request, silence),
    "closed": server(request),
    "reset": server(request, reset),
    "not-http": server(request, send(b"SSH-2.0\r\n")),
    "busy": server(request, send(answer(status="503 Busy"))),
    "cut": server(request, send(answer(b"", length=3))),
}


async def left_by(case: Case) -> list[object]:
    """Return the garbage of a case, but for what the first time alone leaves."""
    await case()
    gc.collect()
    for _ in range(5):
        await case()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        return [each for each in gc.garbage if "tm_exporter" in type(each).__module__]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


@pytest.mark.usefixtures("nobody_else_looks")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_a_request_leaves_no_garbage(case: Case) -> None:
    """However it ends."""
    assert not await left_by(case)


@pytest.mark.usefixtures("nobody_else_looks")
async def test_a_refused_certificate_leaves_no_garbage(
    server_tls: ssl.SSLContext,
) -> None:
    """Nor does the second look at it."""

    async def case() -> None:
        with serving(handshake(server_tls), request, send(answer())) as found:
            await ask(found.address("https"), transport=transport)

    transport = make_transport(resolver=HereResolver())
    assert not await left_by(case)
