"""The models that are served, and what their tokens cost."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


ReasoningField = Literal["", "reasoning", "reasoning_content"]


@dataclass(frozen=True, slots=True)
class Price:
    """
    What tokens cost, in US dollars per million; cached input is free.

    Attributes:
        input: For each token of the prompt that was not cached.
        output: For each token generated, reasoning included.
    """

    input: Decimal
    output: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """
    One model of an inference surface.

    Attributes:
        name: What a request calls it.
        owner: Who is named as `owned_by`.
        max_model_len: Tokens of prompt and answer together.
        reasoning: The member in which it thinks aloud; empty if it does not.
        reports_cache: Whether it tells cached tokens; else it always says 0.
        price: None where tokens are not what is billed.
    """

    name: str
    owner: str
    max_model_len: int
    reasoning: ReasoningField = ""
    reports_cache: bool = True
    price: Price | None = None


def _priced(dollars_in: str, dollars_out: str) -> Price:
    return Price(Decimal(dollars_in), Decimal(dollars_out))


SERVERLESS_MODELS = (
    ServedModel(
        name="openai/gpt-oss-20b",
        owner="openai",
        max_model_len=131_072,
        price=_priced("0.05", "0.20"),
    ),
    ServedModel(
        name="google/gemma-4-31B-it",
        owner="google",
        max_model_len=65_536,
        price=_priced("0.14", "0.40"),
    ),
    ServedModel(
        name="MiniMaxAI/MiniMax-M2.5",
        owner="MiniMaxAI",
        max_model_len=196_608,
        reasoning="reasoning",
        price=_priced("0.30", "1.20"),
    ),
    ServedModel(
        name="deepseek-ai/DeepSeek-V4-Flash",
        owner="deepseek-ai",
        max_model_len=163_840,
        reasoning="reasoning_content",
        price=_priced("0.15", "0.60"),
    ),
    ServedModel(
        name="zai-org/GLM-5.2-NVFP4",
        owner="zai-org",
        max_model_len=202_752,
        reports_cache=False,
        price=_priced("0.45", "1.90"),
    ),
)

ON_DEMAND_MODELS = (
    ServedModel(
        name="openai-gpt-oss-120b-gpu-type-h200x1_8nic16",
        owner="vllm",
        max_model_len=131_072,
    ),
)
