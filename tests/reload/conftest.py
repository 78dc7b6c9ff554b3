"""A simulated service, a folder of files, and a log that is read."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.reload.world import Files
from tm_exporter.logs import Logging, configure
from tm_exporter.simulator.server import Simulator


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Return an empty place for a configuration."""
    return Files(tmp_path)


@pytest.fixture
async def service() -> AsyncIterator[Simulator]:
    """Run a simulated service."""
    async with Simulator(first_token_seconds=0.02, gap_seconds=0.001) as simulator:
        yield simulator


@pytest.fixture
def log() -> Iterator[tuple[Logging, Callable[[], str]]]:
    """Log into a pipe, and return what was written once it is asked for."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        logging = configure(level="info", stream=stream, strict=True)

        def written() -> str:
            logging.close()
            stream.close()
            with os.fdopen(reading) as lines:
                return lines.read()

        yield logging, written
        logging.close()


@pytest.fixture
def logging(log: tuple[Logging, Callable[[], str]]) -> Logging:
    """Return the log alone."""
    return log[0]
