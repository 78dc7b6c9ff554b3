"""
What was last known, kept over a restart: one small JSON file.

It is for telling what changed while nobody looked: a version, a price, a count of
days gone by. Nothing is exported from it as if it were current, and nothing
personal and no money of the account goes in.
"""

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import structlog


log = structlog.get_logger()

FILE = "memory.json"
VERSION = 1
DELAY = 1.0
"""Seconds from a change to its being written, together with what changed since."""

_MOST_BYTES = 16 * 2**20
_CLOSING = 1.0


class Memory:
    """
    Named JSON objects that survive a restart, as far as the disk lets them.

    Without it the exporter only forgets: a file that is missing, broken, written
    by a newer exporter or not writable costs a log line and no run. A file of a
    newer exporter is never overwritten.

    All methods may be called from any thread; none waits for the disk but `close`.

    Args:
        directory: Where the file is; made when something is written. None: only
            this process remembers.
        delay: Seconds that changes are gathered for.
    """

    def __init__(self, directory: Path | None, *, delay: float = DELAY) -> None:
        self._path = None if directory is None else directory / FILE
        self._delay = delay
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._timer: threading.Timer | None = None
        self._told = False
        self._values = self._read()

    def recall(self, name: str) -> Mapping[str, Any]:
        """Return what was remembered under a name, as a copy; `{}` for nothing."""
        with self._lock:
            packed = self._values.get(name)
        return {} if packed is None else orjson.loads(packed)

    def remember(self, name: str, value: Mapping[str, Any]) -> None:
        """
        Keep a JSON object under a name, in place of what was there.

        It is on the disk within seconds; a kill before loses it.

        Raises:
            TypeError: It is no JSON; amounts go as text.
        """
        packed = orjson.dumps(value)
        with self._lock:
            if self._values.get(name) == packed:
                return
            self._values[name] = packed
            self._plan()

    def close(self) -> None:
        """Write what is not written yet, unless the disk takes longer than a second."""
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is None:
            return
        timer.cancel()
        last = threading.Thread(target=self._write, daemon=True)
        last.start()
        last.join(_CLOSING)

    def _plan(self) -> None:
        """Have a thread write soon, if none will."""
        if self._path is None or self._timer is not None:
            return
        timer = threading.Timer(self._delay, self._write)
        timer.daemon = True
        try:
            timer.start()
        except RuntimeError as error:  # no thread to be had: the next change tries
            self._tell(str(error))
        else:
            self._timer = timer

    def _read(self) -> dict[str, bytes]:
        """Return what the file has, packed by name; nothing if it cannot be used."""
        try:
            return {} if self._path is None else _unpacked(_bytes_of(self._path))
        except (OSError, ValueError) as error:
            self._tell(str(error))
            return {}

    def _write(self) -> None:
        """Put everything into the file, or say why it cannot be."""
        with self._writing:
            with self._lock:
                self._timer = None
                values = {name: orjson.Fragment(v) for name, v in self._values.items()}
            try:
                assert self._path is not None  # noqa: S101 -- for the type checker
                _refuse_newer(self._path)
                content = orjson.dumps({"version": VERSION, "values": values})
                replace(self._path, content)
            except (OSError, _NewerError) as error:
                self._tell(str(error))
            else:
                self._told = False

    def _tell(self, detail: str) -> None:
        """Log that there is no memory, once until there is."""
        if not self._told:
            self._told = True
            log.warning("memory_unusable", path=str(self._path), detail=detail)


class _NewerError(ValueError):
    """The file is of a version that this exporter does not know."""


def _bytes_of(path: Path) -> bytes:
    """Return what is in the file; nothing where there is none."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return b""
    if len(content) > _MOST_BYTES:
        raise ValueError("the file is too large to be a memory")
    return content


def _unpacked(content: bytes) -> dict[str, bytes]:
    """
    Return the values by name, packed.

    Raises:
        ValueError: The content is not what this version writes.
    """
    if not content:
        return {}
    document = orjson.loads(content)
    version = document.get("version") if isinstance(document, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise _newer(version)
    if version != VERSION or not isinstance(document.get("values"), dict):
        raise ValueError("the file is not a memory of this program")
    values = document["values"].items()
    try:
        return {name: orjson.dumps(v) for name, v in values if isinstance(v, dict)}
    except TypeError as error:  # it reads what is deeper than what it writes
        raise ValueError(str(error)) from None


def _refuse_newer(path: Path) -> None:
    """Raise if another, newer exporter wrote the file, at the start or since."""
    try:
        _unpacked(_bytes_of(path))
    except _NewerError:
        raise
    except ValueError:
        return  # broken: what is written now is better


def _newer(version: int) -> _NewerError:
    return _NewerError(
        f"the file has version {version}, and this exporter writes {VERSION}: "
        "it is left alone, and what changes is forgotten at the end"
    )


def replace(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """
    Have a file hold this content or what it held before, whatever happens.

    Raises:
        OSError: It holds what it held before.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(new, flags, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
