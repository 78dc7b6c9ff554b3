"""The account: what inference cost, exactly, and what is left of its money."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tm_exporter.simulator.served import Price, ServedModel


DAY = 86_400
SLOT = 300
_KEPT = 32 * DAY
_MILLION = Decimal(1_000_000)


@dataclass(slots=True)
class Tally:
    """
    What one model was used for within one slot of time.

    Attributes:
        start: Of the slot, in seconds since the epoch.
        model: Name of the model.
        input: Tokens of prompts, cached ones included.
        output: Tokens generated.
        cached: Tokens of prompts that were cached, and free.
        requests: How many were billed.
        cost: US dollars.
        saving: US dollars which the cached tokens would have cost.
    """

    start: int
    model: str
    input: int = 0
    output: int = 0
    cached: int = 0
    requests: int = 0
    cost: Decimal = Decimal(0)
    saving: Decimal = Decimal(0)


class Account:
    """
    Prepaid credit that is spent by inference.

    It begins with 29 days of made-up use, so that there is something to show; those
    do not lower the opening balance. Slots are five minutes long, so a rolling
    window is exact to that; amounts always are.

    Attributes:
        models: All that are billed by the token.
        charged: US dollars that real requests did cost, without the made-up past.
        charges: How many requests that were.
    """

    def __init__(
        self, models: Sequence[ServedModel], opening: Decimal, now: Callable[[], float]
    ) -> None:
        self.models = tuple(model for model in models if model.price)
        self._prices = {m.name: m.price for m in models if m.price}
        self._now = now
        self._opening = opening
        self.charged = Decimal(0)
        self.charges = 0
        self._tallies: dict[tuple[int, str], Tally] = {}
        self._make_up_a_past()

    @property
    def balance(self) -> Decimal:
        """US dollars left; below zero if the last request cost more than there was."""
        return self._opening - self.charged

    def charge(
        self, model: ServedModel, *, prompt: int, output: int, cached: int, factor: int
    ) -> None:
        """
        Bill one request at the price list; nothing for a model that is not on it.

        Args:
            model: That was used.
            prompt: Tokens of the prompt, cached ones included.
            output: Tokens generated.
            cached: Tokens of the prompt that are free.
            factor: On the prices of the list.
        """
        if model.price is None:
            return
        tally = self._slot(int(self._now()), model.name)
        self.charged += _add(
            tally, model.price, (prompt, output, cached), requests=1, factor=factor
        )
        self.charges += 1
        self._forget(tally.start - _KEPT)

    def top_up(self, amount: Decimal) -> None:
        """Add US dollars to what is left."""
        self._opening += amount

    def tallies(self, start: float = 0.0, end: float | None = None) -> Iterator[Tally]:
        """Yield every slot that reaches into a time, oldest first."""
        until = self._now() if end is None else end
        for tally in self._tallies.values():
            if tally.start + SLOT > start and tally.start <= until:
                yield tally

    def spent(self, seconds: float) -> Decimal:
        """Return the US dollars spent within the last so many seconds."""
        recent = self.tallies(self._now() - seconds)
        return sum((tally.cost for tally in recent), Decimal(0))

    def _slot(self, second: int, model: str) -> Tally:
        start = second - second % SLOT
        return self._tallies.setdefault((start, model), Tally(start, model))

    def _forget(self, before: int) -> None:
        while self._tallies and (key := next(iter(self._tallies)))[0] < before:
            del self._tallies[key]

    def _make_up_a_past(self) -> None:
        for days in range(29, 0, -1):
            second = int(self._now()) - days * DAY + DAY // 2
            for rank, (name, price) in enumerate(self._prices.items(), start=1):
                prompt = 40_000 * rank + 1_600 * days
                tokens = (prompt, prompt // 4, prompt // 32 * 16)
                tally = self._slot(second, name)
                _add(tally, price, tokens, requests=20 * rank, factor=1)


def _add(
    tally: Tally,
    price: Price,
    tokens: tuple[int, int, int],
    *,
    requests: int,
    factor: int,
) -> Decimal:
    """Add prompt, output and cached tokens to a tally; return what they cost."""
    prompt, output, cached = tokens
    cost = (price.input * (prompt - cached) + price.output * output) / _MILLION * factor
    tally.input += prompt
    tally.output += output
    tally.cached += cached
    tally.requests += requests
    tally.cost += cost
    tally.saving += price.input * cached / _MILLION * factor
    return cost
