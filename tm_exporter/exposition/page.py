"""Write the page of metrics, in the form that the reader asked for."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder

from tm_exporter.catalog import Family
from tm_exporter.exposition import lines
from tm_exporter.logs.printable import printable
from tm_exporter.sinks.series import Rows
from tm_exporter.wire.media import quality


log = structlog.get_logger()

VARY = "Accept, Accept-Encoding"

AT_A_TIME = 100
"""Series that are written before the loop may turn to a stream again."""

_OPENMETRICS = "application/openmetrics-text"
_FORMS = (  # the first one wins where the reader likes two as much
    (_OPENMETRICS, "1.0.0"),
    ("text/plain", "0.0.4"),
)
_END = b"# EOF\n"


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
        families: Returns what is known now.
        about_process: Whether process and interpreter are on the page.
        remarks: For people, at the end of plain text; OpenMetrics has no place.
    """

    def __init__(
        self,
        families: Callable[[], Iterable[tuple[Family, Rows]]] = lambda: (),
        *,
        about_process: bool = True,
        remarks: Sequence[str] = (),
    ) -> None:
        self._families = families
        self._remarks = remarks
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
            accept: Header of that name; decides between OpenMetrics and plain text,
                which also is what a reader gets who likes neither.
            accept_encoding: Header of that name; gzip is used where it is named.
        """
        encoder, content_type = choose_encoder(_chosen(accept))
        openmetrics = content_type.startswith(_OPENMETRICS)
        body = b"".join(
            (
                self._about_process(encoder).removesuffix(_END),
                *[part async for part in self._own(openmetrics=openmetrics)],
                _END if openmetrics else self._comments(),
            )
        )
        if quality(accept_encoding, "gzip") > 0:
            # In a thread, which zlib lets run beside the loop; at the lowest level,
            # since a higher one costs more than it saves.
            packed = await asyncio.to_thread(gzip.compress, body, 1, mtime=0)
            return Page(packed, content_type, "gzip")
        return Page(body, content_type)

    def _about_process(self, encoder: Callable[[CollectorRegistry], bytes]) -> bytes:
        """Return the lines about process and interpreter."""
        try:
            return encoder(self._process)
        except Exception:
            log.exception("series_failed", family="process")
            return b""

    def _comments(self) -> bytes:
        """Return the remarks as comments, each on a line of its own."""
        return "".join(f"# {printable(each)}\n" for each in self._remarks).encode()

    async def _own(self, *, openmetrics: bool) -> AsyncIterator[bytes]:
        """Yield the lines of all families that have a series now, some at a time."""
        texts: list[str] = []
        for text in self._texts(openmetrics=openmetrics):
            texts.append(text)
            if len(texts) == AT_A_TIME:
                # As bytes at once: one letter of another script among the labels
                # would make each of a text of megabytes four bytes long.
                yield "".join(texts).encode()
                texts.clear()
                await asyncio.sleep(0)
        yield "".join(texts).encode()

    def _texts(self, *, openmetrics: bool) -> Iterator[str]:
        """Yield the head of each family that has a series now, and its series."""
        try:
            for family, rows in self._families():
                if rows:
                    yield from _written(family, rows, openmetrics=openmetrics)
        except Exception:
            log.exception("series_failed", family="all that is left")


def _written(family: Family, rows: Rows, *, openmetrics: bool) -> Iterator[str]:
    """Yield the head of a family and its series, up to one that cannot be written."""
    try:
        yield lines.head(family, openmetrics=openmetrics)
        yield from lines.series(family, rows)
    except Exception:
        log.exception("series_failed", family=family.name)


def _chosen(accept: str) -> str:
    """Return the header that a reader of the best form would send."""
    likings = {form: quality(accept, *form) for form in _FORMS}
    name, version = max(likings, key=lambda form: likings[form])
    if not any(likings.values()):
        name, version = _FORMS[-1]
    return f"{name};version={version}"
