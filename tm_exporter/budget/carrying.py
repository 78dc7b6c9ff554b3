"""
Totals of a ledger for whoever pays next, and those of whoever paid before.

Each instance has a ledger of its own, perhaps on a disk that dies with it. What was
spent out of the others is booked here as entries of a key of their own, of the size
of what this ledger lacks: so the larger one of both counts, day by day and for the
month, and it can be done again and again.
"""

import secrets
import sqlite3
from datetime import UTC, date, datetime

from tm_exporter.budget.amounts import MOST
from tm_exporter.budget.totals import Totals, cumulated
from tm_exporter.budget.unusable import LedgerUnusable
from tm_exporter.budget.windows import Windows, date_of
from tm_exporter.observation import ProbeKey


ELSEWHERE = ProbeKey("", "serverless", "spent_elsewhere")
"""The key of what other instances spent; no probe can have it, nor has it runs."""

AHEAD = 2
"""Days by which others' totals may be ahead of our clock."""

_EPOCH = date(1970, 1, 1).toordinal()
_BEFORE = 3  # days before its month, so that what counts in it alone is in no day


def totals(connection: sqlite3.Connection, windows: Windows) -> Totals:
    """
    Return what counts in the days from yesterday on, and in their months.

    Yesterday is among them for whoever's clock is behind ours.
    """
    (since,) = connection.execute("SELECT opened_at FROM opening").fetchone()
    first_day = windows.day - 1
    first_month = _month_of(first_day)
    days = connection.execute(
        "SELECT day, sum(amount) FROM sums WHERE day >= ? GROUP BY day",
        (first_day,),
    )
    months = connection.execute(
        "SELECT month, sum(amount) FROM sums WHERE month >= ? GROUP BY month",
        (first_month,),
    )
    return Totals(
        since,
        cumulated({first_day: 0, windows.day: 0} | dict(days)),
        cumulated({first_month: 0, windows.month: 0} | dict(months)),
    )


def carry(
    connection: sqlite3.Connection, others: Totals, windows: Windows, now: float
) -> None:
    """
    Book what these totals have and the ledger has not.

    Raises:
        LedgerUnusable: They are of days that are still to come.
    """
    _refuse_future(others, windows)
    connection.execute(
        "UPDATE opening SET opened_at = min(opened_at, ?)", (others.since,)
    )
    for day in sorted(others.days, reverse=True):
        lacks = others.days[day] - _spent(connection, "day", day)
        _book(connection, day, _month_of(day), lacks, now)
    for month in sorted(others.months, reverse=True):
        lacks = others.months[month] - _spent(connection, "month", month)
        _book(connection, _first_day_of(month) - _BEFORE, month, lacks, now)


def _refuse_future(others: Totals, windows: Windows) -> None:
    latest = max(others.days, default=0)
    if latest > windows.day + AHEAD:
        raise LedgerUnusable(
            f"the lease has money spent on {date_of(latest)}, and the clock says "
            f"{date_of(windows.day)}: set the clock right, or, if that of the other "
            "instance was wrong, delete the lease"
        )


def _spent(connection: sqlite3.Connection, window: str, label: int) -> int:
    """Return what counts in a day, or in a month."""
    (found,) = connection.execute(
        f"SELECT coalesce(sum(amount), 0) FROM sums WHERE {window} >= ?",  # noqa: S608 -- one of two words
        (label,),
    ).fetchone()
    return int(found)


def _book(
    connection: sqlite3.Connection, day: int, month: int, amount: int, now: float
) -> None:
    """Write an entry of so many picodollars, if there are any."""
    if amount <= 0:
        return
    if amount > MOST:
        raise LedgerUnusable(
            "the lease says that more was spent than anybody could: look at its "
            "annotation, and delete the lease if that is damaged"
        )
    key = (ELSEWHERE.target, ELSEWHERE.surface, ELSEWHERE.probe, ELSEWHERE.model)
    connection.execute(
        """
        INSERT INTO entries (entry, target, surface, probe, model, reserved_at,
            day, month, asked, worst, settled, amount)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)
        """,
        (secrets.randbits(62), *key, now, day, month, amount, amount, amount),
    )


def _month_of(day: int) -> int:
    return Windows.at(day * 86_400).month


def _first_day_of(month: int) -> int:
    year, number = divmod(month, 12)
    moment = datetime(year, number + 1, 1, tzinfo=UTC)
    return moment.toordinal() - _EPOCH
