"""
Read the price lists: GET /v1/billing/serverless-pricing and gpu-pricing.

The unit of the list is documented nowhere, so it is a setting; whether the prices
have the size of token prices in that unit is told.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, ClassVar, Literal

from tm_exporter.catalog import (
    GPU_PRICE_PER_HOUR,
    MODEL_PRICE_PER_TOKEN,
    PRICE_UNIT_PLAUSIBLE,
)
from tm_exporter.facts import PriceList, TokenKind, TokenPrice
from tm_exporter.money import Money, read_money
from tm_exporter.observation import Outcome, Sample
from tm_exporter.pulls.base import Pull
from tm_exporter.pulls.pages import rows_of
from tm_exporter.section import Duration, PriceUnit, ProbeSection, Surface
from tm_exporter.wire.payloads import ShapeError, enum_of, flag_of, object_of, text_of


_ACTIVE = {"activeOnly": "true"}
MOST_PRICES = 3000
"""Prices of tokens that are remembered: three for each of a thousand models."""

LONGEST_NAME = 200
"""Characters of a model's name whose prices are remembered: as many as a label has."""

_TOKENS: Mapping[PriceUnit, int] = {"per_million": 1_000_000, "per_token": 1}
_EXACT = Context(prec=40)  # an int64, nine more digits and a million
_KINDS: Mapping[str, TokenKind] = {
    "inputTokenPrice": "input",
    "outputTokenPrice": "output",
    "cachedTokenPrice": "cached",
}
_MONEY = {"currencyCode", "units", "nanos"}
_NAME = re.compile(r"[A-Za-z]\w{0,63}", re.ASCII)
_ANY_GPU = "GPU_TYPE_UNSPECIFIED"
_ANY_CLOUD = "CLOUD_PROVIDER_UNSPECIFIED"
_OTHERS = 8  # prices of an entry besides the three
_HIGHEST = 1_000_000  # of what is listed, in units of the currency
_USUAL = (Decimal("1e-9"), Decimal("1e-3"))  # of a token, in units of the currency


class PricingSection(ProbeSection):
    """The price lists of tokens and GPUs."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("control_plane",)
    optional: ClassVar[bool] = True
    kind: Literal["pricing"] = "pricing"
    interval: Duration = 3600.0
    timeout: Duration = 20.0

    price_unit: PriceUnit | None = None
    """How the numbers of this account's list are read, over the top of the file."""


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """
    A price of an entry, as it is listed.

    Attributes:
        model: As inference is asked for it.
        kind: Of the tokens: input, output, cached, or the name of the field.
        money: For as many tokens as the unit says.
    """

    model: str
    kind: str
    money: Money


@dataclass(frozen=True, slots=True)
class GpuPrice:
    """
    What an hour of a GPU costs.

    Attributes:
        gpu_type, cloud_provider: The texts of the enumerations.
        hourly: For one GPU.
    """

    gpu_type: str
    cloud_provider: str
    hourly: Money


class PricingPull(Pull[PricingSection]):
    """
    The list of token prices decides whether the route counts as supported.

    That of GPUs is for an older product, and may be gone without being missed.
    """

    async def run(self) -> Outcome:
        """
        Ask for both lists.

        Returns:
            A sample for each price of an active entry, whichever list can be read.
            The prices of input, output and cached tokens are a fact, too.
        """
        reading = self.reading()
        listed = await reading.ask(
            "/v1/billing/serverless-pricing", _read_listed, params=_ACTIVE
        )
        gpus = await reading.ask(
            "/v1/billing/gpu-pricing", _read_gpus, params=_ACTIVE, may_be_missing=True
        )
        prices = () if listed is None else tuple(self._per_token(listed))
        samples = [*self._samples(prices), *_gpu_samples(gpus or ())]
        facts = () if listed is None else (_price_list(prices),)
        return reading.outcome(samples, facts, optional=True)

    @property
    def _unit(self) -> PriceUnit:
        return self.section.price_unit or "per_million"

    def _per_token(self, listed: tuple[ListedPrice, ...]) -> Iterator[ListedPrice]:
        """Yield what one token costs, exactly."""
        for one in listed:
            amount = _EXACT.divide(one.money.amount, Decimal(_TOKENS[self._unit]))
            yield ListedPrice(one.model, one.kind, Money(one.money.currency, amount))

    def _samples(self, prices: tuple[ListedPrice, ...]) -> Iterator[Sample]:
        for one in prices:
            labels = (one.model, one.kind, one.money.currency)
            yield Sample(MODEL_PRICE_PER_TOKEN, float(one.money.amount), labels)
        if prices:
            yield Sample(PRICE_UNIT_PLAUSIBLE, _is_plausible(prices), (self._unit,))


def _price_list(prices: tuple[ListedPrice, ...]) -> PriceList:
    """Return the fact: what the budget and comparisons go by."""
    known = {kind: kind for kind in _KINDS.values()}
    return PriceList(
        tuple(
            TokenPrice(one.model, known[one.kind], one.money.currency, one.money.amount)
            for one in prices
            if one.kind in known and len(one.model) <= LONGEST_NAME
        )[:MOST_PRICES],
        is_plausible=_is_plausible(prices),
    )


def _is_plausible(prices: tuple[ListedPrice, ...]) -> bool:
    """Whether every price that is not zero has the size of a token's."""
    low, high = _USUAL
    amounts = (one.money.amount for one in prices)
    return all(low <= amount <= high for amount in amounts if amount)


def _read_listed(payload: Any) -> tuple[ListedPrice, ...]:
    """Return the prices of active models; of several for the same the first counts."""
    entries = _entries(payload)
    # Without zero values, an inactive entry has no such field; a list in which no
    # entry has it is one that does not know it.
    says = any(entry.get("isActive") is not None for entry in entries)
    found: dict[tuple[str, str, str], ListedPrice] = {}
    for at, entry in enumerate(entries):
        where = f"pricing[{at}]"
        if says and not flag_of(entry.get("isActive"), f"{where}.isActive"):
            continue
        for one in _prices(entry, where):
            found.setdefault((one.model, one.kind, one.money.currency), one)
    return tuple(found.values())


def _prices(entry: Mapping[str, Any], where: str) -> Iterator[ListedPrice]:
    """Yield what an entry lists; nothing for one that names no model."""
    model = text_of(entry.get("model"), f"{where}.model")
    if not model:
        return
    for field, kind in _KINDS.items():
        money = _price(entry.get(field), f"{where}.{field}")
        if money is not None:
            yield ListedPrice(model, kind, money)
    for field in _other_prices(entry):
        money = _price(entry[field], f"{where}.{field}")
        if money is not None:
            yield ListedPrice(model, field, money)


def _other_prices(entry: Mapping[str, Any]) -> list[str]:
    """Return the other fields that hold money, as many as anyone would list."""
    names = sorted(
        name
        for name, value in entry.items()
        if name not in _KINDS and _NAME.fullmatch(name) and _is_money(value)
    )
    return names[:_OTHERS]


def _is_money(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and value.keys() <= _MONEY


def _read_gpus(payload: Any) -> tuple[GpuPrice, ...]:
    """Return what active GPUs cost; an entry that does not say so is not active."""
    found: dict[tuple[str, str, str], GpuPrice] = {}
    for at, entry in enumerate(_entries(payload)):
        where = f"pricing[{at}]"
        hourly = _price(entry.get("hourlyRate"), f"{where}.hourlyRate")
        active = flag_of(entry.get("isActive"), f"{where}.isActive")
        if hourly is None or not active:
            continue
        gpu = enum_of(entry.get("gpuType"), f"{where}.gpuType")
        cloud = enum_of(entry.get("cloudProvider"), f"{where}.cloudProvider")
        price = GpuPrice(gpu or _ANY_GPU, cloud or _ANY_CLOUD, hourly)
        found.setdefault((price.gpu_type, price.cloud_provider, hourly.currency), price)
    return tuple(found.values())


def _gpu_samples(prices: tuple[GpuPrice, ...]) -> Iterator[Sample]:
    for one in prices:
        labels = (one.gpu_type, one.cloud_provider, one.hourly.currency)
        yield Sample(GPU_PRICE_PER_HOUR, float(one.hourly.amount), labels)


def _entries(payload: Any) -> list[Mapping[str, Any]]:
    """Return the objects of the list."""
    rows = rows_of(payload, "pricing")
    return [object_of(row, f"pricing[{at}]") for at, row in enumerate(rows)]


def _price(value: Any, what: str) -> Money | None:
    """Return what something costs, None where it is not given."""
    money = read_money(value, what)
    if money is not None and not 0 <= money.amount <= _HIGHEST:
        raise ShapeError(f"{what} is no price")
    return money
