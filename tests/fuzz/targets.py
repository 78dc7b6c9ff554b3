"""
What is fuzzed: each reader of something that comes from outside, by name.

A target takes any bytes. It passes over the errors that its reader documents, and
lets every other exception through: that is a crash, as is a broken promise.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.fuzz import answers, files, values


Target = Callable[[bytes], None]

MOST_SECONDS = 1.0
"""Of processor time that one input may take."""

SEEDS = Path(__file__).parent / "seeds"
"""A folder for each target: inputs to begin with, and all that were ever crashes."""

TARGETS: Mapping[str, Target] = {
    "sse": answers.read_events,
    "stream": answers.read_stream,
    "answer": answers.read_answer,
    "control-plane": answers.read_control_plane,
    "decoding": answers.decode,
    "retry-after": values.read_retry_after,
    "rate-limits": values.read_rate_limits,
    "dates": values.read_moment,
    "money": values.read_amount,
    "durations": values.read_duration,
    "token": values.read_token,
    "secret-file": values.read_secret_file,
    "configuration": files.read_configuration,
    "environment": files.read_environment,
    "vendor-file": files.read_vendor_file,
    "web-configuration": files.read_web_configuration,
    "notices": files.read_notices,
}


class TooSlow(Exception):  # noqa: N818 -- what the reader is
    """A reader took longer than anyone may wait for it."""


def seeds(name: str) -> list[Path]:
    """Return the files that are kept for a target."""
    return sorted((SEEDS / name).iterdir())


def timed(target: Target) -> Target:
    """Return a target that also fails for an input which takes too long."""

    def checked(data: bytes) -> None:
        start = time.process_time()
        target(data)
        took = time.process_time() - start
        if took > MOST_SECONDS:
            raise TooSlow(f"{len(data)} bytes took {took:.1f}s")

    return checked
