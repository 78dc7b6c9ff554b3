"""Counting the faults of our own that the log tells, and telling some seldom."""

import os
from collections.abc import Callable, Iterator

import orjson
import pytest
import structlog

from tests.doubles import FakeClock
from tm_exporter.logs.faults import EVERY, FAULTS, Faults
from tm_exporter.logs.log_events import EVENTS
from tm_exporter.logs.setup import configure
from tm_exporter.process.upkeep import surely


log = structlog.get_logger()
Passed = Callable[..., bool]


@pytest.fixture
def clock() -> FakeClock:
    """Return the clock."""
    return FakeClock()


@pytest.fixture
def faults(clock: FakeClock) -> Faults:
    """Return a count that begins."""
    return Faults(clock)


def passes(faults: Faults, event: str, **fields: object) -> bool:
    """Whether a line is written."""
    try:
        faults(None, "error", {"event": event, "exc_info": True, **fields})
    except structlog.DropEvent:
        return False
    return True


def test_every_event_with_a_traceback_is_counted(faults: Faults) -> None:
    """From the beginning, at zero."""
    before = dict(faults.rows())
    for event in FAULTS:
        passes(faults, event)

    assert set(before.values()) == {0.0}
    assert set(faults.rows().values()) == {1.0}
    assert "probe_crashed" in FAULTS
    assert all("exception" in EVENTS[event].keys for event in FAULTS)


def test_a_line_without_a_traceback_is_no_fault(faults: Faults) -> None:
    """A library may have something to say, too."""
    passes(faults, "library_message", exc_info=None)

    assert set(faults.rows().values()) == {0.0}


def test_a_fault_at_each_scrape_is_written_once_an_hour(
    faults: Faults, clock: FakeClock
) -> None:
    """And counted each time; another family is another fault."""
    written = []
    for seconds, family in ((0, "a"), (15, "a"), (15, "b"), (EVERY, "a"), (15, "a")):
        clock.advance(seconds)
        written.append(passes(faults, "series_failed", family=family))

    assert written == [True, False, True, True, False]
    assert faults.rows()["series_failed",] == 5.0


def test_a_run_that_crashed_is_always_written(faults: Faults) -> None:
    """Its line is about that run."""
    assert [passes(faults, "probe_crashed") for _ in range(3)] == 3 * [True]


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, object]]]]:
    """Log into a pipe, and return what was written."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        logging = configure(stream=stream, strict=True)

        def written() -> list[dict[str, object]]:
            logging.close()
            stream.close()
            with os.fdopen(reading, "rb") as file:
                return [orjson.loads(line) for line in file]

        yield written
        logging.close()


async def test_a_look_that_fails_is_told_and_over(
    lines: Callable[[], list[dict[str, object]]],
) -> None:
    """Whoever looks again and again goes on."""

    async def look() -> None:
        raise ZeroDivisionError

    for _ in range(3):
        await surely("something", look)

    (line,) = lines()
    assert (line["event"], line["part"]) == ("upkeep_failed", "something")
    assert "ZeroDivisionError" in str(line["exception"])
