"""
Remembered runs as few bytes.

As objects a usual run takes ten kilobytes, and there are up to forty of each probe:
more than all the rest of a process. They are hardly ever read, and much alike. So a
run is kept as the bytes that Python writes of it, compressed by their likeness to an
earlier run of the same kind: some four hundred, whose number is known exactly.
"""

import io
import pickle  # what is read was written by this process, and never left it
import zlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final, cast

from tm_exporter.catalog import FAMILIES, Family
from tm_exporter.exchange import Exchange
from tm_exporter.observation import Observation, Outcome, ProbeKey, Sample, Verdict
from tm_exporter.sinks.remembered import Run
from tm_exporter.sinks.shapes import BodyShape


LARGEST: Final = 512 * 1024
"""Bytes of a run as objects beyond which only what is short of it is packed."""

_FAST = 1  # of zlib's levels
_WINDOW = 13  # 8 KiB, in which a run and the one that it is like are found
_MEMORY = 6  # so little that each packing needs no block from the system
_KINDS = 100  # more would be forgotten probes
_FAMILIES: Final = {family.name: family for family in FAMILIES}

_Reduced = tuple[Callable[..., Any], tuple[Any, ...], Any]
"""What stands for an object: what makes it anew, of what, and with which values."""


@dataclass(frozen=True, slots=True)
class Packed:
    """
    A run as bytes.

    Attributes:
        content: Compressed.
        like: What it is like, uncompressed; shared by many.
    """

    content: bytes
    like: bytes

    def open(self) -> Run:
        """Return the run."""
        written = zlib.decompressobj(wbits=_WINDOW, zdict=self.like)
        content = written.decompress(self.content)
        return cast("Run", pickle.loads(content))  # noqa: S301 -- see the import


class Packing:
    """Packs runs, each by its likeness to the first that ended as it did."""

    def __init__(self) -> None:
        self._firsts: dict[tuple[str, bool], bytes] = {}
        self._writing = _Writing()

    def pack(self, run: Run) -> Packed:
        """Return a run as bytes; of one that is very large, only what is short."""
        seen = run.observation
        written = self._writing.of(run.thinned() if run.size > LARGEST else run)
        kind = (seen.key.probe, seen.verdict.passed)
        if kind not in self._firsts and len(self._firsts) >= _KINDS:
            self._firsts.clear()  # those that are packed have their own hold of them
        like = self._firsts.setdefault(kind, written[: 1 << _WINDOW])
        packer = zlib.compressobj(_FAST, wbits=_WINDOW, memLevel=_MEMORY, zdict=like)
        return Packed(packer.compress(written) + packer.flush(), like)


class _Writing:
    """Writes runs as Python does, families by their names; one after the other."""

    def __init__(self) -> None:
        self._content = io.BytesIO()
        self._pickler = pickle.Pickler(self._content, pickle.HIGHEST_PROTOCOL)
        self._pickler.dispatch_table = _REDUCERS

    def of(self, run: Run) -> bytes:
        """Return what is written of a run, and keep nothing of it."""
        try:
            self._pickler.dump(run)
            return self._content.getvalue()
        finally:
            self._pickler.clear_memo()  # it holds on to each object that it saw
            self._content.seek(0)
            self._content.truncate()


def _reducer(kind: type[Any]) -> Callable[[Any], _Reduced]:
    """Return what takes an object apart, in a fifth of the time that Python takes."""
    values = attrgetter(*(each.name for each in fields(kind)))
    return lambda thing: (_blank, (kind,), values(thing))


def _blank(kind: type[Any]) -> object:
    """Return an object that has no values yet."""
    return object.__new__(kind)


def _reduced(family: Family) -> _Reduced:
    """Return how to find a family again: the same one, if it is declared."""
    if _FAMILIES.get(family.name) is family:
        return _named, (family.name,), None
    return cast("_Reduced", family.__reduce_ex__(pickle.HIGHEST_PROTOCOL))


def _named(name: str) -> Family:
    return _FAMILIES[name]


_USUAL = (Run, Observation, Outcome, Verdict, ProbeKey, Sample, Exchange, BodyShape)
_REDUCERS: Final[dict[type, Callable[[Any], _Reduced]]] = {
    **{kind: _reducer(kind) for kind in _USUAL},
    Family: _reduced,
}
