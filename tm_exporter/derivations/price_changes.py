"""
Tell when a listed price changes, and what that means for a month's bill.

Prices are compared with the last ones that were listed, before a restart or a gap
in the list included: a price that vanishes is no change, and one that comes back
different is. A price in another currency is another price.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import structlog

from tm_exporter.catalog import MODEL_PRICE_CHANGES
from tm_exporter.derivations.latest import IntervalOf, Latest
from tm_exporter.derivations.priced import Priced, Prices, prices_of
from tm_exporter.derivations.remembered import OriginOf, Remembered
from tm_exporter.facts import PriceList, UsageRead, UsageRow
from tm_exporter.memory import Memory
from tm_exporter.observation import Observation, ProbeKey, Sample


log = structlog.get_logger()

MOST_PRICES = 1000
"""Prices of an account that are remembered, those that are listed first."""

WAIT = 15.0
"""Seconds that a change waits to be logged for the first usage of a process."""

_MONTH = 30 * 86_400.0
_PLACES = 12


@dataclass(frozen=True, slots=True)
class PriceChange:
    """
    A price that is not what it was.

    Attributes:
        of: What has it.
        old: For one token, as the next.
        new: Since the list was read the last time.
    """

    of: Priced
    old: Decimal
    new: Decimal


def price_changes(before: Prices, now: Prices) -> tuple[PriceChange, ...]:
    """Return the prices that were known and are different."""
    return tuple(
        PriceChange(priced, before[priced], amount)
        for priced, amount in now.items()
        if priced in before and before[priced] != amount
    )


def monthly_effect(
    change: PriceChange, rows: Sequence[UsageRow], *, cached_has_price: bool
) -> Decimal:
    """
    Return what a change adds to the bill of a month like the last one.

    Args:
        change: Of one price.
        rows: The usage of the last month, of all models.
        cached_has_price: Cached tokens are billed at a price of their own, and not
            as the input that they are part of.

    Returns:
        An amount of the price's currency.
    """
    kind, total = change.of.kind, 0
    for row in rows:
        if row.model == change.of.model:
            total += getattr(row, kind) or 0
            if kind == "input" and cached_has_price:
                total -= row.cached or 0
    return total * (change.new - change.old)


class _Waiting(NamedTuple):
    """A change that is not logged yet."""

    key: ProbeKey
    change: PriceChange
    cached_has_price: bool
    until: float


class PriceChanges:
    """
    Adds `tensormesh_model_price_changes_total` to each price list, and logs changes.

    A change is logged with its monthly effect. Where the usage is not known yet, as
    at the start, the line waits for it a moment.

    Args:
        memory: Keeps the prices over a restart.
        origin_of: Where an account is, and in which unit its prices are read.
        interval_of: How often a probe runs.
        clock: Monotonic seconds.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        memory: Memory,
        origin_of: OriginOf,
        interval_of: IntervalOf,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._known = Remembered(memory, "prices", origin_of)
        self._usage = Latest(UsageRead, interval_of, clock)
        self._clock = clock
        self._now = now
        self._waiting: list[_Waiting] = []
        self._counts: dict[str, Counter[tuple[str, str]]] = {}

    def __call__(self, observation: Observation) -> Observation:
        """Return a price list with how often each of its prices changed."""
        self._usage.note(observation)
        listed = observation.fact(PriceList)
        samples = () if listed is None else self._compare(observation.key, listed)
        self._tell()
        return observation.plus(samples) if samples else observation

    def forget_target(self, target: str) -> None:
        """Drop what an account told that is no longer configured."""
        self._waiting = [each for each in self._waiting if each.key.target != target]
        self._counts.pop(target, None)
        self._usage.forget_target(target)

    def _compare(self, key: ProbeKey, listed: PriceList) -> tuple[Sample, ...]:
        """Note what changed; return the total of each price that is listed."""
        before, now = _unpacked(self._known.of(key.target)), prices_of(listed)
        changes = price_changes(before, now)
        until = self._clock() + WAIT
        for change in changes:
            has_price = change.of._replace(kind="cached") in now
            self._waiting.append(_Waiting(key, change, has_price, until))
        self._known.put(key.target, _packed({**before, **now}, first=now))
        counts = self._counts.setdefault(key.target, Counter())
        counts.update((change.of.model, change.of.kind) for change in changes)
        pairs = dict.fromkeys((priced.model, priced.kind) for priced in now)
        return tuple(Sample(MODEL_PRICE_CHANGES, counts[pair], pair) for pair in pairs)

    def _tell(self) -> None:
        """Log the changes whose effect is known, or that waited long enough."""
        all_of_them, self._waiting = self._waiting, []
        for waiting in all_of_them:
            usage = self._usage.of(waiting.key.target)
            if usage is None and self._clock() < waiting.until:
                self._waiting.append(waiting)
            else:
                self._log(waiting, usage)

    def _log(self, waiting: _Waiting, usage: UsageRead | None) -> None:
        key, change = waiting.key, waiting.change
        fields = {
            "target": key.target,
            "surface": key.surface,
            **change.of._asdict(),
            "old": _text(change.old),
            "new": _text(change.new),
        }
        if usage is not None:
            since = self._now() - _MONTH
            rows = [row for row in usage.rows if row.start >= since]
            has_price = waiting.cached_has_price
            effect = monthly_effect(change, rows, cached_has_price=has_price)
            fields["monthly_effect"] = _text(effect)
        log.warning("model_price_changed", **fields)


def _text(amount: Decimal) -> str:
    """Return an amount without exponent and idle zeros, to a trillionth."""
    text = format(amount, f".{_PLACES}f").rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _packed(prices: Prices, *, first: Prices) -> dict[str, Any]:
    """Return prices as JSON, as many as may be, those of `first` in any case first."""
    order = sorted(prices, key=lambda priced: priced not in first)
    return {"prices": [[*p, str(prices[p])] for p in order[:MOST_PRICES]]}


def _unpacked(values: Mapping[str, Any]) -> dict[Priced, Decimal]:
    """Return prices that were packed, whatever became of the file."""
    rows = values.get("prices")
    return dict(_read(rows)) if isinstance(rows, list) else {}


def _read(rows: list[Any]) -> Iterator[tuple[Priced, Decimal]]:
    for row in rows:
        if not isinstance(row, list) or len(row) != 4:
            continue
        model, kind, currency, amount = map(str, row)
        with contextlib.suppress(InvalidOperation):
            if (price := Decimal(amount)).is_finite():
                yield Priced(model, kind, currency), price
