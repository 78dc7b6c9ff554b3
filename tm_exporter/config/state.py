"""Where the exporter keeps what must survive a restart."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from tm_exporter.config.settings import Settings


_LOST = "no paid probe runs without a ledger, and nothing is known after a restart"


class NoStateDirectory(Exception):  # noqa: N818 -- what there is not
    """Nothing says where state is kept; the text says what could."""


def state_directory(settings: Settings, environ: Mapping[str, str]) -> Path:
    """
    Return the directory for state, which need not exist yet.

    `state_dir`; else the first of $STATE_DIRECTORY, as systemd sets it; else
    `tm-exporter` in the XDG base directory for state, which is in the home.

    Args:
        settings: The configuration in force.
        environ: All environment variables.

    Raises:
        NoStateDirectory: There is neither of them.

    Source: systemd.exec(5), `StateDirectory=`; XDG Base Directory Specification 0.8,
    by which a relative path in its variable is none.
    """
    if settings.state_dir is not None:
        return settings.state_dir
    if first := environ.get("STATE_DIRECTORY", "").split(":")[0]:
        return Path(first)
    base = Path(environ.get("XDG_STATE_HOME", ""))
    home = Path(environ.get("HOME", ""))
    if base.is_absolute():
        return base / "tm-exporter"
    if home.is_absolute():
        return home / ".local" / "state" / "tm-exporter"
    raise NoStateDirectory(
        "there is no place for state: set `state_dir`, or one of the variables "
        "STATE_DIRECTORY, XDG_STATE_HOME and HOME to an absolute path"
    )


def state_warnings(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield why nothing could be kept now, as far as that can be seen by looking."""
    try:
        directory = state_directory(settings, environ)
        there = next(path for path in (directory, *directory.parents) if path.exists())
        if not os.access(there, os.W_OK | os.X_OK):
            yield f"{there}: this user cannot write there, or it is read-only: {_LOST}"
        elif os.statvfs(there).f_bavail == 0:
            yield f"{there}: the disk is full: {_LOST}"
    except (NoStateDirectory, OSError, StopIteration):
        return  # which is said by who uses it
