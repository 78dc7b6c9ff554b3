"""Read what was spent: GET /v1/billing/spending/summary."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from tm_exporter.catalog import BILLING_SPEND
from tm_exporter.money import Money, read_money
from tm_exporter.observation import Outcome, Sample
from tm_exporter.payloads import object_of
from tm_exporter.pulls.base import Pull
from tm_exporter.section import Duration, ProbeSection, Surface


_FIELDS = {"24h": "spend24h", "7d": "spend7d", "30d": "spend30d"}


class SpendingSection(ProbeSection):
    """The account's spending over rolling windows."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("control_plane",)
    kind: Literal["spending"] = "spending"
    interval: Duration = 300.0
    timeout: Duration = 20.0


class SpendingPull(Pull[SpendingSection]):
    """The windows roll, so these are gauges and not counters."""

    async def run(self) -> Outcome:
        """Ask once; one sample for each window that is given."""
        _, outcome = await self.read("/v1/billing/spending/summary", _read, _samples)
        return outcome


def _read(payload: Any) -> Mapping[str, Money]:
    """Return the spending by window."""
    answer = object_of(payload, "the answer")
    found = {
        window: read_money(answer.get(field), field)
        for window, field in _FIELDS.items()
    }
    return {window: money for window, money in found.items() if money is not None}


def _samples(spending: Mapping[str, Money]) -> Iterator[Sample]:
    for window, money in spending.items():
        yield Sample(BILLING_SPEND, float(money.amount), (window, money.currency))
