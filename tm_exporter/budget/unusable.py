"""Why the ledger cannot be used: a sentence that says what to do."""

import errno
import sqlite3
from pathlib import Path


class LedgerUnusable(Exception):  # noqa: N818 -- a state of the world, not of us
    """The ledger cannot be used; the text says what is wrong, where and what to do."""


DAMAGED = (
    "is damaged: move it away, or put a copy back; "
    "a new one begins with the unexpired share of day and month"
)
REPLACED = "was replaced while it was in use: the next run takes the new one"
_ADVICE = {
    sqlite3.SQLITE_BUSY: (
        "is locked by another program: end what holds it (fuser shows what)"
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened: let this user read and write it and its directory"
    ),
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_FULL: "cannot grow, since the disk is full: make room",
    sqlite3.SQLITE_IOERR: (
        "cannot be read or written: see to the disk, its quota and its mount"
    ),
    sqlite3.SQLITE_NOTADB: (
        "is no SQLite database: move it away; "
        "a new one begins with the unexpired share of day and month"
    ),
    sqlite3.SQLITE_READONLY: (
        "is read-only: let this user write to it and its directory, "
        "on a file system that is mounted for writing"
    ),
}
_ADVICE[sqlite3.SQLITE_LOCKED] = _ADVICE[sqlite3.SQLITE_BUSY]
_ADVICE[sqlite3.SQLITE_PERM] = _ADVICE[sqlite3.SQLITE_CANTOPEN]
_ADVICE[sqlite3.SQLITE_READONLY_DBMOVED] = REPLACED
_ANYTHING = "cannot be used: see to the file and its disk"
_SYSTEM_ADVICE = {
    errno.EDQUOT: "make room",
    errno.EEXIST: "move away what is in the place of a directory",
    errno.ENOSPC: "make room",
    errno.ENOTDIR: "move away what is in the place of a directory",
    errno.EROFS: "mount it for writing",
}
_PRIMARY = 0xFF  # of an extended error code


def of_sqlite(path: Path, error: sqlite3.Error) -> str:
    """Return what an error of SQLite means for the file at a path."""
    code = getattr(error, "sqlite_errorcode", 0)
    advice = _ADVICE.get(code) or _ADVICE.get(code & _PRIMARY, _ANYTHING)
    return f"{path} {advice} ({error})"


def of_system(path: Path, error: OSError) -> str:
    """Return what an error of the system means that is about a path, or none."""
    advice = _SYSTEM_ADVICE.get(error.errno or 0, "let this user write there")
    return (
        f"{error.filename or path} cannot be used: {error.strerror}; "
        f"{advice}, or set `state_dir` to another directory"
    )
