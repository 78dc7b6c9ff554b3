"""What earlier versions left in their state directories, as it is kept here."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from tm_exporter.budget.ledger import NAME
from tm_exporter.budget.windows import DAY, Windows


HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"

SERVICE = "http://service.example"
"""Stands for the address of the service that was watched."""


def left_behind() -> list[Path]:
    """Return the folder of each version, the oldest first."""
    return sorted(GOLDEN.glob("state-*"))


def unpack(golden: Path, directory: Path, service: str = SERVICE) -> None:
    """Make a state directory as a version left it."""
    directory.mkdir(mode=0o700)
    with closing(sqlite3.connect(directory / NAME)) as database:
        database.executescript((golden / "ledger.sql").read_text())
    for name in ("memory.json", "maintenance.json"):
        text = (golden / name).read_text().replace(SERVICE, service)
        (directory / name).write_text(text)


def rebase(directory: Path) -> None:
    """Let what a ledger says have been booked just now, for a daemon of today."""
    now = time.time()
    windows = Windows.at(now)
    with closing(sqlite3.connect(directory / NAME)) as database, database:
        (latest,) = database.execute("SELECT latest FROM opening").fetchone()
        shift = now - 60 - latest
        database.execute(
            "UPDATE entries SET reserved_at = reserved_at + ?, day = ?, month = ?",
            (shift, windows.day, windows.month),
        )
        database.execute(  # a day earlier, so that there is a whole day's money
            "UPDATE opening SET opened_at = ?, latest = ?, seen_at = ?",
            (int(now) - 40 * DAY, now - 60, now - 60),
        )
