"""Where the exporter keeps what must survive a restart."""

from collections.abc import Mapping
from pathlib import Path

from tm_exporter.config.settings import Settings


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
