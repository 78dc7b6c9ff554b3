"""Write the page of metrics, in the form that the reader asked for."""

import gzip
from dataclasses import dataclass

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from tm_exporter.media import quality


VARY = "Accept, Accept-Encoding"

_FORMS = (  # the first one wins where the reader likes two as much
    ("application/openmetrics-text", "1.0.0"),
    ("text/plain", "0.0.4"),
)


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


def registry(*collectors: Collector) -> CollectorRegistry:
    """
    Return a registry of our own with these collectors.

    The collectors for process, interpreter and garbage collection come besides.

    Raises:
        ValueError: Two collectors have a family of the same name.
    """
    result = CollectorRegistry(auto_describe=True)
    ProcessCollector(registry=result)
    PlatformCollector(registry=result)
    GCCollector(registry=result)
    for collector in collectors:
        result.register(collector)
    return result


def render(
    registry: CollectorRegistry, accept: str = "", accept_encoding: str = ""
) -> Page:
    """
    Render all that the registry collects.

    Args:
        registry: What to render.
        accept: Header of that name; decides between OpenMetrics and plain text,
            which also is what a reader gets who likes neither.
        accept_encoding: Header of that name; gzip is used where it is named.
    """
    encoder, content_type = choose_encoder(_chosen(accept))
    body = encoder(registry)
    if quality(accept_encoding, "gzip") > 0:
        # The lowest level: a higher one costs the event loop more than it saves.
        return Page(gzip.compress(body, 1, mtime=0), content_type, "gzip")
    return Page(body, content_type)


def _chosen(accept: str) -> str:
    """Return the header that a reader of the best form would send."""
    likings = {form: quality(accept, *form) for form in _FORMS}
    name, version = max(likings, key=lambda form: likings[form])
    if not any(likings.values()):
        name, version = _FORMS[-1]
    return f"{name};version={version}"
