"""
What runs learn besides numbers, for those who compare several probes.

A probe puts a fact into its outcome; derivations and the choice of models read it.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from tm_exporter.observation import Fact
from tm_exporter.payloads import ServedModel


TokenKind = Literal["input", "output", "cached"]


@dataclass(frozen=True, slots=True)
class ModelsServed(Fact):
    """
    The model list of an inference surface.

    Attributes:
        models: In the order of the list.
    """

    models: tuple[ServedModel, ...]


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """
    What one token of a model costs.

    Attributes:
        model: As inference is asked for it.
        kind: Of the tokens.
        currency: ISO 4217 code.
        amount: For one token.
    """

    model: str
    kind: TokenKind
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PriceList(Fact):
    """
    An account's list of prices, of active entries only.

    Attributes:
        prices: In the order of the list.
    """

    prices: tuple[TokenPrice, ...]


@dataclass(frozen=True, slots=True)
class DeploymentsListed(Fact):
    """
    What is deployed in an account.

    Attributes:
        names: What inference may be asked for: each deployment's model name.
        stopped: Those of them that are stopped on purpose.
    """

    names: tuple[str, ...]
    stopped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PromptCounted(Fact):
    """
    How many tokens the built-in chat prompt has, by usage or by the tokenizer.

    Attributes:
        tokens: Template included.
        by: Who counted.
    """

    tokens: int
    by: Literal["usage", "tokenizer"]
