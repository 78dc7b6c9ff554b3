"""Targets that read files which people write: configuration, in all its forms."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from tm_exporter.config.load import load
from tm_exporter.config.masking import masked
from tm_exporter.config.origin import ConfigurationError, Problem
from tm_exporter.config.report import describe, render_json, render_text
from tm_exporter.config.running import running
from tm_exporter.config.web_load import load_web, web_warnings
from tm_exporter.maintenance.notices import FILE, Notices, NoticesUnusable


MOST_TARGETS = 20
"""Targets whose report is looked at: that of thousands takes its time."""


def read_configuration(data: bytes) -> None:
    """The file of `--config`; what can be loaded can be shown, too."""
    with _written(data, "exporter.yml") as path, _complaining():
        loaded = load(file=path, environ={})
        assert masked(loaded.settings)
        if len(loaded.settings.targets) <= MOST_TARGETS:
            running(loaded.settings)
            report = describe(loaded)
            assert render_text(report)
            assert render_json(report)


def read_environment(data: bytes) -> None:
    """Environment variables, one `NAME=value` a line."""
    rows = [row.partition("=") for row in data.decode("utf-8", "replace").split("\n")]
    environ = {
        name: value.replace("\0", "")
        for name, _, value in rows
        # Nor would a process be given files to read by what is made up here.
        if "\0" not in name
        and name not in ("TM_EXPORTER_CONFIG", "TM_CONFIG_HOME", "HOME")
    }
    with _complaining():
        assert masked(load(file=None, environ=environ).settings)


def read_vendor_file(data: bytes) -> None:
    """The `config.toml` of the vendor's own command line."""
    with _written(data, "config.toml") as path, _complaining():
        loaded = load(file=None, environ={"TM_CONFIG_HOME": str(path.parent)})
        assert masked(loaded.settings)


def read_web_configuration(data: bytes) -> None:
    """The file of `server.web_config_file`."""
    with _written(data, "web.yml") as path, _complaining():
        web = load_web(path)
        assert isinstance(list(web_warnings(path, web)), list)


def read_notices(data: bytes) -> None:
    """The file in which maintenance windows that were begun by hand are kept."""
    with _written(data, FILE) as path, suppress(NoticesUnusable):
        found = Notices(path.parent, lambda: datetime(2026, 11, 22, tzinfo=UTC)).read()
        assert all(notice.until.tzinfo for notice in found)


@cache
def _folder() -> Path:
    """Return a folder of this process, in memory where there is such a place."""
    shared = Path("/dev/shm")  # noqa: S108 -- a folder of its own is made there
    place = shared if os.access(shared, os.W_OK) else None
    folder = tempfile.TemporaryDirectory(prefix="fuzz-", dir=place)
    _kept.append(folder)
    return Path(folder.name)


_kept: list[tempfile.TemporaryDirectory[str]] = []


@contextmanager
def _written(data: bytes, name: str) -> Iterator[Path]:
    """Yield a file with these bytes."""
    path = _folder() / name
    path.write_bytes(data)
    path.chmod(0o600)
    try:
        yield path
    finally:
        path.unlink()


@contextmanager
def _complaining() -> Iterator[None]:
    """Take complaints for an answer, if they can be read."""
    problems: tuple[Problem, ...] = ()
    try:
        yield
    except ConfigurationError as error:
        problems = error.problems
        assert problems, "it does not say what is wrong"
    for problem in problems:
        assert str(problem).encode("utf-8", "surrogateescape")
