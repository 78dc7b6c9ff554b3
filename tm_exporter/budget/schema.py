"""
The tables of the ledger, and how older ones become the newest.

A migration that was released is never changed; a change is one more at the end.
Whole numbers are picodollars, days and months are numbered as `windows` does.
"""

APPLICATION = 0x746D6C67
"""What marks a SQLite file as a ledger of ours: `tmlg`."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # One row: when the ledger was made, the latest time by which something was
        # booked, and the one by which it was looked at.
        """
        CREATE TABLE opening (
            opened_at INTEGER NOT NULL CHECK (typeof(opened_at) = 'integer'),
            latest REAL NOT NULL CHECK (latest >= opened_at - 1),
            seen_at REAL NOT NULL
        )
        """,
        # Day and month are the last ones in which the service may charge the run.
        # `amount` is what counts: the worst case until the cost is known.
        """
        CREATE TABLE entries (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            entry INTEGER NOT NULL UNIQUE,
            target TEXT NOT NULL,
            surface TEXT NOT NULL,
            probe TEXT NOT NULL,
            model TEXT NOT NULL,
            reserved_at REAL NOT NULL,
            day INTEGER NOT NULL CHECK (typeof(day) = 'integer'),
            month INTEGER NOT NULL CHECK (typeof(month) = 'integer'),
            asked INTEGER NOT NULL CHECK (asked IN (0, 1)),
            worst INTEGER NOT NULL CHECK (typeof(worst) = 'integer' AND worst >= 0),
            settled INTEGER CHECK (settled IS NULL OR settled >= 0),
            amount INTEGER NOT NULL CHECK (amount = coalesce(settled, worst))
        )
        """,
        "CREATE INDEX by_window ON entries (month, day, asked, amount)",
        """
        CREATE INDEX by_key
        ON entries (target, surface, probe, model, number, settled, reserved_at)
        """,
    ),
)
"""The statements that lead from each version to the next; the first makes all."""
