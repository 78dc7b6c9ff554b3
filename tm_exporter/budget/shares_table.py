"""The record of shares in the ledger's file, read and written within a transaction."""

import sqlite3

from tm_exporter.budget.shares import Shares, SharesUnreadable


def read(connection: sqlite3.Connection) -> Shares | None:
    """
    Return the record, None where there never was more than one shard.

    Raises:
        DatabaseError: It cannot be understood.
    """
    row = connection.execute("SELECT record FROM shares").fetchone()
    try:
        return None if row is None else Shares.read(row[0])
    except SharesUnreadable as error:
        raise sqlite3.DatabaseError(str(error)) from None


def write(connection: sqlite3.Connection, shares: Shares) -> None:
    """Replace the record, or make it."""
    connection.execute("DELETE FROM shares")
    connection.execute("INSERT INTO shares VALUES (?)", (shares.text(),))


def looked_at(connection: sqlite3.Connection, total: int, now: float) -> Shares | None:
    """
    Return what the record says when the ledger is looked at; nothing is written.

    Args:
        connection: To the ledger.
        total: Number of shards by the configuration.
        now: Seconds since the epoch.

    Returns:
        None where there is one shard, and never were more.
    """
    known = read(connection)
    if known is None:
        if total == 1:
            return None
        row = connection.execute("SELECT opened_at, seen_at FROM opening").fetchone()
        known = Shares.of_one(*row)
    return known.looked_at(total, now)
