"""
What runs learn besides numbers, for those who compare several probes.

A probe puts a fact into its outcome; derivations and the choice of models read it.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Self

from tm_exporter.money import Money
from tm_exporter.observation import Fact
from tm_exporter.wire.payloads import Completion, ServedModel


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
        is_plausible: Whether they are of the size that tokens cost; if not, they
            are probably read in the wrong unit.
    """

    prices: tuple[TokenPrice, ...]
    is_plausible: bool = True


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
class DeploymentEvent:
    """
    Something that happened to a deployment.

    Attributes:
        kind: The text of the enumeration, or its number as text.
        at: Seconds since the epoch; None where that is not told.
    """

    kind: str
    at: float | None


@dataclass(frozen=True, slots=True)
class DeploymentEvents(Fact):
    """
    What is told of an account's deployments; of old events, perhaps no more.

    Attributes:
        listed: Id of each deployment, with its events in the order of the list.
    """

    listed: tuple[tuple[str, tuple[DeploymentEvent, ...]], ...]


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


@dataclass(frozen=True, slots=True)
class ModelIdentity(Fact):
    """
    Which build of a model answered, by its own word.

    Attributes:
        model: As it was asked for.
        fingerprint: Of weights and configuration, `system_fingerprint`.
    """

    model: str
    fingerprint: str

    @classmethod
    def of(cls, model: str, completion: Completion | None) -> "tuple[Self, ...]":
        """
        Return the fact that an answer tells.

        None if it names no fingerprint, or another model, whose fingerprint it is.
        """
        if completion is None or completion.fingerprint is None:
            return ()
        if completion.model not in (None, model):
            return ()
        return (cls(model, completion.fingerprint),)


@dataclass(frozen=True, slots=True)
class VersionNamed(Fact):
    """
    The version that a service names.

    Attributes:
        version: As it is written there.
    """

    version: str


@dataclass(frozen=True, slots=True)
class BalanceRead(Fact):
    """
    The prepaid credit of an account.

    Attributes:
        balance: What is left.
    """

    balance: Money


@dataclass(frozen=True, slots=True)
class SpendingRead(Fact):
    """
    What an account spent within rolling windows.

    Attributes:
        windows: By the label value of the window: `24h`, `7d`, `30d`.
    """

    windows: tuple[tuple[str, Money], ...]


@dataclass(frozen=True, slots=True)
class SpendingBucket:
    """
    What was spent and saved from one moment to the next bucket's.

    Attributes:
        start: Seconds since the epoch.
        amount: None where it is not given; likewise the saving.
        saving: Credited to the KV cache.
    """

    start: float
    amount: Money | None
    saving: Money | None


@dataclass(frozen=True, slots=True)
class SpendingHistory(Fact):
    """
    The last month of an account.

    Attributes:
        buckets: In order of time; the last one may still grow.
    """

    buckets: tuple[SpendingBucket, ...]


@dataclass(frozen=True, slots=True)
class UsageRow:
    """
    What one model was used for within one bucket of time.

    Attributes:
        start: Seconds since the epoch.
        model: As inference is asked for it.
        input, output, cached, requests: None where it is not given.
    """

    start: float
    model: str
    input: int | None
    output: int | None
    cached: int | None
    requests: int | None


@dataclass(frozen=True, slots=True)
class UsageRead(Fact):
    """
    The usage of an account, by day and model.

    Attributes:
        rows: In order of time; those of the last day may still grow.
    """

    rows: tuple[UsageRow, ...]
