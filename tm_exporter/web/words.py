"""Say times, money and numbers as people do."""

from collections.abc import Sequence
from datetime import datetime


_UNITS = (  # from how many seconds on, seconds of one, word
    (2 * 86_400, 86_400, "days"),
    (2 * 3600, 3600, "h"),
    (100, 60, "min"),
)


def lapse(seconds: float) -> str:
    """Return a length of time in one unit: `40 s`, `3 min`, `5 h`, `12 days`."""
    for least, unit, word in _UNITS:
        if seconds >= least:
            return f"{seconds / unit:,.0f} {word}"
    return f"{max(0.0, seconds):.0f} s"


def ago(moment: datetime, now: datetime) -> str:
    """Return how long ago something was, or in what time it will be."""
    seconds = (now - moment).total_seconds()
    if seconds <= -1:
        return f"in {lapse(-seconds)}"
    return "just now" if seconds < 5 else f"{lapse(seconds)} ago"


def exact(moment: datetime) -> str:
    """Return a moment to the second."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def duration(seconds: float) -> str:
    """Return a time that was measured: `4.2 ms`, `420 ms`, `1.25 s`."""
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def amount(number: float) -> str:
    """Return an amount, to a hundredth of a cent where that is what it comes to."""
    is_small = 0 < abs(number) < 0.01
    return f"{number:,.4f}" if is_small else f"{number:,.2f}"


def money(number: float, currency: str) -> str:
    """Return an amount and what it is an amount of."""
    return f"{amount(number)} {currency}"


def some(names: Sequence[str], most: int) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - most
    shown = ", ".join(names[:most])
    return f"{shown} and {more} more" if more > 0 else shown
