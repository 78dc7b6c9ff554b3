"""Pages of many series, against prometheus_client with the very same series."""

from collections.abc import Iterator
from functools import partial

from benchmarks.case import Case, Length, told_by
from benchmarks.parts import Parts


REPEATED_SERIES = 40_000
"""Series that each figure is the middle of: small pages are written more often."""


def cases(parts: Parts, length: Length) -> Iterator[Case]:  # noqa: ARG001 -- as all
    """Yield what is measured of scrapes."""
    for series in length.series:
        repeats = max(3, min(15, REPEATED_SERIES // series))
        measure = partial(told_by, "scrape_program", series, repeats)
        yield Case("scrapes", f"{series} series", measure)
