"""A service that is asked for a month within seconds, and pays out of a purse."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from tests.doubles import CountedSlots, FakeClock
from tm_exporter.budget.costs import Costs
from tm_exporter.budget.keeper import Keeper
from tm_exporter.budget.ledger import Caps, LedgerUnusable, Left, Reservation
from tm_exporter.budget.pacer import Pacer
from tm_exporter.budget.pacing import Until
from tm_exporter.budget.prices import PriceBook
from tm_exporter.budget.purse import LedgerPurse
from tm_exporter.budget.till import Till
from tm_exporter.observation import (
    PASSED,
    Observation,
    Outcome,
    Probe,
    ProbeKey,
    Tokens,
)
from tm_exporter.probes.generation import GenerationProbe
from tm_exporter.probes.kv_cache import KvCacheProbe
from tm_exporter.schedule.entry import Entry
from tm_exporter.schedule.schedule import Schedule
from tm_exporter.simulator import tokenizer
from tm_exporter.simulator.messages import rendered


T = TypeVar("T")
DAY = 86_400.0
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
LOOK_EVERY = 600.0  # a minute would make it slower and no better


class Here:
    """A worker that does everything at once."""

    async def do(
        self,
        job: Callable[[], T],
        *,
        undo: Callable[[T], object] | None = None,  # noqa: ARG002 -- nothing is late
    ) -> T:
        """Do it."""
        return job()

    def close(self, last: Callable[[], object]) -> None:
        """Do the last job."""
        last()


class Book:
    """
    A ledger in memory, by the rules of the one on disk.

    Attributes:
        broken: Whether it cannot be used.
        days, months: What was spent or is set aside, by their beginning.
    """

    def __init__(self, caps: Caps, now: Callable[[], float]) -> None:
        self.broken = False
        self.days: Counter[str] = Counter()
        self.months: Counter[str] = Counter()
        self._caps = caps
        self._now = now
        self._opened = self._names()
        self._shares = unexpired(now())
        self._open: dict[int, tuple[str, str]] = {}

    def _names(self) -> tuple[str, str]:
        return names(self._now() // DAY)

    def left(self) -> Left:
        """Return what is left; entries of later days count, too."""
        if self.broken:
            raise LedgerUnusable("the disk is full")
        (day, month), (opened_day, opened_month) = self._names(), self._opened
        day_share = self._shares[0] if day <= opened_day else 1
        month_share = self._shares[1] if month <= opened_month else 1
        if next(reversed(self.days), day) > day:  # the clock was set back
            daily = sum(cost for name, cost in self.days.items() if name >= day)
        else:
            daily = self.days[day]
        return Left(
            self._caps.daily * day_share - daily,
            self._caps.monthly * month_share - self.months[month],
        )

    def reserve(
        self,
        key: ProbeKey,
        worst: Decimal,
        *,
        above: Left,
        asked: bool = False,  # noqa: ARG002 -- nobody asks
    ) -> Reservation | None:
        """Set money aside."""
        left = self.left()
        if left.day - above.day <= worst or left.month - above.month <= worst:
            return None
        entry = len(self._open)
        self._open[entry] = self._names()
        self._add(entry, worst)
        return Reservation(entry, key, worst)

    def settle(self, reservation: Reservation, cost: Decimal) -> None:
        """Book what was spent instead."""
        self.left()
        self._add(reservation.entry, cost - reservation.worst)

    def settled(self, key: ProbeKey, count: int = 20) -> list[Decimal]:  # noqa: ARG002
        """Return nothing: it is new."""
        return []

    def last_run(self) -> Mapping[ProbeKey, float]:
        """Return nothing: it is new."""
        return {}

    def close(self) -> None:
        """Do nothing."""

    def _add(self, entry: int, amount: Decimal) -> None:
        day, month = self._open[entry]
        self.days[day] += amount  # type: ignore[assignment]  # Decimals add as well
        self.months[month] += amount  # type: ignore[assignment]


@cache
def names(day: float) -> tuple[str, str]:
    """Return a day and its month, by the day's number, as people write them."""
    date = datetime.fromtimestamp(day * DAY, UTC)
    return f"{date:%Y-%m-%d}", f"{date:%Y-%m}"


def unexpired(moment: float) -> tuple[Decimal, Decimal]:
    """Return which share of day and month is still to come."""
    until = Until.at(moment)
    month = datetime.fromtimestamp(moment, UTC).replace(day=1)
    midnight = month.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    length = until.month + moment - midnight
    return Decimal(until.day) / Decimal(DAY), Decimal(until.month) / Decimal(length)


def used(probe: Probe, *, times: float = 1.0) -> tuple[Tokens, ...]:
    """Return what the simulated service bills for answers as long as may be."""
    assert isinstance(probe, GenerationProbe)
    if isinstance(probe, KvCacheProbe):
        return (_billed(probe.request(probe._prompt("x" * 16)), times),) * 2
    return (_billed(probe.request(probe.prompt()), times),)


def _billed(request: Mapping[str, Any], times: float) -> Tokens:
    if "messages" in request:
        prompt = rendered(request["messages"])
    elif "input" in request:
        prompt = rendered([{"role": "user", "content": request["input"]}])
    else:
        prompt = request["prompt"]
    most = request.get("max_tokens") or request["max_output_tokens"]
    tokens = len(tokenizer.encode(prompt))
    return Tokens(round(tokens * times), round(most * times))


@dataclass
class Month:
    """
    A daemon's schedule and purse on a clock that jumps from slot to slot.

    Attributes:
        probes: What is scheduled.
        prices: What tokens cost.
        book: The ledger.
        clock: Both clocks.
        times: How much more the service bills than is expected.
        counted: What became of slots.
        runs: By day and by the name of the probe.
        moves: How often a probe's interval changed.
    """

    probes: Sequence[Probe]
    prices: PriceBook
    book: Any
    clock: FakeClock
    times: float = 1.0
    counted: CountedSlots = field(default_factory=CountedSlots)
    runs: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    moves: Counter[ProbeKey] = field(default_factory=Counter)
    cost: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        self._used = {
            p.key: used(p, times=self.times) for p in self.probes if p.demands
        }
        costs = Costs(self.prices)
        self.till = Till(lambda: self.book, Here())
        self.pacer = Pacer(lambda: self.probes, costs, self._set_interval, self.clock)
        self.keeper = Keeper(self.till, self.pacer, self.clock)
        self.schedule = Schedule(
            run=self._run,
            publish=self._publish,
            counter=self.counted,
            purse=LedgerPurse(self.till, costs, self.pacer),
            clock=self.clock,
            now=self.clock,
        )
        self._look_at = self.clock()

    async def begin(self) -> None:
        """Schedule everything, as the daemon does at its start."""
        await self.keeper.look()
        self.schedule.add(self.probes)
        self.pacer.apply()
        self._look_at = self.clock() + LOOK_EVERY

    async def until(self, moment: float) -> None:
        """Let everything happen that falls due before a moment."""
        while (entry := self._next()).next_at < moment:
            if self._look_at <= entry.next_at:
                await self._look()  # which may move slots
                continue
            self.clock.seconds = max(self.clock.seconds, entry.next_at)
            await self.schedule._due(entry)
            if entry.task is not None:
                await entry.task
        self.clock.seconds = max(self.clock.seconds, moment)

    def skipped(self, name: str) -> int:
        """Return how many slots of the probes of a name were skipped."""
        skips = self.counted.skips.items()
        return sum(count for (key, _), count in skips if key.probe == name)

    def _next(self) -> Entry:
        return min(self.schedule._entries.values(), key=lambda entry: entry.next_at)

    async def _look(self) -> None:
        """Do what the keeper does every minute, and as a day begins."""
        self.clock.seconds = max(self.clock.seconds, self._look_at)
        await self.keeper.look()
        self._look_at += min(LOOK_EVERY, Until.at(self._look_at).day + 0.1)

    def _set_interval(self, key: ProbeKey, seconds: float) -> None:
        entry = self.schedule._entries.get(key)
        self.moves[key] += entry is not None and entry.grid.interval != seconds
        self.schedule.set_interval(key, seconds)

    async def _run(self, probe: Probe) -> Observation:
        day, _ = names(self.clock() // DAY)
        self.runs[day][probe.key.probe] += 1
        return Observation(
            key=probe.key,
            probe_id="run",
            started_at=self.clock(),
            duration=0.0,
            outcome=Outcome(verdict=PASSED, used=self._used.get(probe.key, ())),
        )

    def _publish(self, observation: Observation) -> None:
        self.cost += observation.cost or 0
