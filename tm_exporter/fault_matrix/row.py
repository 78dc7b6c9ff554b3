"""What a row of the matrix is, and short ways to write rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tm_exporter.observation import Reason


Sort = Literal["health", "free", "whole", "streamed", "account"]

SORTS: Mapping[Sort, tuple[str, ...]] = {
    "health": ("health",),
    "free": ("models", "version", "tokenize"),
    "whole": ("chat", "completions", "responses"),
    "streamed": ("chat_stream", "completions_stream", "responses_stream", "kv_cache"),
    "account": (
        *("balance", "auth", "deployments", "metrics", "spending", "usage"),
        *("pricing", "transactions", "api_keys", "payment_methods", "activities"),
        "tickets",
    ),
}
"""The kinds of each sort; the first stands for the others where one is enough."""

INFERENCE: tuple[Sort, ...] = ("health", "free", "whole", "streamed")


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """
    One fault, and what is made of it.

    Attributes:
        name: By which the tests know it.
        happens: What happens, for people.
        verdicts: The reason by sort of probe, None where the run passes; a sort that
            cannot meet it is left out.
        only: The kinds that can meet it, where it is not all of those sorts.
    """

    name: str
    happens: str
    verdicts: Mapping[Sort, Reason | None]
    only: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[tuple[Sort, str], ...]:
        """The kinds that can meet it, each with its sort."""
        return tuple(
            (sort, kind)
            for sort in self.verdicts
            for kind in SORTS[sort]
            if not self.only or kind in self.only
        )


def alike(reason: Reason | None, faults: Mapping[str, str]) -> Iterator[InjectedFault]:
    """Yield faults that come to the same whoever meets them."""
    verdicts: dict[Sort, Reason | None] = dict.fromkeys(SORTS, reason)
    for name, happens in faults.items():
        yield InjectedFault(name, happens, verdicts)


def cut(
    whole: Reason, streamed: Reason, faults: Mapping[str, str]
) -> Iterator[InjectedFault]:
    """Yield faults that a stream which has begun meets otherwise."""
    verdicts: dict[Sort, Reason | None] = dict.fromkeys(SORTS, whole)
    verdicts["streamed"] = streamed
    for name, happens in faults.items():
        yield InjectedFault(name, happens, verdicts)


def read(
    whole: Reason, streamed: Reason | None, faults: Mapping[str, str]
) -> Iterator[InjectedFault]:
    """Yield faults that only who reads the body meets: `/health` passes."""
    verdicts: dict[Sort, Reason | None] = dict.fromkeys(SORTS, whole)
    verdicts |= {"health": None, "streamed": streamed}
    for name, happens in faults.items():
        yield InjectedFault(name, happens, verdicts)


def of(
    sorts: tuple[Sort, ...],
    reason: Reason | None,
    faults: Mapping[str, str],
    only: tuple[str, ...] = (),
) -> Iterator[InjectedFault]:
    """Yield faults that only some sorts of probes can meet."""
    for name, happens in faults.items():
        yield InjectedFault(name, happens, dict.fromkeys(sorts, reason), only)
