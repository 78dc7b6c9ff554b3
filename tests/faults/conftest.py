"""The world in which faults are injected: made once, and well by itself."""

from collections.abc import Iterator

import pytest
import trustme

from tests.faults.scene import World
from tests.scripted_server import deaf_port
from tests.service import running_service


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Run a simulated service that answers at once."""
    authority = trustme.CA(organization_name="Tests")
    bundle = tmp_path_factory.mktemp("faults") / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    with running_service() as service, deaf_port() as deaf:
        yield World(service=service, authority=authority, ca_bundle=bundle, deaf=deaf)
