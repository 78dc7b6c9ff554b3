"""Made-up runs that learned something, and a clock for those who compare them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from tests.doubles import FakeClock
from tests.sinks.observations import observation
from tm_exporter.catalog import Family
from tm_exporter.facts import (
    BalanceRead,
    ModelsServed,
    PriceList,
    SpendingRead,
    TokenKind,
    TokenPrice,
    UsageRead,
    UsageRow,
)
from tm_exporter.money import Money
from tm_exporter.observation import Fact, Observation, ProbeKey, Tokens
from tm_exporter.wire.payloads import ServedModel


DAY = 86_400.0
NOON = 20_000 * DAY + DAY / 2
"""Of some day, in seconds since the epoch."""

SERVERLESS = ProbeKey("serverless", "serverless", "models")
ON_DEMAND = ProbeKey("on_demand", "on_demand", "models")
VERSION = ProbeKey("serverless", "serverless", "version")
CHAT = ProbeKey("serverless", "serverless", "chat", "gpt")


def of_account(probe: str, account: str = "account") -> ProbeKey:
    """Return the key of one of an account's probes."""
    return ProbeKey(account, "control_plane", probe)


def every(seconds: float) -> Callable[[ProbeKey], float]:
    """Return what says that every probe runs this often."""
    return lambda _: seconds


class Life:
    """A monotonic clock and a wall clock that go together."""

    def __init__(self, now: float = NOON) -> None:
        self.clock = FakeClock()
        self._offset = now - self.clock()

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return self.clock() + self._offset

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)

    def learned(
        self, key: ProbeKey, *facts: Fact, used: tuple[Tokens | None, ...] = ()
    ) -> Observation:
        """Return a run that ended now."""
        seen = observation(key, started_at=self.now(), duration=0.0)
        return replace(seen, outcome=replace(seen.outcome, facts=facts, used=used))


def values(seen: Observation, family: Family) -> dict[str, float]:
    """Return the samples of a family, by their labels joined with commas."""
    samples = [each for each in seen.outcome.samples if each.family is family]
    return {",".join(each.labels): each.value for each in samples}


def served(*names: str, length: int | None = 4096) -> ModelsServed:
    """Return a surface's list."""
    return ModelsServed(tuple(ServedModel(name, length) for name in names))


def priced(
    prices: Mapping[str, Mapping[TokenKind, str]], currency: str = "USD"
) -> PriceList:
    """Return a price list: what a million tokens cost, by model and kind."""
    return PriceList(
        tuple(
            TokenPrice(model, kind, currency, Decimal(amount) / 1_000_000)
            for model, kinds in prices.items()
            for kind, amount in kinds.items()
        )
    )


def balance(amount: str, currency: str = "USD") -> BalanceRead:
    """Return a balance."""
    return BalanceRead(Money(currency, Decimal(amount)))


def spending(currency: str = "USD", **windows: str) -> SpendingRead:
    """Return what was spent, by window; their names begin with an underscore."""
    return SpendingRead(
        tuple(
            (window.removeprefix("_"), Money(currency, Decimal(amount)))
            for window, amount in windows.items()
        )
    )


def row(
    start: float, counts: Mapping[str, int] | None = None, *, model: str = "gpt"
) -> UsageRow:
    """Return a row of the usage; what is not given is zero."""
    parts = {"input": 0, "output": 0, "cached": 0, "requests": 0, **(counts or {})}
    return UsageRow(start, model, **parts)


def usage(*rows: UsageRow) -> UsageRead:
    """Return what was used."""
    return UsageRead(rows)
