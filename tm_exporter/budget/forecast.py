"""What the paid probes of a configuration would cost, and whether the caps allow it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tm_exporter.budget.costs import Costs
from tm_exporter.budget.ledger import Caps, Left
from tm_exporter.budget.pacing import FULL, Paid, lacking, paces, ranked
from tm_exporter.budget.prices import MILLION, PriceBook
from tm_exporter.observation import Probe


@dataclass(frozen=True, slots=True)
class RankCost:
    """
    What one rank of probes is expected to cost.

    Attributes:
        rank: Its name.
        probes: Names of its probes.
        count: How many they are, over all targets and models.
        daily_usd: At the intervals as configured.
        monthly_usd: In a month of 31 days.
        stretched: The factor by which its intervals stretch so that the caps hold;
            None where nothing is left for it, so that it is skipped.
    """

    rank: str
    probes: tuple[str, ...]
    count: int
    daily_usd: Decimal
    monthly_usd: Decimal
    stretched: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    What the paid probes are expected to cost, every answer as long as it may be.

    Attributes:
        caps: In force, this installation's share of them.
        ranks: The most important first.
        prices: Which prices this is at, for people.
        warnings: What does not fit; a sentence each.
    """

    caps: Caps
    ranks: tuple[RankCost, ...]
    prices: str
    warnings: tuple[str, ...]

    @property
    def daily_usd(self) -> Decimal:
        """Of all ranks, at the intervals as configured."""
        return sum((rank.daily_usd for rank in self.ranks), Decimal(0))

    @property
    def monthly_usd(self) -> Decimal:
        """The same in a month of 31 days."""
        return sum((rank.monthly_usd for rank in self.ranks), Decimal(0))


def forecast(probes: Iterable[Probe], prices: PriceBook, caps: Caps) -> Forecast:
    """
    Return what these probes would cost if the month began now.

    Args:
        probes: All that run; those that cost nothing are left out.
        prices: What tokens cost.
        caps: What may be spent.
    """
    costs = Costs(prices)
    paid = [_paid(probe, costs) for probe in probes if probe.section.paid]
    ranks = tuple(_rank_costs(paid, caps))
    fallback = prices.fallback
    return Forecast(
        caps=caps,
        ranks=ranks,
        prices=(
            f"the fallback price: {_short(fallback.input * MILLION)} USD for a million "
            f"tokens of input, {_short(fallback.output * MILLION)} of output"
        ),
        warnings=(*_what_gives_way(ranks), *_never(paid, caps)),
    )


def _paid(probe: Probe, costs: Costs) -> Paid:
    expected = costs.expected(probe)
    return Paid(
        key=probe.key,
        interval=probe.section.interval,
        expected=expected,
        planned=expected,
        worst=costs.worst(probe),
    )


def _rank_costs(paid: Sequence[Paid], caps: Caps) -> Iterator[RankCost]:
    ranks, left = ranked(paid), Left(caps.daily, caps.monthly)
    stretched, without = paces(ranks, left, FULL, {}), lacking(ranks, left, FULL)
    for rank in ranks:
        yield RankCost(
            rank=rank.name,
            probes=rank.names,
            count=len(rank.keys),
            daily_usd=rank.rate * Decimal(FULL.day),
            monthly_usd=rank.rate * Decimal(FULL.month),
            stretched=None if rank.name in without else stretched[rank.name],
        )


def _what_gives_way(ranks: Iterable[RankCost]) -> Iterator[str]:
    """Yield a sentence if the caps do not pay for every slot."""
    slower = [
        f"{' and '.join(rank.probes)} would run {rank.stretched:g} times less often"
        for rank in ranks
        if rank.stretched is not None and rank.stretched > 1
    ]
    skipped = [name for rank in ranks if rank.stretched is None for name in rank.probes]
    if skipped:
        slower.append(f"{', '.join(skipped)} would be skipped")
    if slower:
        yield (
            "`canary_budget` does not pay for every slot of the paid probes: "
            f"{'; '.join(slower)}"
        )


def _never(paid: Iterable[Paid], caps: Caps) -> Iterator[str]:
    """Yield a sentence for each probe that no cap ever allows to run."""
    cap = min(caps.daily, caps.monthly)
    for one in paid:
        if one.worst >= cap:
            model = f" for {one.key.model}" if one.key.model else ""
            yield (
                f"{one.key.target}: {one.key.probe}{model} can never run: one run may "
                f"cost {_short(one.worst)} USD, and `canary_budget` allows "
                f"{_short(cap)}"
            )


def _short(amount: Decimal) -> str:
    """Return an amount with no more digits than anyone reads."""
    return f"{amount:.2f}" if amount == round(amount, 2) else f"{amount:.2g}"
