"""Keep the intervals of paid probes such that the money lasts."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal

import structlog

from tm_exporter.budget.costs import Costs
from tm_exporter.budget.ledger import Left
from tm_exporter.budget.pacing import (
    Paid,
    Rank,
    Until,
    lacking,
    paces,
    rank_of,
    ranked,
    wanted_above,
)
from tm_exporter.observation import Probe, ProbeKey


log = structlog.get_logger()

RUNS = 20
"""Settled runs whose mean is what the next one is planned at."""


class Pacer:
    """
    Knows what paid probes cost, and how often the money lets each of them run.

    Args:
        probes: Returns what is scheduled now.
        costs: What runs cost.
        set_interval: Told the seconds between slots that are in force from now on.
        now: Seconds since the epoch.

    Attributes:
        paces: By how much the intervals are stretched, by rank.
        lacking: The ranks that there is nothing left for.
    """

    def __init__(
        self,
        probes: Callable[[], Iterable[Probe]],
        costs: Costs,
        set_interval: Callable[[ProbeKey, float], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self.paces: dict[str, float] = {}
        self.lacking: frozenset[str] = frozenset()
        self._probes = probes
        self._costs = costs
        self._set_interval = set_interval
        self._now = now
        self._settled: dict[ProbeKey, list[Decimal]] = {}
        self._learned: set[ProbeKey] = set()
        self._ranks: tuple[Rank, ...] = ()

    @property
    def paid(self) -> list[Probe]:
        """The paid ones of what is scheduled now."""
        return [probe for probe in self._probes() if probe.section.paid]

    @property
    def unknown(self) -> list[ProbeKey]:
        """Those of them whose earlier runs were not learned of."""
        return [each.key for each in self.paid if each.key not in self._learned]

    @property
    def stretched(self) -> dict[str, float]:
        """By how much the money stretches intervals, by the names of probes."""
        return {
            name: self.paces[rank.name]
            for rank in self._ranks
            for name in rank.names
            if self.paces[rank.name] > 1
        }

    @property
    def skipped(self) -> tuple[str, ...]:
        """Names of the probes that there is nothing left for."""
        ranks = (rank for rank in self._ranks if rank.name in self.lacking)
        return tuple(name for rank in ranks for name in rank.names)

    def learn(self, costs: Mapping[ProbeKey, Sequence[Decimal]]) -> None:
        """Take what earlier runs did cost, newest first."""
        for key, settled in costs.items():
            later = self._settled.get(key, [])
            self._settled[key] = [*later, *filter(None, settled)][:RUNS]
        self._learned |= costs.keys()

    def settled(self, key: ProbeKey, cost: Decimal) -> None:
        """
        Take what a run did cost.

        One that cost nothing, since it could not ask or was refused, does not tell
        what the next one will.
        """
        if cost:
            self._settled[key] = [cost, *self._settled.get(key, [])][:RUNS]

    def wanted_above(self, key: ProbeKey) -> Left:
        """Return what must be left for the probes ranked above one."""
        name = rank_of(key.probe)
        return wanted_above(self._ranks, name, Until.at(self._now()))

    def pace(self, left: Left) -> None:
        """Stretch intervals, or let them shrink again, as the money allows."""
        paid = self.paid
        self._ranks = ranked(self._paid(probe) for probe in paid)
        self._forget_all_but({probe.key for probe in paid})
        until = Until.at(self._now())
        before, self.paces = self.paces, paces(self._ranks, left, until, self.paces)
        self.lacking = lacking(self._ranks, left, until)
        for rank in self._ranks:
            pace = self.paces[rank.name]
            if pace != before.get(rank.name, 1.0):
                log.info("canaries_paced", probes=rank.names, factor=pace)
        self.apply()

    def rest(self) -> None:
        """Plan nothing: another instance pays, and knows how often."""
        self.paces, self.lacking, self._ranks = {}, frozenset(), ()
        self.apply()

    def apply(self) -> None:
        """Tell the interval of every paid probe, known already or not."""
        for probe in self.paid:
            self._set_interval(probe.key, self.interval(probe))

    def interval(self, probe: Probe) -> float:
        """Return the seconds between slots of a paid probe that are in force now."""
        pace = self.paces.get(rank_of(probe.key.probe), 1.0)
        return probe.section.interval * pace

    def _forget_all_but(self, keys: Collection[ProbeKey]) -> None:
        """Drop what runs of other probes did cost: nothing will be planned for them."""
        self._settled = {
            key: self._settled[key] for key in keys if key in self._settled
        }
        self._learned.intersection_update(keys)

    def _paid(self, probe: Probe) -> Paid:
        expected = self._costs.expected(probe)
        return Paid(
            key=probe.key,
            interval=probe.section.interval,
            expected=expected,
            planned=self._planned(probe.key, expected),
            worst=self._costs.worst(probe),
        )

    def _planned(self, key: ProbeKey, expected: Decimal) -> Decimal:
        """
        Return what the next run is planned at: the mean of the last ones.

        Until there are enough of them, those that lack count as expected: one run
        says little, and a plan that jumps moves intervals.
        """
        costs = self._settled.get(key, [])
        return sum(costs, expected * (RUNS - len(costs))) / RUNS
