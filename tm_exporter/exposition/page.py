"""
Write the page of metrics, in the form that the reader asked for.

Probes time their answers on the same loop, so a page must not keep it: `writing` writes
it a little at a time, and only what has changed since the last page. What is left here
is to put the pieces together, and to compress them, which happens in a thread.

A page of families as they are, without anything kept: `await rendered(families)`. The
page of a daemon: `await Exposition(sink.owners).render(accept, accept_encoding)`.
"""

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
)

from tm_exporter.catalog import FAMILIES, Family, former
from tm_exporter.exposition.form import Form
from tm_exporter.exposition.negotiation import chosen
from tm_exporter.exposition.writing import Turns, Writing
from tm_exporter.sinks.series import Owner, Rows
from tm_exporter.wire.media import quality


log = structlog.get_logger()

VARY = "Accept, Accept-Encoding"

_PIECES = 500  # that are joined in one go
_GZIP = 16 + zlib.MAX_WBITS
_PLACES = {
    name: place
    for place, family in enumerate(FAMILIES)
    for name in (family.name, *(old.name for old in former(family)))
}


@dataclass(frozen=True, slots=True)
class Page:
    """
    A page of metrics, ready to be sent.

    Attributes:
        body: Compressed where `encoding` says so.
        content_type: With version and character set.
        encoding: `gzip`, or None.
    """

    body: bytes
    content_type: str
    encoding: str | None = None


class Exposition:
    """
    Renders the series of the sinks, and those of process and interpreter.

    What cannot be written, by a fault of ours, is left out and logged: a page without
    one family is worth more than none.

    Args:
        owners: Returns whose series are known now, sorted by their labels; those
            that come together tell of one moment.
        about_process: Whether process and interpreter are on the page.
        remarks: For people, at the end of plain text; other forms have no place.
        clock: Seconds, for how long the loop was kept.
    """

    def __init__(
        self,
        owners: Callable[[], Iterable[Sequence[Owner]]] = lambda: (),
        *,
        about_process: bool = True,
        remarks: Sequence[str] = (),
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._owners = owners
        self._remarks = remarks
        self._clock = clock
        self._process = CollectorRegistry()
        if not about_process:
            return
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)
        GCCollector(registry=self._process)

    async def render(self, accept: str = "", accept_encoding: str = "") -> Page:
        """
        Render the page, letting the loop turn in between.

        Args:
            accept: Header of that name; decides between protobuf, OpenMetrics and
                plain text, which also is what a reader gets who likes none of them.
            accept_encoding: Header of that name; gzip is used where it is named.
        """
        form, turns = chosen(accept), Turns(self._clock)
        chunks = [
            self._about_process(form),
            *[chunk async for chunk in self._own(form, turns)],
            form.end(self._remarks),
        ]
        await turns.next()
        if quality(accept_encoding, "gzip") > 0:
            packed = await asyncio.to_thread(_compressed, chunks)
            return Page(packed, form.content_type, "gzip")
        return Page(b"".join(chunks), form.content_type)

    def _about_process(self, form: Form) -> bytes:
        """Return the families about process and interpreter."""
        try:
            return form.process(self._process)
        except Exception:
            log.exception("series_failed", family="process")
            return b""

    async def _own(self, form: Form, turns: Turns) -> AsyncIterator[bytes]:
        """Yield all families that have a series now, in the order of the catalogue."""
        written = await Writing(form, turns).of(self._owners)
        for family in sorted(written, key=_place):
            pieces = [*filter(None, written[family])]
            if not pieces:
                continue
            yield form.head(family, pieces)
            for start in range(0, len(pieces), _PIECES):
                yield b"".join(pieces[start : start + _PIECES])
                await turns.next()


async def rendered(
    families: Iterable[tuple[Family, Rows]],
    accept: str = "",
    accept_encoding: str = "",
    *,
    remarks: Sequence[str] = (),
) -> Page:
    """Render a page of these families alone; `remarks` are for people."""
    known = _AsTheyAre(families)
    page = Exposition(lambda: [[known]], about_process=False, remarks=remarks)
    return await page.render(accept, accept_encoding)


class _AsTheyAre(Owner):
    """Families of which nothing is kept."""

    def __init__(self, families: Iterable[tuple[Family, Rows]]) -> None:
        super().__init__()
        self._families = families

    def __iter__(self) -> Iterator[tuple[Family, Rows]]:
        return iter(self._families)


def _place(family: Family) -> int:
    """Return where a family stands on a page; one of no catalogue stands last."""
    return _PLACES.get(family.name, len(_PLACES))


def _compressed(chunks: Iterable[bytes]) -> bytes:
    """
    Return a page compressed, at the lowest level: a higher one costs more than helps.

    For a thread: zlib lets others run beside it, so nothing is done to the page first.
    """
    packer = zlib.compressobj(level=1, wbits=_GZIP)
    packed = [packer.compress(chunk) for chunk in chunks]
    return b"".join((*packed, packer.flush()))
