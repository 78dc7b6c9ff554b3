"""
The statements that read and write the ledger's tables, each within a transaction.

An entry counts in the last day and month in which the service may charge its run:
those of its settlement, and until then those of an hour after it was reserved. So
a run over midnight counts in the new day, whose money it may use, until it ends;
and when it has ended, in the day that it ended in.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from tm_exporter.budget.windows import Windows
from tm_exporter.observation import ProbeKey


_UNDER_WAY = 3600.0  # seconds; much longer than a run may last
_PLAUSIBLE = 2 * 86_400.0  # seconds by which a clock may have been ahead


@dataclass(frozen=True, slots=True)
class Sums:
    """
    What counts against day and month, in picodollars.

    Attributes:
        day: Of all entries.
        month: Likewise.
        asked_day: Of the runs asked for, which are among them.
        asked_month: Likewise.
    """

    day: int
    month: int
    asked_day: int
    asked_month: int


@dataclass(frozen=True, slots=True)
class Opening:
    """
    What the ledger says of itself.

    Attributes:
        made_in: Windows of the moment at which it was made.
        latest: Seconds since the epoch: the latest time that something was booked
            by, which a clock may be behind that was set back.
    """

    made_in: Windows
    latest: float


def opening(connection: sqlite3.Connection) -> Opening:
    """
    Return what the ledger says of itself.

    Raises:
        DatabaseError: It says nothing.
    """
    row = connection.execute("SELECT opened_at, latest FROM opening").fetchone()
    if row is None:
        raise sqlite3.DatabaseError("its table `opening` is empty")
    opened_at, latest = row
    return Opening(Windows.at(opened_at), latest)


def sums(connection: sqlite3.Connection, windows: Windows) -> Sums:
    """Return what the entries of these windows come to, and of all later ones."""
    row = connection.execute(
        """
        SELECT coalesce(sum(amount) FILTER (WHERE day >= :day), 0),
            coalesce(sum(amount), 0),
            coalesce(sum(amount) FILTER (WHERE day >= :day AND asked), 0),
            coalesce(sum(amount) FILTER (WHERE asked), 0)
        FROM sums WHERE month >= :month
        """,
        {"day": windows.day, "month": windows.month},
    ).fetchone()
    return Sums(*row)


def insert(
    connection: sqlite3.Connection,
    entry: int,
    key: ProbeKey,
    worst: int,
    now: float,
    *,
    asked: bool = False,
) -> None:
    """Write a reservation of picodollars."""
    until = Windows.at(_no_earlier(connection, now) + _UNDER_WAY)
    connection.execute(
        """
        INSERT INTO entries (entry, target, surface, probe, model, reserved_at,
            day, month, asked, worst, settled, amount)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)
        """,
        (entry, *_columns(key), now, until.day, until.month, asked, worst, worst),
    )


def is_settled(connection: sqlite3.Connection, entry: int) -> bool | None:
    """Return whether an entry's cost is known; None if there is no such entry."""
    row = connection.execute(
        "SELECT settled IS NOT NULL FROM entries WHERE entry = ?", (entry,)
    ).fetchone()
    return None if row is None else bool(row[0])


def settle(connection: sqlite3.Connection, entry: int, cost: int, now: float) -> None:
    """Write what an entry's run, which ended now, did cost in picodollars."""
    ended = Windows.at(_no_earlier(connection, now))
    connection.execute(
        """
        UPDATE entries SET settled = :cost, amount = :cost, day = :day, month = :month
        WHERE entry = :entry
        """,
        {"cost": cost, "day": ended.day, "month": ended.month, "entry": entry},
    )


def settle_higher(connection: sqlite3.Connection, entry: int, cost: int) -> None:
    """Write a cost that was learned later, if it is the larger one."""
    connection.execute(
        """
        UPDATE entries SET settled = :cost, amount = :cost
        WHERE entry = :entry AND settled < :cost
        """,
        {"cost": cost, "entry": entry},
    )


def settled(connection: sqlite3.Connection, key: ProbeKey, count: int) -> list[int]:
    """Return the last settled costs of a key in picodollars, newest first."""
    rows = connection.execute(
        """
        SELECT settled FROM entries
        WHERE target = ? AND surface = ? AND probe = ? AND model = ?
        AND settled IS NOT NULL ORDER BY number DESC LIMIT ?
        """,
        (*_columns(key), count),
    )
    return [cost for (cost,) in rows]


def last_run(connection: sqlite3.Connection) -> Mapping[ProbeKey, float]:
    """Return when each key was last reserved, in seconds since the epoch."""
    rows = connection.execute(
        """
        SELECT target, surface, probe, model, max(reserved_at)
        FROM entries GROUP BY target, surface, probe, model
        """
    )
    return {ProbeKey(*key): reserved_at for *key, reserved_at in rows}


def look(connection: sqlite3.Connection, now: float) -> None:
    """
    Write that the ledger was looked at, and so prove that it can be written.

    A clock that is set back is remembered as it was. If it was set back by days, it
    was probably wrong before; nothing was booked by it.
    """
    connection.execute(
        """
        UPDATE opening SET seen_at =
            CASE WHEN seen_at BETWEEN :now AND :limit THEN seen_at ELSE :now END
        """,
        {"now": now, "limit": now + _PLAUSIBLE},
    )


def prune(connection: sqlite3.Connection, before: int, spared: int) -> None:
    """
    Delete what is of days before one.

    Args:
        connection: To the ledger.
        before: Number of that day.
        spared: How many settled entries each key keeps, however old they are.
    """
    connection.execute(
        """
        DELETE FROM entries WHERE day < ? AND number NOT IN (
            SELECT number FROM (
                SELECT number, row_number() OVER (
                    PARTITION BY target, surface, probe, model ORDER BY number DESC
                ) AS rank
                FROM entries WHERE settled IS NOT NULL
            ) WHERE rank <= ?
        )
        """,
        (before, spared),
    )


def _no_earlier(connection: sqlite3.Connection, now: float) -> float:
    """
    Return now, or the latest time that the ledger knows if the clock is behind it.

    What is spent while the clock is set back counts in that later day too: it may
    well be the true one, and the clock will come to it again.
    """
    look(connection, now)
    connection.execute("UPDATE opening SET latest = max(latest, seen_at)")
    return opening(connection).latest


def _columns(key: ProbeKey) -> tuple[str, str, str, str]:
    return key.target, key.surface, key.probe, key.model
