"""
Compare what the canaries used with what the account was billed for.

    drift = billed / own - 1

over the days (UTC) that are closed for `LAG`, that the account's usage history
reaches back to, and of which the own record is complete. Both sides are tokens by
model, weighted with today's prices of the account, so that the drift is one of
counts: 0.1 is a tenth more than the canaries used, -1 is nothing billed at all.

It means something only where the canaries have the account to themselves, which is
taken for granted neither way: there is no drift where the account used a model that
no canary asked on these days, and none where it was billed for more than
`MOST_TIMES` what the canaries used. docs/reconciliation.md says what it is good for.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from decimal import Decimal

from tm_exporter.catalog import RECONCILIATION_DRIFT_RATIO
from tm_exporter.derivations.latest import IntervalOf, Latest
from tm_exporter.derivations.own_use import (
    DAY,
    MINUTE,
    Count,
    Day,
    Record,
    packed,
    unpacked,
)
from tm_exporter.derivations.priced import Priced, prices_of
from tm_exporter.derivations.remembered import OriginOf, Remembered
from tm_exporter.facts import PriceList, UsageRead
from tm_exporter.memory import Memory
from tm_exporter.observation import Observation, Sample


LEAST_REQUESTS = 20
"""Own requests below which a single one would be a drift."""

MOST_TIMES = 2
"""Times of what the canaries used; beyond, the account clearly serves others."""


def drift(
    own: Day, billed: Day, price: Callable[[str, Count], Decimal | None]
) -> Decimal | None:
    """
    Return by which share more was billed than used.

    Args:
        own: What canaries used.
        billed: What the account was billed for over the same days.
        price: Returns what a use of a model costs; None where no price is known.

    Returns:
        None where it would mean nothing.
    """
    foreign = {m for m, count in billed.items() if count.input + count.output}
    if foreign - own.keys() or sum(c.requests for c in own.values()) < LEAST_REQUESTS:
        return None
    used = [price(model, count) for model, count in own.items()]
    charged = [price(model, count) for model, count in billed.items()]
    if None in used or None in charged:
        return None
    ours, theirs = (sum(filter(None, costs), Decimal()) for costs in (used, charged))
    if ours <= 0 or theirs > MOST_TIMES * ours:
        return None
    return theirs / ours - 1


class Reconciliation:
    """
    Adds `tensormesh_reconciliation_drift_ratio` to what is read of the usage.

    Args:
        account_of: Returns who pays for an inference target, None if unknown.
        memory: Keeps the own record over a restart.
        origin_of: Where an account is.
        interval_of: How often a probe runs.
        clock: Monotonic seconds.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        account_of: Callable[[str], str | None],
        memory: Memory,
        origin_of: OriginOf,
        interval_of: IntervalOf,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._account_of = account_of
        self._remembered = Remembered(memory, "own_usage", origin_of)
        self._prices = Latest(PriceList, interval_of, clock)
        self._now = now
        self._records: dict[str, Record] = {}
        self._complete_since = float("-inf")

    def begin_anew(self) -> None:
        """Count on no record from before: another instance may have paid since."""
        self._complete_since = self._now()
        for record in self._records.values():
            record.since = max(record.since, self._complete_since)

    def __call__(self, observation: Observation) -> Observation:
        """Return a read of the usage with the drift, where it means something."""
        self._prices.note(observation)
        self._record(observation)
        read = observation.fact(UsageRead)
        if read is None:
            return observation
        ratio = self._drift(observation.key.target, read)
        if ratio is None:
            return observation
        return observation.plus([Sample(RECONCILIATION_DRIFT_RATIO, float(ratio))])

    def forget_target(self, target: str) -> None:
        """Drop the record of an account that is no longer configured."""
        self._records.pop(target, None)
        self._prices.forget_target(target)

    def _record(self, observation: Observation) -> None:
        """Take what a run used into the record of who pays for it."""
        now, key = self._now(), observation.key
        is_paid = key.surface == "serverless" and bool(observation.outcome.used)
        payer = self._account_of(key.target) if is_paid else None
        if payer is not None and payer not in self._records:
            self._records[payer] = self._recalled(payer, now)
        for account, record in self._records.items():
            minute = record.at // MINUTE
            record.live(now)
            if account == payer:
                record.add(key.model, observation.started_at, observation.outcome.used)
            if account == payer or record.at // MINUTE != minute:
                self._remembered.put(account, packed(record))

    def _recalled(self, account: str, now: float) -> Record:
        """Return the record of before a restart, or a new one."""
        record = unpacked(self._remembered.of(account)) or Record(now, now)
        record.since = max(record.since, self._complete_since)
        return record

    def _drift(self, account: str, read: UsageRead) -> Decimal | None:
        """Return the drift over the days that both sides know."""
        record, listed = self._records.get(account), self._prices.of(account)
        if record is None or listed is None or not read.rows:
            return None
        reaches_to = min(int(row.start // DAY) for row in read.rows)
        days = {d for d in record.complete_days(self._now()) if d >= reaches_to}
        own = _sum((m, c) for day in days for m, c in record.days[day].items())
        return drift(own, _billed(read, days), _Costs(listed))


class _Costs:
    """What uses cost by one price list, if that has one currency."""

    def __init__(self, listed: PriceList) -> None:
        self._prices = prices_of(listed)
        self._currencies = {priced.currency for priced in self._prices}

    def __call__(self, model: str, count: Count) -> Decimal | None:
        """Return what a use costs; cached tokens as input where they have no price."""
        if len(self._currencies) != 1:
            return None
        (currency,) = self._currencies
        priced = Priced(model, "input", currency)
        of_input = self._prices.get(priced)
        of_output = self._prices.get(priced._replace(kind="output"))
        if of_input is None or of_output is None:
            return None
        of_cached = self._prices.get(priced._replace(kind="cached"), of_input)
        fresh = count.input - count.cached
        return fresh * of_input + count.cached * of_cached + count.output * of_output


def _billed(read: UsageRead, days: Collection[int]) -> Day:
    """Return what an account was billed for on some days."""
    return _sum(
        (
            row.model,
            Count(row.requests or 0, row.input or 0, row.output or 0, row.cached or 0),
        )
        for row in read.rows
        if int(row.start // DAY) in days
    )


def _sum(uses: Iterable[tuple[str, Count]]) -> Day:
    total: defaultdict[str, Count] = defaultdict(Count)
    for model, count in uses:
        total[model] = total[model].plus(count)
    return total
