"""Prices of a list, by what has them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from tm_exporter.facts import PriceList


class Priced(NamedTuple):
    """
    What has a price.

    Attributes:
        model: As inference is asked for it.
        kind: Of the tokens.
        currency: Of the price.
    """

    model: str
    kind: str
    currency: str


Prices = Mapping[Priced, Decimal]
"""For one token of each."""


def prices_of(listed: PriceList) -> dict[Priced, Decimal]:
    """Return the price of each token; of two for one thing, the higher."""
    found: dict[Priced, Decimal] = {}
    for price in listed.prices:
        priced = Priced(price.model, price.kind, price.currency)
        found[priced] = max(price.amount, found.get(priced, price.amount))
    return found
