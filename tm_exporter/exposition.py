"""Write the page of metrics, in the form that the reader asked for."""

import asyncio
import gzip
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder

from tm_exporter import lines
from tm_exporter.catalog import Family
from tm_exporter.media import quality
from tm_exporter.sinks.series import Rows


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

    Args:
        families: Returns what is known now.
    """

    def __init__(
        self, families: Callable[[], Iterable[tuple[Family, Rows]]] = lambda: ()
    ) -> None:
        self._families = families
        self._process = CollectorRegistry()
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
        process = encoder(self._process).removesuffix(_END)
        own = await self._own(openmetrics=openmetrics)
        body = process + own + (_END if openmetrics else b"")
        if quality(accept_encoding, "gzip") > 0:
            # In a thread, which zlib lets run beside the loop; at the lowest level,
            # since a higher one costs more than it saves.
            packed = await asyncio.to_thread(gzip.compress, body, 1, mtime=0)
            return Page(packed, content_type, "gzip")
        return Page(body, content_type)

    async def _own(self, *, openmetrics: bool) -> bytes:
        """Return the lines of all families that have a series now."""
        parts: list[str] = []
        for family, rows in self._families():
            if not rows:
                continue
            parts.append(lines.head(family, openmetrics=openmetrics))
            for text in lines.series(family, rows):
                parts.append(text)
                if not len(parts) % AT_A_TIME:
                    await asyncio.sleep(0)
        return "".join(parts).encode()


def _chosen(accept: str) -> str:
    """Return the header that a reader of the best form would send."""
    likings = {form: quality(accept, *form) for form in _FORMS}
    name, version = max(likings, key=lambda form: likings[form])
    if not any(likings.values()):
        name, version = _FORMS[-1]
    return f"{name};version={version}"
