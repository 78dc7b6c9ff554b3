"""
The tables of the ledger, and how older ones become the newest.

A migration that was released is never changed; a change is one more at the end.
Whole numbers are picodollars, days and months are numbered as `windows` does.

The minor release before this one can use a ledger that this one has used. So a
migration adds only what a program may ignore: a table, an index, a trigger, or a
column that has a default. What triggers keep, a program may rely on at once, since
SQLite keeps it for older ones too. Where that is not enough, the release after may
rely on what was added, and only its migration raises `reader.oldest`, which older
programs heed.
"""

APPLICATION = 0x746D6C67
"""What marks a SQLite file as a ledger of ours: `tmlg`."""

_ADD = """
    INSERT INTO sums VALUES (new.month, new.day, new.asked, new.amount)
    ON CONFLICT (month, day, asked) DO UPDATE SET amount = amount + excluded.amount;
"""
_TAKE = """
    UPDATE sums SET amount = amount - old.amount
    WHERE month = old.month AND day = old.day AND asked = old.asked;
    DELETE FROM sums
    WHERE month = old.month AND day = old.day AND asked = old.asked AND amount = 0;
"""

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
    (
        # One row once there were several shards, as `shares` writes it.
        "CREATE TABLE shares (record TEXT NOT NULL)",
    ),
    (
        # One row: the version that a program must know, lest it misunderstand.
        "CREATE TABLE reader (oldest INTEGER NOT NULL)",
        "INSERT INTO reader VALUES (2)",
    ),
    (
        # What the entries of a day come to, so that nobody adds up those of a month
        # for each run. Too large a sum is an error, and never a rounded one.
        """
        CREATE TABLE sums (
            month INTEGER NOT NULL,
            day INTEGER NOT NULL,
            asked INTEGER NOT NULL,
            amount INTEGER NOT NULL CHECK (typeof(amount) = 'integer'),
            PRIMARY KEY (month, day, asked)
        ) WITHOUT ROWID
        """,
        f"CREATE TRIGGER entry_made AFTER INSERT ON entries BEGIN {_ADD} END",
        f"""
        CREATE TRIGGER entry_changed AFTER UPDATE OF month, day, asked, amount
        ON entries BEGIN {_TAKE} {_ADD} END
        """,
        f"CREATE TRIGGER entry_deleted AFTER DELETE ON entries BEGIN {_TAKE} END",
        """
        INSERT INTO sums SELECT month, day, asked, sum(amount)
        FROM entries GROUP BY month, day, asked
        """,
    ),
)
"""The statements that lead from each version to the next; the first makes all."""
