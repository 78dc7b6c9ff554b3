"""
What tokens cost: by the price list of the account that pays, else by the fallback.

A list is believed while it is fresh, in dollars and of the size of token prices.
Otherwise each kind of token costs the larger of list and fallback.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tm_exporter.facts import PriceList, TokenKind, TokenPrice
from tm_exporter.observation import Observation, Tokens


CURRENCY = "USD"
"""What the budget is in."""

MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Rates:
    """
    What one token costs in US dollars, by kind.

    Attributes:
        input: Of a prompt, not found in the KV cache.
        output: Of an answer.
        cached: Of a prompt, found in the KV cache.
    """

    input: Decimal
    output: Decimal
    cached: Decimal

    @classmethod
    def per_million(cls, input_: Decimal, output: Decimal) -> "Rates":
        """Return rates from prices of a million tokens, cached ones as dear as not."""
        return cls(input_ / MILLION, output / MILLION, input_ / MILLION)

    def cost(self, tokens: Tokens) -> Decimal:
        """Return what these tokens cost."""
        cached = min(tokens.cached, tokens.input)
        fresh = tokens.input - cached
        return fresh * self.input + cached * self.cached + tokens.output * self.output

    def most(self, tokens: Tokens) -> Decimal:
        """Return what they cost at most, whichever of them are cached."""
        dearer = max(self.input, self.cached)
        return tokens.input * dearer + tokens.output * self.output


Listed = dict[TokenKind, TokenPrice]


@dataclass(slots=True)
class _List:
    """
    The last price list of an account.

    Attributes:
        read_at: When, in monotonic seconds.
        is_plausible: Whether its prices have the size of token prices.
        models: Prices by model and kind.
    """

    read_at: float
    is_plausible: bool
    models: dict[str, Listed] = field(default_factory=dict)

    @classmethod
    def of(cls, fact: PriceList, read_at: float) -> "_List":
        found = cls(read_at, fact.is_plausible)
        for price in fact.prices:
            kinds = found.models.setdefault(price.model, {})
            known = kinds.get(price.kind)
            if known is None or known.currency != CURRENCY == price.currency:
                kinds[price.kind] = price
        return found


class PriceBook:
    """
    Knows what tokens cost; takes price lists from the observations it is shown.

    Args:
        fallback: Where no price is known.
        payers: By target the name of the account that pays; None where unknown.
        lifetimes: By account for how many seconds its list is believed.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        fallback: Rates,
        payers: Mapping[str, str | None],
        lifetimes: Mapping[str, float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.fallback = fallback
        self._payers = payers
        self._lifetimes = lifetimes
        self._clock = clock
        self._lists: dict[str, _List] = {}

    def __call__(self, observation: Observation) -> Observation:
        """Take the price list of a run that read one; change nothing."""
        fact = observation.fact(PriceList)
        if fact is not None:
            self._lists[observation.key.target] = _List.of(fact, self._clock())
        return observation

    def follow(
        self,
        fallback: Rates,
        payers: Mapping[str, str | None],
        lifetimes: Mapping[str, float],
    ) -> None:
        """Go by these from now on, and keep the lists."""
        self.fallback = fallback
        self._payers = payers
        self._lifetimes = lifetimes

    def forget_target(self, target: str) -> None:
        """Drop the list of an account that is gone, or is read otherwise now."""
        self._lists.pop(target, None)

    def cost(self, target: str, model: str, tokens: Tokens) -> Decimal:
        """Return what tokens of a target's model cost in US dollars, exactly."""
        return self.rates(target, model).cost(tokens)

    def rates(self, target: str, model: str) -> Rates:
        """Return what one token of a target's model costs now."""
        payer = self._payers.get(target)
        listed = self._lists.get(payer) if payer is not None else None
        if payer is None or listed is None:
            return self.fallback
        prices = listed.models.get(model, {})
        fresh = self._clock() - listed.read_at <= self._lifetimes.get(payer, 0.0)
        is_believed = fresh and listed.is_plausible
        rate = self._rate(prices, "input", self.fallback.input, is_believed)
        return Rates(
            input=rate,
            output=self._rate(prices, "output", self.fallback.output, is_believed),
            cached=self._rate(prices, "cached", rate, is_believed),
        )

    @staticmethod
    def _rate(
        prices: Listed,
        kind: TokenKind,
        fallback: Decimal,
        is_believed: bool,  # noqa: FBT001 -- passed by position within this class only
    ) -> Decimal:
        """Return the price of one kind; the fallback where it is not listed."""
        price = prices.get(kind)
        if price is None:
            return fallback
        if is_believed and price.currency == CURRENCY:
            return price.amount
        return max(price.amount, fallback)
