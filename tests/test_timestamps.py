"""The forms in which a moment may be written."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.timestamps import read_timestamp, rfc3339
from tm_exporter.wire.payloads import ShapeError


MOMENT = 1_795_370_400.0


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-22T18:00:00Z",
        "2026-11-22T18:00:00.000Z",
        "2026-11-22T18:00:00.000000000Z",
        "2026-11-22T18:00:00+00:00",
        "2026-11-22T20:30:00+02:30",
        "2026-11-22t10:00:00-0800",
        "2026-11-22 18:00:00",
        1_795_370_400,
        1_795_370_400.0,
        1_795_370_400_000,
        "1795370400",
        "1795370400000",
        "1.7953704e9",
    ],
)
def test_one_moment_in_many_forms(value: Any) -> None:
    """All were met somewhere; none is documented for every route."""
    assert read_timestamp(value, "createdAt") == MOMENT


@pytest.mark.parametrize("digits", range(1, 10))
def test_fractions_of_a_second(digits: int) -> None:
    """Protobuf writes as many digits as are needed, nine at the most."""
    text = f"2026-11-22T18:00:00.{'5' * digits}Z"

    assert read_timestamp(text, "createdAt") == pytest.approx(
        MOMENT + float(f"0.{'5' * digits}")
    )


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        0,
        "0",
        "1970-01-01T00:00:00Z",
        "1970-01-01T02:00:00+02:00",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        -62_135_596_800,
    ],
)
def test_a_moment_that_was_never_set_is_none(value: Any) -> None:
    """Zero is not a date: a card did not expire in 1970."""
    assert read_timestamp(value, "expiresAt") is None


@pytest.mark.parametrize("fraction", ["", ".999", ".999999999"])
def test_the_last_moment_of_the_calendar_is_one(fraction: str) -> None:
    """Many write it for `never`."""
    seconds = read_timestamp(f"9999-12-31T23:59:59{fraction}Z", "expiresAt")

    assert seconds is not None
    assert rfc3339(seconds) == "9999-12-31T23:59:59Z"


@pytest.mark.parametrize(
    "value",
    [
        True,
        [],
        {},
        "soon",
        "NaN",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00.1234567890Z",
        "٢٠٢٦-01-01T00:00:00Z",
        float("nan"),
        float("inf"),
        1e30,
        10**400,
        "9" * 30,
        -5_000_000_000,
        "1850-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_what_is_no_moment_is_told_with_its_name(value: Any) -> None:
    """The detail says which field; never what was in it."""
    with pytest.raises(ShapeError, match=r"^createdAt is not a time"):
        read_timestamp(value, "createdAt")


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(9998, 1, 1)),  # noqa: DTZ001 -- a zone is drawn
    st.integers(-14 * 60, 14 * 60),
)
def test_what_python_writes_is_read_back(moment: datetime, minutes: int) -> None:
    """Whatever the zone."""
    zoned = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))

    seconds = read_timestamp(zoned.isoformat(), "createdAt")

    assert seconds == pytest.approx(zoned.astimezone(UTC).timestamp(), abs=1e-4)


@given(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.lists(st.integers())
)
def test_anything_else_is_refused_and_nothing_else_happens(value: Any) -> None:
    """A field may hold whatever JSON can."""
    try:
        seconds = read_timestamp(value, "createdAt")
    except ShapeError:
        return
    assert seconds is None or 0 < seconds < 1e12
