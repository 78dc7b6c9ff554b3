"""Keep series that are put together for each page out of what others know."""

from collections.abc import Iterable, Iterator, Mapping

from tm_exporter.catalog import Family
from tm_exporter.sinks.series import Owner, Rows


class Told(Owner):
    """Series as they were told last; those that are told alike are not written anew."""

    __slots__ = ("_rows", "_sources")

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[Family, Rows] = {}
        self._sources: list[Owner] = []

    def __iter__(self) -> Iterator[tuple[Family, Rows]]:
        return iter(self._rows.items())

    def still_has(self, family: Family, rows: Rows, /) -> bool:
        """Whether these series were told last; they never change."""
        return self._rows.get(family) is rows

    def tell(self, rows: Mapping[Family, Rows]) -> None:
        """Take the place of what was told before; the rows must not change later."""
        if rows == self._rows:
            return
        for family in [*self._written]:
            if rows.get(family) != self._rows.get(family):
                del self._written[family]
        self._rows = dict(rows)

    def merge(self, sources: list[Owner]) -> None:
        """Tell what several know; of two values of one series the last wins."""
        if sources == self._sources:
            return  # the same ones, and what a run told never changes
        self._sources = sources
        self.tell(merged(sources))


def merged(sources: Iterable[Iterable[tuple[Family, Rows]]]) -> dict[Family, Rows]:
    """Return the series of several sources, without changing what one of them has."""
    rows: dict[Family, Rows] = {}
    for source in sources:
        for family, own in source:
            rows[family] = {**rows[family], **own} if family in rows else own
    return rows
