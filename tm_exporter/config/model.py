"""One model of a target, and what differs for it."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from tm_exporter.config.shape import without_nulls
from tm_exporter.section import Duration, Section, Slo


def not_too_often(interval: float) -> float:
    """
    Return an interval in seconds, if anyone can mean it.

    Raises:
        ValueError: It is so short that requests would be all that happens.
    """
    if interval < 0.1:
        raise ValueError("must be at least 100ms")
    return interval


class ModelSection(Section):
    """One model to be asked, with what differs from the target's probes for it."""

    name: str = Field(min_length=1, max_length=200)
    """As the surface calls it; on On-Demand the served gateway name."""

    max_tokens: int | None = Field(default=None, ge=1, le=100_000)
    """Output tokens of one run, over the probes' own."""

    interval: Duration | None = None
    """Seconds between slots, over that of every probe that asks this model."""

    slo: Slo | None = None
    """Objectives for this model, over those of the probes that have any."""

    @field_validator("interval")
    @classmethod
    def _is_meant(cls, value: float | None) -> float | None:
        return None if value is None else not_too_often(value)

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else without_nulls(cls, value)


def _models_tag(value: Any) -> str:
    return "auto" if value == "auto" else "named"


Models = Annotated[
    Annotated[Literal["auto"], Tag("auto")]
    | Annotated[tuple[ModelSection, ...], Tag("named")],
    Discriminator(_models_tag),
]
