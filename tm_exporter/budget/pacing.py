"""
How often paid probes may run, so that the money lasts: arithmetic, and nothing else.

Probes are ranked, and each rank gets what those above it leave. A rank *wants* its
planned cost to the end of day and month at the intervals as configured, and a little
in hand, without which its last runs could not be admitted. If there is less for it,
all its intervals stretch by one factor, its pace: the larger one of day and month.
As it then claims all there is, nothing is planned for those below it: their
intervals stay, and their slots are skipped as `budget`. The same holds for a rank
for which there is less than one run of each of its probes.

Slots come one at a time, so that what is left goes up and down against the plan. If
each wave moved the intervals, there would be no grid. So a pace is a multiple of a
twentieth, and is set such that one run of each probe is to spare. It stays until
that is gone, too, or until it could be a fifth lower. In the last interval of a
window, that window has no more say.

No interval is stretched beyond a day, so that each rank runs on every day. Money for
less than that ends before the month does; the ledger sees to the caps.

Source: contract section 2, Budget.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from tm_exporter.budget.ledger import Left
from tm_exporter.observation import ProbeKey


DAY = 86_400.0

_RANKS = {
    "chat_stream": "chat_stream",
    "chat": "chat",
    "responses": "responses",
    "responses_stream": "responses",
    "completions": "completions",
    "completions_stream": "completions",
    "kv_cache": "kv_cache",
}
"""Rank by the names of probes that have one, the most important first."""

_ORDER = tuple(dict.fromkeys(_RANKS.values()))
_NOTHING = Left(Decimal(0), Decimal(0))
_LOOSE = 0.8  # of the pace in force, below which another one is worth it
_STEPS = 20  # to one


@dataclass(frozen=True, slots=True)
class Paid:
    """
    A paid probe, as far as pacing goes.

    Attributes:
        key: Whose.
        interval: Seconds, as configured.
        expected: Dollars of a run as declared; decides the order of custom probes.
        planned: Dollars of a run as far as is known.
        worst: Dollars of a run at most.
    """

    key: ProbeKey
    interval: float
    expected: Decimal
    planned: Decimal
    worst: Decimal


@dataclass(frozen=True, slots=True)
class Rank:
    """
    Probes that share one fate, over all targets and models.

    Attributes:
        name: Of the rank; a custom probe's own.
        keys: Of its probes.
        interval: The shortest, in seconds, as configured.
        rate: Planned dollars a second, at the intervals as configured.
        once: Planned dollars for one run of each probe.
        worst: Dollars of the dearest run at most.
    """

    name: str
    keys: tuple[ProbeKey, ...]
    interval: float
    rate: Decimal
    once: Decimal
    worst: Decimal

    @classmethod
    def of(cls, name: str, probes: Sequence[Paid]) -> "Rank":
        """Return the rank that probes of this name make."""
        return cls(
            name=name,
            keys=tuple(one.key for one in probes),
            interval=min(one.interval for one in probes),
            rate=_rate((one.planned, one.interval) for one in probes),
            once=sum((one.planned for one in probes), Decimal(0)),
            worst=max(one.worst for one in probes),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Of its probes, each once."""
        return tuple(sorted({key.probe for key in self.keys}))

    def planned(self, seconds: float) -> Decimal:
        """Return the planned dollars of so long, at the intervals as configured."""
        return self.rate * round(seconds)

    def wants(self, seconds: float) -> Decimal:
        """Return what must be there for that, with what it holds in hand."""
        return self.planned(seconds) + self.in_hand

    @property
    def in_hand(self) -> Decimal:
        """
        Dollars without which its last runs could not be admitted.

        One run of each probe, since a window may have one slot more than fits on
        average, and one at its worst, which is what has to be there before it.
        """
        return self.once + self.worst


@dataclass(frozen=True, slots=True)
class Until:
    """
    How long windows go on.

    Attributes:
        day: Seconds to the end of the day, by UTC.
        month: Seconds to the end of the month.
    """

    day: float
    month: float

    @classmethod
    def at(cls, seconds: float) -> "Until":
        """Return how long the windows of a moment since the epoch still go on."""
        moment = datetime.fromtimestamp(seconds, UTC)
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        next_month = (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
        return cls(
            day=(midnight + timedelta(days=1) - moment).total_seconds(),
            month=(next_month - moment).total_seconds(),
        )


FULL = Until(day=DAY, month=31 * DAY)
"""A whole day, and the longest month."""


def rank_of(name: str) -> str:
    """Return the rank that a probe of this name belongs to."""
    return _RANKS.get(name, name)


def ranked(probes: Iterable[Paid]) -> tuple[Rank, ...]:
    """
    Return the ranks of these probes, the most important first.

    Custom ones are ordered by what it costs to keep them running, the cheapest
    first, so that as many of them as possible do.
    """
    by_name: defaultdict[str, list[Paid]] = defaultdict(list)
    for one in probes:
        by_name[rank_of(one.key.probe)].append(one)
    known = [name for name in _ORDER if name in by_name]
    custom = sorted(
        by_name.keys() - set(_ORDER),
        key=lambda name: (
            _rate((one.expected, one.interval) for one in by_name[name]),
            name,
        ),
    )
    return tuple(Rank.of(name, by_name[name]) for name in (*known, *custom))


def wanted_above(ranks: Iterable[Rank], name: str, until: Until) -> Left:
    """Return what the ranks above one want of day and month."""
    wanted = _NOTHING
    for rank in ranks:
        if rank.name == name:
            break
        wanted = _plus(wanted, rank, until)
    return wanted


def paces(
    ranks: Iterable[Rank], left: Left, until: Until, current: Mapping[str, float]
) -> dict[str, float]:
    """
    Return by how much the intervals of each rank stretch.

    Args:
        ranks: The most important first.
        left: Of day and month.
        until: Their ends.
        current: The paces in force; 1 where there is none.

    Returns:
        At least 1, by the rank's name; 1 for a rank that there is nothing left for.
    """
    found = {}
    for share in _shares(ranks, left, until):
        now = current.get(share.rank.name, 1.0)
        wanted = [_pace(share, window, now) for window in share.windows]
        found[share.rank.name] = 1.0 if None in wanted else max(filter(None, wanted))
    return found


def lacking(ranks: Iterable[Rank], left: Left, until: Until) -> frozenset[str]:
    """Return the names of the ranks that there is nothing left for."""
    return frozenset(
        share.rank.name
        for share in _shares(ranks, left, until)
        if any(share.is_lacking(window) for window in share.windows)
    )


class _Window(NamedTuple):
    """Money that there is for a rank, and the seconds that it has to last."""

    money: Decimal
    seconds: float


class _Share(NamedTuple):
    """
    What there is for a rank, beyond what it holds in hand.

    Attributes:
        rank: Whose.
        noise: Dollars by which the money goes up and down as slots come and go: one
            run of each probe of the rank and of those above.
        windows: Day and month.
    """

    rank: Rank
    noise: Decimal
    windows: tuple[_Window, _Window]

    def is_lacking(self, window: _Window) -> bool:
        """Whether a window has no money to be spread over it."""
        enough = self.rank.planned(window.seconds) <= window.money
        return not enough and window.money < self.noise


def _shares(ranks: Iterable[Rank], left: Left, until: Until) -> Iterator[_Share]:
    """Yield what there is for each rank, when those above got what they want."""
    above, noise = _NOTHING, Decimal(0)
    for rank in ranks:
        noise += rank.once
        day = _Window(left.day - above.day - rank.in_hand, until.day)
        month = _Window(left.month - above.month - rank.in_hand, until.month)
        yield _Share(rank, noise, (day, month))
        above = _plus(above, rank, until)


def _pace(share: _Share, window: _Window, now: float) -> float | None:
    """Return the pace that a window calls for, None if it has nothing left."""
    rank, (money, seconds) = share.rank, window
    if seconds < now * rank.interval:
        return now
    if share.is_lacking(window):
        return None
    planned = rank.planned(seconds)
    if planned <= money * Decimal(now):  # it lasts
        spare = money - 2 * share.noise
        if now == 1.0 or planned > spare * Decimal(now * _LOOSE):
            return now
    if planned <= money - share.noise:
        return 1.0
    roomy = float(planned / max(money - share.noise, money / 2))
    return min(math.ceil(roomy * _STEPS) / _STEPS, max(1.0, DAY / rank.interval))


def _rate(costs: Iterable[tuple[Decimal, float]]) -> Decimal:
    """Return dollars a second of runs that cost so much at such intervals."""
    return sum((cost / Decimal(interval) for cost, interval in costs), Decimal(0))


def _plus(wanted: Left, rank: Rank, until: Until) -> Left:
    day = wanted.day + rank.wants(until.day)
    return Left(day, wanted.month + rank.wants(until.month))
