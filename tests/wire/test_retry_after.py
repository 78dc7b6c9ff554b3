"""How long a service asks to wait."""

import pytest

from tm_exporter.wire.retry_after import LONGEST, seconds_to_wait


NOON = 1_767_268_800.0  # Thu, 01 Jan 2026 12:00:00 GMT


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("7", 7, id="seconds"),
        pytest.param(" 7 ", 7, id="spaces"),
        pytest.param("0", 0, id="zero"),
        pytest.param("299", 299, id="below-the-longest"),
        pytest.param("301", LONGEST, id="above-the-longest"),
        pytest.param("9" * 400, LONGEST, id="absurd"),
        pytest.param("Thu, 01 Jan 2026 12:00:30 GMT", 30, id="date"),
        pytest.param("Thursday, 01-Jan-26 12:00:30 GMT", 30, id="old-date"),
        pytest.param("Thu, 01 Jan 2026 12:00:30", 30, id="date-without-zone"),
        pytest.param("Thu, 01 Jan 2026 13:00:30 +0100", 30, id="other-zone"),
        pytest.param("Thu, 01 Jan 2026 11:59:00 GMT", 0, id="date-gone-by"),
        pytest.param("Fri, 02 Jan 2026 12:00:00 GMT", LONGEST, id="tomorrow"),
        pytest.param(None, 60, id="missing"),
        pytest.param("", 60, id="empty"),
        pytest.param("soon", 60, id="a-word"),
        pytest.param("-5", 60, id="negative"),
        pytest.param("1.5", 60, id="fraction"),
        pytest.param("٣", 60, id="other-digits"),
        pytest.param("Thu, 99 Jan 2026 12:00:00 GMT", 60, id="no-such-day"),
        pytest.param("1, 2", 60, id="two-values"),
    ],
)
def test_what_a_header_asks_for(value: str | None, seconds: float) -> None:
    """Seconds or a date, at most five minutes; else what is usual."""
    assert seconds_to_wait(value, now=NOON, otherwise=60.0) == seconds


def test_the_usual_wait_is_bounded_too() -> None:
    """An hourly probe is not silenced for an hour by a header that is missing."""
    assert seconds_to_wait(None, now=NOON, otherwise=3600.0) == LONGEST
