"""The one option of the suite, and which part of it opens sockets."""

from pathlib import Path

import pytest


SOCKETS = {
    *("clients", "probes", "pulls", "simulator", "web"),
    *("test_cli.py", "test_daemon.py"),
}
"""What speaks over real sockets, or waits for real timeouts, below this folder."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the files under tests/golden anew instead of comparing",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens sockets, so that the rest can be run in seconds."""
    here = Path(__file__).parent
    for item in items:
        if SOCKETS & set(item.path.relative_to(here).parts):
            item.add_marker("sockets")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written instead of compared."""
    return bool(request.config.getoption("--update-golden"))
