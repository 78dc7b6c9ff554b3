"""
Moments, in any of the forms in which the Control Plane may write them.

Source: protobuf's JSON form (RFC3339), and the habits of those who write numbers.
"""

import math
import re
from datetime import UTC, datetime
from typing import Any

from tm_exporter.wire.payloads import ShapeError


_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d{1,9})?"
    r"(?:[Zz]|([+-]\d\d:?\d\d))?",
    re.ASCII,
)
_NUMBER = re.compile(r"[+-]?\d{1,20}(\.\d{1,20})?([eE][+-]?\d{1,2})?", re.ASCII)
_YEAR_ONE = datetime(1, 1, 1, tzinfo=UTC).timestamp()
_LAST_SECOND = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
_IN_MILLISECONDS = 1e11  # as seconds in the year 5138, as milliseconds in 1973
_BEYOND = 1e300
_LATEST_ZERO = 86_400.0  # a zero time may be written in a zone of its own


def read_timestamp(value: Any, what: str) -> float | None:
    """
    Return the seconds since the epoch, None for a moment that was never set.

    RFC3339 with any offset and up to nine digits of a second (UTC where the zone is
    left out); seconds or milliseconds since the epoch, as number or as string.
    Protobuf's ways to say "not set" are null, an empty text and the years 1 and 1970.

    Raises:
        ShapeError: It is none of these, or no moment that anyone could mean.
    """
    if value is None or value == "":
        return None
    seconds = _seconds(value)
    if seconds is None or not math.isfinite(seconds):
        raise ShapeError(f"{what} is not a time")
    if abs(seconds) < _LATEST_ZERO or abs(seconds - _YEAR_ONE) < _LATEST_ZERO:
        return None
    if not 0 < seconds <= _LAST_SECOND + 1:  # a float has no room for nine digits
        raise ShapeError(f"{what} is not a time that anyone could mean")
    return min(seconds, _LAST_SECOND)


def rfc3339(seconds: float) -> str:
    """Return a moment as RFC3339 in UTC, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(value: Any) -> float | None:
    """Return what is written as seconds since the epoch, None if it is no time."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        # What is beyond a float is beyond every calendar.
        return _from_number(float(value)) if abs(value) < _BEYOND else math.inf
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _NUMBER.fullmatch(text):
        return _from_number(float(text))
    return _from_rfc3339(text)


def _from_number(number: float) -> float:
    """Take what is too great for seconds as milliseconds."""
    in_seconds = abs(number) < _IN_MILLISECONDS
    return number if in_seconds else number / 1000.0


def _from_rfc3339(text: str) -> float | None:
    """Return a date with its time of day; a leap second is the next one's start."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    date, hours, minutes, seconds, fraction, offset = match.groups()
    if int(hours) > 23 or int(minutes) > 59 or int(seconds) > 60:
        return None
    try:
        day = datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
    time_of_day = 3600 * int(hours) + 60 * int(minutes) + int(seconds)
    return day + time_of_day - _offset(offset) + float(fraction or 0)


def _offset(text: str | None) -> int:
    """Return the seconds by which a zone such as `+02:00` is ahead of UTC."""
    if text is None:
        return 0
    ahead = 3600 * int(text[1:3]) + 60 * int(text[-2:])
    return -ahead if text[0] == "-" else ahead
