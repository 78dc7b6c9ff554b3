"""The one option of the suite, its order, and what its parts share."""

import os
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tm_exporter.logs.setup import Logging, configure
from tm_exporter.simulator.server import Simulator


SOCKETS = {
    *("clients", "faults", "probes", "pulls", "simulator", "survival", "web"),
    *("commands", "test_daemon.py", "test_diagnosis_daemon.py"),
    *("test_api.py", "test_flock.py", "test_lease_daemon.py"),
    *("test_reload_daemon.py", "test_reload_sequence.py"),
}
"""What speaks over real sockets, or waits for real timeouts, below this folder."""


# How long an example takes says something about the machine, and what else it does.
settings.register_profile(
    "suite", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
# Where the whole suite runs as well, on another Python.
settings.register_profile("brief", settings.get_profile("suite"), max_examples=20)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the files under tests/golden anew instead of comparing",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Mark what opens sockets, so that the rest can be run in seconds.

    What waits for other programs comes first: begun last, one worker would be left
    with it while the other has nothing to do.
    """
    here = Path(__file__).parent
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if SOCKETS & set(item.path.relative_to(here).parts) or "service" in fixtures:
            item.add_marker("sockets")
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield one path after the other where nothing is yet."""
    folder = tmp_path_factory.mktemp("states")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def state_of_its_own(monkeypatch: pytest.MonkeyPatch, states: Iterator[Path]) -> None:
    """Keep what daemons remember and spend out of the home, and of other tests."""
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(next(states)))


@pytest.fixture
async def service() -> AsyncIterator[Simulator]:
    """Run a simulated service that answers soon."""
    async with Simulator(first_token_seconds=0.02, gap_seconds=0.001) as simulator:
        yield simulator


@pytest.fixture
def logging() -> Iterator[Logging]:
    """Log into nothing, and fail for what is no event."""
    with Path(os.devnull).open("w") as stream:
        made = configure(level="debug", stream=stream, strict=True)
        yield made
        made.close()


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written instead of compared."""
    return bool(request.config.getoption("--update-golden"))
