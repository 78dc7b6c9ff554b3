"""A simulated service, a folder of files, and a log that is read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.piped_log import PipedLog, piped_log
from tests.reload.world import Files
from tm_exporter.logs.setup import Logging


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Return an empty place for a configuration."""
    return Files(tmp_path)


@pytest.fixture
def log() -> Iterator[PipedLog]:
    """Log into a pipe, and return what was written once it is asked for."""
    with piped_log("info") as log:
        yield log


@pytest.fixture
def logging(log: PipedLog) -> Logging:
    """Return the log alone."""
    return log[0]
