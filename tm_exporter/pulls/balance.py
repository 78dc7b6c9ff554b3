"""Read the prepaid credit that is left: GET /v1/billing/balance."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from tm_exporter.catalog import BILLING_BALANCE
from tm_exporter.facts import BalanceRead
from tm_exporter.money import Money, read_money
from tm_exporter.observation import Outcome, Sample
from tm_exporter.pulls.base import Pull
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.wire.payloads import object_of


class BalanceSection(ProbeSection):
    """The account's balance."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("control_plane",)
    kind: Literal["balance"] = "balance"
    interval: Duration = 300.0
    timeout: Duration = 20.0


class BalancePull(Pull[BalanceSection]):
    """A balance that is not given is unknown, not zero."""

    async def run(self) -> Outcome:
        """Ask once; the balance is the only sample, and the only fact."""
        reading = self.reading()
        balances = await reading.ask("/v1/billing/balance", _read) or ()
        return reading.outcome(
            _samples(balances), (BalanceRead(balance) for balance in balances)
        )


def _read(payload: Any) -> tuple[Money, ...]:
    """Return the balance, or nothing."""
    balance = read_money(object_of(payload, "the answer").get("balance"), "balance")
    return () if balance is None else (balance,)


def _samples(balances: tuple[Money, ...]) -> Iterator[Sample]:
    for balance in balances:
        yield Sample(BILLING_BALANCE, float(balance.amount), (balance.currency,))
