"""Read files that somebody may be writing at this moment."""

import time
from collections.abc import Callable

from tm_exporter.config.load import Loaded
from tm_exporter.config.origin import ConfigurationError
from tm_exporter.config.sources import Sources
from tm_exporter.reload.candidate import Refused


STILL_FOR = 0.1
"""Seconds in which nothing may change between two looks."""

_LOOKS = 20


def read_still(
    load: Callable[[], Loaded],
    before: Sources,
    pause: Callable[[float], None] = time.sleep,
) -> Loaded:
    """
    Return the configuration once its files change no more; blocks.

    The first half of a file may be a configuration by itself. Files that are as they
    were at the last reading are not waited for.

    Args:
        load: Reads it.
        before: What was read the last time.
        pause: Lets that many seconds pass.

    Raises:
        ConfigurationError: It cannot be used.
        Refused: A file changed again and again.
    """
    for _ in range(_LOOKS):
        outcome, sources = _read(load)
        if sources.marks != before.marks:
            pause(STILL_FOR)
        names = ", ".join(_changed(sources))
        if names:
            continue
        if isinstance(outcome, ConfigurationError):
            raise outcome
        return outcome
    again = f"{names}: still being written: reload again when that is done"
    raise Refused((again,), sources)


def _read(load: Callable[[], Loaded]) -> tuple[Loaded | ConfigurationError, Sources]:
    """Return what is read, or what is wrong with it, and out of which files."""
    try:
        loaded = load()
    except ConfigurationError as error:
        return error, error.sources
    return loaded, loaded.sources


def _changed(sources: Sources) -> tuple[str, ...]:
    """Return the files that are not as they were right before they were read."""
    now = sources.look()
    paths = sorted({*now, *sources.marks}, key=str)
    return tuple(
        str(path) for path in paths if now.get(path) != sources.marks.get(path)
    )
