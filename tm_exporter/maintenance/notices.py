"""
The windows that were begun by hand: one small JSON file beside the ledger.

Commands write it and the daemon reads it, each in its own time: neither needs the
other to run.
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import AwareDatetime, ConfigDict, Field, ValidationError

from tm_exporter.maintenance.window import OpenWindow
from tm_exporter.memory import replace
from tm_exporter.section import Section


FILE = "maintenance.json"

_MOST_BYTES = 2**20
_MODE = 0o644  # a command of root's is for a daemon that is not root


class NoticesUnusable(Exception):  # noqa: N818 -- a state of the file
    """The file cannot be read or written; the text is a sentence for people."""


class Notice(Section):
    """A window that was begun by hand; what a newer exporter adds is left out."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1, max_length=100)
    """What it is ended by."""

    who: str = Field(max_length=200)
    """Whoever began it."""

    why: str = Field(max_length=1000)
    """The reason, for people."""

    targets: tuple[str, ...] = ()
    """Names of targets; all of them where there are none."""

    models: tuple[str, ...] = ()
    """Names of models; all of them where there are none."""

    since: AwareDatetime
    """When it began."""

    until: AwareDatetime
    """When it ends."""

    @property
    def window(self) -> OpenWindow:
        """The same as the daemon has them all."""
        return OpenWindow(
            name=self.name,
            origin="command",
            who=self.who,
            why=self.why,
            targets=self.targets,
            models=self.models,
            since=self.since.astimezone(UTC),
            until=self.until.astimezone(UTC),
        )


class _Document(Section):
    """What the file holds; `version` is raised only for what may not be left out."""

    model_config = ConfigDict(extra="ignore")

    version: Literal[1] = 1
    windows: tuple[Notice, ...] = ()


class Stamp(NamedTuple):
    """Tells one content of the file from another."""

    changed: int
    inode: int
    size: int


class Notices:
    """
    Reads and changes the file. It blocks, and is for one thread at a time.

    One that is over is no notice any more, and goes with the next change.

    Args:
        directory: Of the state; made with the first notice.
        now: The time, with a zone.
    """

    def __init__(
        self,
        directory: Path,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.path = directory / FILE
        self._now = now

    def stamp(self) -> Stamp | None:
        """
        Return what differs after each change, None where there is no file.

        Raises:
            NoticesUnusable: Nobody may look.
        """
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._unusable(error) from error
        return Stamp(found.st_mtime_ns, found.st_ino, found.st_size)

    def read(self) -> tuple[Notice, ...]:
        """
        Return the notices that are not over, the oldest first.

        Raises:
            NoticesUnusable: The file cannot be read, or is none of ours.
        """
        now = self._now()
        return tuple(notice for notice in self._all() if now < notice.until)

    def begin(self, notice: Notice) -> None:
        """
        Add a notice; it is on the disk when this returns.

        Raises:
            NoticesUnusable: It is not, and the file is as it was.
        """
        with self._alone():
            self._write((*self.read(), notice))

    def end(self, names: Sequence[str]) -> None:
        """
        Drop notices by their names, whether they are there or not.

        Raises:
            NoticesUnusable: The file is as it was.
        """
        if self.stamp() is None:
            return
        with self._alone():
            self._write([each for each in self.read() if each.name not in names])

    def free_name(self) -> str:
        """
        Return a name that no notice has.

        Raises:
            NoticesUnusable: Nobody knows which they have.
        """
        taken = {notice.name for notice in self.read()}
        while (name := secrets.token_hex(3)) in taken:
            pass
        return name

    def _all(self) -> tuple[Notice, ...]:
        try:
            with self.path.open("rb") as file:
                content = file.read(_MOST_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise self._unusable(error) from error
        with contextlib.suppress(ValidationError):
            if len(content) <= _MOST_BYTES:
                return _Document.model_validate_json(content).windows
        raise NoticesUnusable(
            f"{self.path} is not what this version of tm-exporter writes: move it away"
        )

    def _write(self, notices: Sequence[Notice]) -> None:
        """Have the file hold these, or what it held before."""
        document = _Document(windows=tuple(notices))
        content = document.model_dump_json(indent=2).encode() + b"\n"
        if len(content) > _MOST_BYTES:
            raise NoticesUnusable(f"{self.path} would become too large: end some")
        replace(self.path, content, mode=_MODE)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Let no other command change the file meanwhile."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(directory, fcntl.LOCK_EX)
                yield
            finally:
                os.close(directory)  # and so is the lock
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> NoticesUnusable:
        return NoticesUnusable(f"{self.path}: {error.strerror or error}")
