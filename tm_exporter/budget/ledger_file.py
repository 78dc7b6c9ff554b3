"""
The SQLite file of the ledger: opened when needed, checked, never repaired.

With SQLite's rollback journal, a ledger at rest is one file, which may be moved
away or put back while the exporter runs; and a commit has reached the disk, name
of the journal included, when it returns (see docs/adr/0006).
"""

import contextlib
import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from math import ceil, inf
from pathlib import Path

from tm_exporter.budget.schema import APPLICATION, MIGRATIONS
from tm_exporter.budget.unusable import (
    DAMAGED,
    REPLACED,
    LedgerUnusable,
    of_sqlite,
    of_system,
)


_CACHE_KIB = 256  # of its pages, which is an eighth of what SQLite takes otherwise
_MAKING = threading.Lock()

_Identity = tuple[int, int]


class LedgerFile:
    """
    Transactions on the ledger's file.

    After any failure the file is let go of, and the next transaction opens it
    again: it works by itself once the cause is gone.

    Args:
        path: Of the file; it and its directory are made if they are missing.
        now: Seconds since the epoch, for the opening of a ledger that is made.
        patience: Seconds to wait for another process that writes.
        made: Told the connection on which a ledger was made, before that is durable.
    """

    def __init__(
        self,
        path: Path,
        now: Callable[[], float],
        *,
        patience: float,
        made: Callable[[sqlite3.Connection], None] = lambda _: None,
    ) -> None:
        self._path = path
        self._now = now
        self._made = made
        self._patience = patience
        self._connection: sqlite3.Connection | None = None
        self._identity: _Identity | None = None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """
        Yield a connection that alone may write, and commit durably.

        Raises:
            LedgerUnusable: Nothing was committed, or the file is no longer the one
                that others see; nobody may rely on what was written.
        """
        with self._said_plainly():
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            self._refuse_replaced()

    def close(self) -> None:
        """Let go of the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    @contextlib.contextmanager
    def _said_plainly(self) -> Iterator[None]:
        """Turn what goes wrong into a sentence, and let go of the file."""
        try:
            yield
        except sqlite3.Error as error:
            self.close()
            raise LedgerUnusable(of_sqlite(self._path, error)) from error
        except OSError as error:
            self.close()
            raise LedgerUnusable(of_system(self._path, error)) from error
        except LedgerUnusable:
            self.close()
            raise

    def _opened(self) -> sqlite3.Connection:
        """Return the connection to the file that is there now."""
        if self._connection is not None and self._on_disk() != self._identity:
            self.close()
        if self._connection is None:
            self._make()
            self._connection = self._open()
        return self._connection

    def _on_disk(self) -> _Identity | None:
        """Return which file has the ledger's name; None if there is none."""
        try:
            found = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(found.st_mode):
            raise LedgerUnusable(f"{self._path} is not a file: move it away")
        return found.st_dev, found.st_ino

    def _make(self) -> None:
        """
        Make an empty file if there is none, which only its owner may read.

        SQLite gives the journal the same mode. The lock is for other ledgers of
        this process: to close a file lets go of all locks the process has on it.
        """
        with _MAKING:
            if self._on_disk() is not None:
                return
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
                os.close(os.open(self._path, flags, 0o600))

    def _open(self) -> sqlite3.Connection:
        """Connect, and make sure that it is a sound ledger that we understand."""
        self._identity = self._on_disk()
        connection = sqlite3.connect(
            self._path.absolute().as_uri() + "?mode=rw",
            uri=True,
            timeout=self._patience,
            isolation_level=None,  # transactions are begun and ended here
            check_same_thread=False,
        )
        try:
            # EXTRA: else a power cut may bring back the journal, which undoes.
            connection.execute("PRAGMA synchronous = EXTRA")
            # What the system keeps of the file need not be kept a second time here.
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._refuse_damaged(connection)
            self._bring_up_to_date(connection)
            self._refuse_wrong_sums(connection)
            self._refuse_replaced()
        except BaseException:
            connection.close()
            raise
        return connection

    def _refuse_replaced(self) -> None:
        """Raise LedgerUnusable if others see another file by now."""
        if self._on_disk() != self._identity:
            raise LedgerUnusable(f"{self._path} {REPLACED}")

    def _refuse_damaged(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = DELETE")
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise LedgerUnusable(f"{self._path} {DAMAGED} ({found})")

    def _refuse_wrong_sums(self, connection: sqlite3.Connection) -> None:
        """Raise LedgerUnusable if sums are not those of the entries."""
        wrong = connection.execute(
            """
            SELECT 1 FROM (
                SELECT month, day, asked, amount FROM sums
                UNION ALL
                SELECT month, day, asked, -sum(amount) FROM entries
                GROUP BY month, day, asked
            )
            GROUP BY month, day, asked HAVING sum(amount) != 0
            LIMIT 1
            """
        ).fetchone()
        if wrong is not None:
            raise LedgerUnusable(f"{self._path} {DAMAGED} (its sums are wrong)")

    def _bring_up_to_date(self, connection: sqlite3.Connection) -> None:
        """Make the tables, or migrate them; refuse what is not ours or newer."""
        connection.execute("BEGIN IMMEDIATE")
        version = self._version(connection)
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        if version == 0:
            now = self._now()
            opening = "INSERT INTO opening VALUES (?, ?, ?)"
            connection.execute(opening, (ceil(now), now, now))
            self._made(connection)
        if version < len(MIGRATIONS):
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")

    def _version(self, connection: sqlite3.Connection) -> int:
        """Return the version of the schema; 0 for a file that is still empty."""
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        if tables == version == application == 0:
            return 0
        if application != APPLICATION or version < 1:
            raise LedgerUnusable(
                f"{self._path} is a database of another program: move it away, "
                "or set `state_dir` to a directory of our own"
            )
        if version > len(MIGRATIONS) and _needs(connection) > len(MIGRATIONS):
            raise LedgerUnusable(
                f"{self._path} was written by a newer version of tm-exporter "
                f"(schema {version}; this one knows {len(MIGRATIONS)}): "
                "update tm-exporter, or move the file away"
            )
        return int(version)


def _needs(connection: sqlite3.Connection) -> float:
    """Return the version of the schema that a program must know to use a ledger."""
    with contextlib.suppress(sqlite3.OperationalError):  # there is no such table
        (oldest,) = connection.execute("SELECT max(oldest) FROM reader").fetchone()
        return inf if oldest is None else int(oldest)
    return inf
