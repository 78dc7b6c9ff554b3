"""
Read what was spent, and what the KV cache saved.

GET /v1/billing/spending/summary, then GET /v1/billing/spending/history.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar, Literal

from tm_exporter.catalog import (
    BILLING_CACHE_SAVING_RATIO,
    BILLING_CACHE_SAVINGS,
    BILLING_SPEND,
)
from tm_exporter.facts import SpendingBucket, SpendingHistory, SpendingRead
from tm_exporter.money import Money, read_money, totals
from tm_exporter.observation import Fact, Outcome, Sample
from tm_exporter.pulls.base import Pull
from tm_exporter.pulls.pages import rows_of
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.timestamps import read_timestamp
from tm_exporter.wire.payloads import object_of


_FIELDS = {"24h": "spend24h", "7d": "spend7d", "30d": "spend30d"}
_DAY = 86_400.0
_WINDOW = 30 * _DAY


class SpendingSection(ProbeSection):
    """The account's spending over rolling windows, and its last month by day."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("control_plane",)
    kind: Literal["spending"] = "spending"
    interval: Duration = 300.0
    timeout: Duration = 20.0


class SpendingPull(Pull[SpendingSection]):
    """The windows roll, so these are gauges and not counters."""

    async def run(self) -> Outcome:
        """
        Ask for the windows, and unless that failed, for the last month.

        Returns:
            What was spent within each window that is given, and what was saved
            within the longest; a history that fails leaves the windows as they are.
        """
        reading = self.reading()
        samples: list[Sample] = []
        facts: list[Fact] = []
        windows = await reading.ask("/v1/billing/spending/summary", _read_windows)
        if windows is None:
            return reading.outcome()
        samples.extend(_spent(windows))
        facts.append(SpendingRead(tuple(windows.items())))
        buckets = await reading.ask("/v1/billing/spending/history", _read_history)
        if buckets is not None:
            samples.extend(_saved(_within(buckets, self.now() - _WINDOW)))
            facts.append(SpendingHistory(buckets))
        return reading.outcome(samples, facts)


def _read_windows(payload: Any) -> Mapping[str, Money]:
    """Return the spending by window."""
    answer = object_of(payload, "the answer")
    found = {
        window: read_money(answer.get(field), field)
        for window, field in _FIELDS.items()
    }
    return {window: money for window, money in found.items() if money is not None}


def _read_history(payload: Any) -> tuple[SpendingBucket, ...]:
    """Return the buckets in order of time, without those that have none."""
    rows = rows_of(payload, "buckets")
    read = (_read_bucket(row, f"buckets[{at}]") for at, row in enumerate(rows))
    buckets = (bucket for bucket in read if bucket is not None)
    return tuple(sorted(buckets, key=lambda bucket: bucket.start))


def _read_bucket(row: Any, where: str) -> SpendingBucket | None:
    fields = object_of(row, where)
    start = read_timestamp(fields.get("bucketStart"), f"{where}.bucketStart")
    amount = read_money(fields.get("amount"), f"{where}.amount")
    saving = read_money(fields.get("costSaving"), f"{where}.costSaving")
    return None if start is None else SpendingBucket(start, amount, saving)


def _within(
    buckets: Sequence[SpendingBucket], since: float
) -> tuple[SpendingBucket, ...]:
    """
    Return the buckets that reach into the time since a moment.

    How long a bucket is, the answer does not say: as the shortest time between two,
    which is right also where days without any use are left out.
    """
    gaps = (later.start - earlier.start for earlier, later in pairwise(buckets))
    length = min((gap for gap in gaps if gap > 0), default=_DAY)
    return tuple(bucket for bucket in buckets if bucket.start + length > since)


def _spent(windows: Mapping[str, Money]) -> Iterator[Sample]:
    for window, money in windows.items():
        yield Sample(BILLING_SPEND, float(money.amount), (window, money.currency))


def _saved(buckets: Sequence[SpendingBucket]) -> Iterator[Sample]:
    """Yield the savings by currency, and their share where there is just one."""
    savings = totals(b.saving for b in buckets if b.saving is not None)
    amounts = totals(b.amount for b in buckets if b.amount is not None)
    for currency, saving in savings.items():
        yield Sample(BILLING_CACHE_SAVINGS, float(saving), ("30d", currency))
    if len(amounts) != 1 or savings.keys() != amounts.keys():
        return
    (saved,), (spent,) = savings.values(), amounts.values()
    if saved >= 0 and spent > 0:
        yield Sample(BILLING_CACHE_SAVING_RATIO, float(saved / (saved + spent)))
