"""What a page of metrics can be written as."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry

from tm_exporter.catalog import Family
from tm_exporter.sinks.series import Labels, Value


class Form(Protocol):
    """
    A format that Prometheus reads.

    A page is written family by family, and a family as pieces: its head once, and
    for each owner the owner's series, which are kept for the next page.
    """

    @property
    def media(self) -> str:
        """Type and subtype, in lower case."""
        ...

    @property
    def parameters(self) -> dict[str, str]:
        """What else tells it from others, such as a version."""
        ...

    @property
    def content_type(self) -> str:
        """The header of a page."""
        ...

    def series(self, family: Family, rows: Sequence[tuple[Labels, Value]]) -> bytes:
        """Return some series of a family, in the order of the rows."""
        ...

    def head(self, family: Family, pieces: Iterable[bytes], /) -> bytes:
        """Return what comes before the pieces of a family."""
        ...

    def process(self, registry: CollectorRegistry) -> bytes:
        """Return the families of a registry of prometheus_client's."""
        ...

    def end(self, remarks: Iterable[str], /) -> bytes:
        """Return what ends a page; remarks are for people, where there is a place."""
        ...
