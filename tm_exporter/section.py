"""The base of every section of the configuration, and the types they share."""

import re
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)


Surface = Literal["serverless", "on_demand", "control_plane"]
PriceUnit = Literal["per_million", "per_token"]

_UNITS = {
    unit: Decimal(seconds)
    for unit, seconds in (
        ("ms", "0.001"),
        ("s", 1),
        ("m", 60),
        ("h", 3600),
        ("d", 86400),
    )
}
_LONGEST = 3660 * 86_400
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_DURATION = rf"^(?:{_PART.pattern})+$"


def parse_duration(value: Any) -> float:
    """
    Return the seconds that a text such as `500ms`, `15s` or `1h30m` means.

    Raises:
        ValueError: For a bare number, or anything else that has no unit.
    """
    text = str(value)
    if isinstance(value, str) and re.fullmatch(_DURATION, text):
        # As decimals: 700 times the binary 0.001 is no 0.7, which labels would show.
        parts = (Decimal(n) * _UNITS[unit] for n, unit in _PART.findall(text))
        seconds = float(sum(parts))
        if seconds > _LONGEST:
            raise ValueError(f"{text:.20} is more than ten years")
        if seconds > 0:
            return seconds
        raise ValueError(f"{text} is no time at all")
    if re.fullmatch(r"\d+(\.\d+)?", text):
        raise ValueError(f"{text} has no unit: write {text}s, {text}m or {text}h")
    raise ValueError(f"{text!r} is not a duration such as 500ms, 15s or 1h30m")


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": _DURATION, "examples": ["1h30m"]}),
]


class Section(BaseModel):
    """
    A part of the configuration: frozen, and strict about its keys.

    A docstring under an attribute is its description in the reference.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # the input may hold a key
        use_attribute_docstrings=True,
    )


class TtftObjective(Section):
    """How many canaries must show their first token how soon."""

    objective: float = Field(gt=0, lt=1)
    """Share of evaluated runs that must not be slower, such as 0.95."""

    threshold: Duration
    """The first token must come within this time."""


class Slo(Section):
    """Service level objectives; what is left out is no objective."""

    availability: float | None = Field(default=None, gt=0, lt=1)
    """Share of expected slots that must not fail, such as 0.99."""

    ttft: TtftObjective | None = None
    """Time to first token, over passed runs."""


class ProbeSection(Section):
    """What every probe can be told, whatever its kind."""

    surfaces: ClassVar[tuple[Surface, ...]]
    per_model: ClassVar[bool] = False  # one probe for each model, else for the target
    paid: ClassVar[bool] = False  # a run costs money
    optional: ClassVar[bool] = False  # the route may not be there
    shows_first_token: ClassVar[bool] = False  # and its time is in the histogram

    kind: str
    """Which code it runs; the probe's name where it is left out."""

    interval: Duration
    """Seconds between the slots of its grid."""

    timeout: Duration
    """Seconds for a whole run, names and handshakes included; at most the interval."""

    slo: Slo | None = None
    """Objectives of this probe, over those at the top of the file."""

    @model_validator(mode="after")
    def _timeout_fits_interval(self) -> Self:
        """Who asks every second means no timeout of five, and need not say so."""
        if self.timeout > self.interval and self.is_timeout_written:
            raise ValueError(
                f"timeout ({self.timeout:g}s) exceeds interval ({self.interval:g}s)"
            )
        fits = min(self.timeout, self.interval)
        object.__setattr__(self, "timeout", fits)  # which is still not written
        return self

    def every(self, interval: float) -> Self:
        """Return the section with another interval, and what must fit into it."""
        timeout = min(self.timeout, interval)
        return self.model_copy(update={"interval": interval, "timeout": timeout})

    @property
    def is_timeout_written(self) -> bool:
        """Whether the timeout was chosen; else it is no longer than any interval."""
        return "timeout" in self.model_fields_set
