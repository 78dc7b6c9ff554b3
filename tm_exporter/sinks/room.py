"""
Room for series whose labels a service names: models, deployments, metrics and so on.

How many there are and how long their names, is for the service to say, and what we
keep of it is not. So each target has a little for sure, and all share the rest: one
that names very many takes nothing from another's own.
"""

from collections import Counter
from collections.abc import Collection
from sys import getsizeof
from typing import Final, Protocol
from weakref import WeakSet

from tm_exporter.observation import Sample
from tm_exporter.sinks.labels import MAX_LENGTH


SURE: Final = 64 * 1024
"""Bytes that each target may take, whatever others do."""

SHARED: Final = 3 * 1024 * 1024
"""Bytes that all targets may take besides."""

_SERIES = 300  # bytes of a series without its own label values
_LONGEST = 4 * MAX_LENGTH + 76  # bytes of the longest label value


class Tenant(Protocol):
    """Something that takes room."""

    @property
    def target(self) -> str:
        """Whose it is."""
        ...

    @property
    def taken(self) -> int:
        """Bytes that it takes."""
        ...


class Room:
    """
    Counts what those who live take; who is gone has left.

    Args:
        sure: Of each target.
        shared: Of all.
    """

    def __init__(self, sure: int = SURE, shared: int = SHARED) -> None:
        self._sure = sure
        self._shared = shared
        self._tenants: WeakSet[Tenant] = WeakSet()

    def let_in(self, tenant: Tenant) -> None:
        """Count what it takes from now on."""
        self._tenants.add(tenant)

    def left(self, target: str, leaving: Collection[Tenant] = ()) -> int:
        """
        Return how many bytes a target may still take.

        Args:
            target: Its name.
            leaving: Who is about to go.
        """
        taken: Counter[str] = Counter()
        for tenant in self._tenants:
            if not any(tenant is each for each in leaving):
                taken[tenant.target] += tenant.taken
        over = sum(max(0, size - self._sure) for size in taken.values())
        return max(0, self._sure - taken[target]) + max(0, self._shared - over)


def size_of(sample: Sample) -> int:
    """Return the bytes that a sample's series takes, about; 0 for one of our own."""
    if not sample.labels or not sample.family.names_are_foreign:
        return 0
    return _SERIES + sum(min(_LONGEST, getsizeof(text)) for text in sample.labels)
