"""What a metric family is declared with, and the buckets that several share."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal


Kind = Literal["counter", "gauge", "histogram"]
Scope = Literal["probe", "target", "exporter"]
Lifetime = Literal["process", "last_run", "pulled", "listed"]
Stability = Literal["experimental", "stable", "deprecated"]

BASE_LABELS: dict[Scope, tuple[str, ...]] = {
    "probe": ("target", "surface", "probe", "model"),
    "target": ("target", "surface"),
    "exporter": (),
}


@dataclass(frozen=True, slots=True)
class Former:
    """
    A name that a family had before it was renamed.

    Attributes:
        name: As it was.
        gone_in: The minor release that no longer has it, such as `0.4`: the one after
            that which renamed it.
    """

    name: str
    gone_in: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family:
    """
    The declaration of one metric family.

    Attributes:
        name: Full name, ending in its unit and, for a counter, in `_total`.
        help: One sentence: what is measured, from which event to which.
        kind: Prometheus type.
        scope: Whom a series is about; decides the labels that come first.
        labels: Label names after those of the scope.
        source: Where the number comes from: a clock, a header, a route's field.
        lifetime: `process` is kept while its owner is configured; `last_run` is
            absent once no run finished for three intervals; `pulled` is absent
            after max(three intervals, 15 minutes) without a success; `listed` is
            for a counter of something that comes and goes: its samples are totals,
            and it is absent as soon as a run that passed has none for it.
        buckets: Upper bounds in the unit of the name; only for a histogram.
        native: Whether a histogram has exponential buckets as well, for those who
            read protobuf. Prometheus then may leave out the classic ones, so a
            family whose alert goes by these has none.
        unbounded: Its labels are the service's to choose; understood of those that are
            pulled or listed.
        infinite: +Inf is a value of it, which means without end. Else what is not
            a finite number says nothing and is left out.
        stability: A stable family is renamed only after a deprecation.
        formerly: Names under which the page shows its series as well, so that rules
            and dashboards have a release's time to follow a rename.
    """

    name: str
    help: str
    kind: Kind
    source: str
    scope: Scope = "probe"
    labels: tuple[str, ...] = ()
    lifetime: Lifetime = "process"
    buckets: tuple[float, ...] = ()
    native: bool = False
    unbounded: bool = False
    infinite: bool = False
    stability: Stability = "experimental"
    formerly: tuple[Former, ...] = ()

    @property
    def label_names(self) -> tuple[str, ...]:
        """All label names, those of the scope first."""
        return BASE_LABELS[self.scope] + self.labels

    @property
    def names_are_foreign(self) -> bool:
        """Whether a service decides how many series it has, and how they are named."""
        return self.unbounded or self.lifetime in ("pulled", "listed")


@cache
def former(family: Family) -> tuple[Family, ...]:
    """Return a renamed family under each of its old names."""
    return tuple(
        replace(
            family,
            name=old.name,
            help=f"Old name of {family.name}, gone in {old.gone_in}.",
            stability="deprecated",
            formerly=(),
        )
        for old in family.formerly
    )


TTFT_BUCKETS = (
    *(0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5),
    *(2.5, 4.0, 6.0, 10.0, 15.0, 30.0, 60.0),
)
DURATION_BUCKETS = (
    *(0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
    *(5.0, 10.0, 20.0, 30.0, 60.0, 120.0),
)
GAP_BUCKETS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.5)
LAG_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
