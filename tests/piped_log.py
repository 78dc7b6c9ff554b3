"""A log of the test's own, that is read at the end."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from tm_exporter.logs.setup import Logging, configure


PipedLog = tuple[Logging, Callable[[], str]]
"""The log, and what closes it and returns all that was written."""


@contextmanager
def piped_log(level: Literal["debug", "info"]) -> Iterator[PipedLog]:
    """Log into a pipe, and fail for what is no event."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        logging = configure(level=level, stream=stream, strict=True)

        def written() -> str:
            logging.close()
            stream.close()
            with os.fdopen(reading) as lines:
                return lines.read()

        yield logging, written
        logging.close()
