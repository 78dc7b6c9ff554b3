"""
How long a service asks to wait.

Source: RFC 9110, section 10.2.3 (Retry-After: seconds, or an HTTP date).
"""

from datetime import UTC
from email.utils import parsedate_to_datetime


LONGEST = 300.0
"""Seconds that are honoured at the most; a probe must not be silenced for longer."""


def seconds_to_wait(value: str | None, *, now: float, otherwise: float) -> float:
    """
    Return the seconds which a Retry-After header asks for, at most `LONGEST`.

    Args:
        value: The header; None if there was none.
        now: Seconds since the epoch, for a date.
        otherwise: Seconds where the header is missing or says nothing readable.
    """
    asked = _asked(value or "", now)
    return min(LONGEST, max(0.0, otherwise if asked is None else asked))


def _asked(value: str, now: float) -> float | None:
    """Return what the header says, None if that is nothing."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp() - now
