"""Real parts, shared by the tests of a session because they take a while to start."""

from collections.abc import Iterator

import pytest

from tests.e2e.children import TM_EXPORTER, child
from tests.e2e.daemon import Daemon, listening


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """
    Run the demo, among variables of a real account, none of which it may read.

    The base URL among them answers nobody, so that a demo which read it would fail.
    """
    environment = {
        "TENSORMESH_INFERENCE_API_KEY": "ak-of-somebody",
        "TENSORMESH_SERVERLESS_BASE_URL": "http://127.0.0.1:1",
    }
    with child(
        tmp_path_factory.mktemp("demo"),
        *(TM_EXPORTER, "demo", "--listen", "127.0.0.1:0", "--for", "240"),
        environment=environment,
    ) as process:
        yield listening(process)
