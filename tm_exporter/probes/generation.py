"""What the probes that let a model generate have in common."""

import re
from typing import Annotated, Any, ClassVar, Self, TypeVar

import orjson
from pydantic import Field, JsonValue, field_validator, model_validator

from tm_exporter.catalog import CANARY_TOKENS
from tm_exporter.observation import Sample
from tm_exporter.payloads import Completion, Usage
from tm_exporter.probes.base import InferenceProbe
from tm_exporter.section import Duration, ProbeSection, Section, Surface


class Expectation(Section):
    """What an answer must be, beyond being an answer; exactly one of these."""

    regex: str | None = None
    """Must be found in the text."""

    json_: bool | None = Field(default=None, alias="json")
    """The text must be a JSON document."""

    tool_call: str | None = None
    """A function of this name must be called."""

    @field_validator("regex")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from None
        return value

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (
            sum(value is not None for value in (self.regex, self.json_, self.tool_call))
            != 1
        ):
            raise ValueError("give exactly one of regex, json and tool_call")
        return self


MaxTokens = Annotated[
    int,
    Field(
        ge=1,
        le=100_000,
        description="Output tokens which one request may use at the most.",
    ),
]


_OURS = {
    "model": "each probe asks the models of its target",
    "stream": "that is what the kinds differ in",
}


class GenerationSection(ProbeSection):
    """A canary request for which the service bills tokens."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("serverless", "on_demand")
    per_model: ClassVar[bool] = True
    paid: ClassVar[bool] = True

    timeout: Duration = 30.0
    max_tokens: MaxTokens = 16

    prompt_tokens: int | None = Field(default=None, ge=1, le=1_000_000)
    """Length of a filler prompt; the short built-in prompt where left out."""

    body: dict[str, JsonValue] = Field(default_factory=dict)
    """Merged into the request's JSON, over what the probe would send."""

    expect: Expectation | None = None
    """What the answer must be, beyond being an answer."""

    @field_validator("body")
    @classmethod
    def _fits_kind_and_target(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        for key, why in _OURS.items():
            if key in value:
                raise ValueError(f"must not set `{key}`: {why}")
        return value


GenerationT = TypeVar("GenerationT", bound=GenerationSection)


class StreamSection(GenerationSection):
    """A canary whose answer comes as a stream of events."""

    idle_timeout: Duration = 10.0
    """Seconds without an event which end a stream that has begun."""


PROMPT = "Reply with one word: ready."
"""The built-in prompt: well below the 64 tokens that the budget counts for it."""


class GenerationProbe(InferenceProbe[GenerationT]):
    """What the probes that let a model generate share."""

    def chat_request(self) -> dict[str, Any]:
        """Return the request's JSON, before a stream is asked for."""
        return {
            "model": self.key.model,
            "messages": [{"role": "user", "content": PROMPT}],
            "max_tokens": self.section.max_tokens,
            "temperature": 0,
        }

    def unmet(self, completion: Completion) -> str | None:
        """Say which expectation an answer does not meet, None if it meets all."""
        expect = self.section.expect
        return None if expect is None else unmet(expect, completion)


def unmet(expect: Expectation, completion: Completion) -> str | None:
    """
    Say how an answer differs from what is expected, None if it does not.

    A model that thinks aloud may use up its tokens before it says anything, so a
    regular expression looks at the reasoning where only that was said.
    """
    if expect.regex is not None:
        cut_short = not completion.text and completion.finish_reason == "length"
        text = completion.reasoning if cut_short else completion.text
        found = re.search(expect.regex, text)
        return None if found else "the text does not match the regular expression"
    if expect.json_ is not None:
        return None if expect.json_ is is_json(completion.text) else _json_text(expect)
    called = expect.tool_call in completion.tool_calls
    return None if called else f"{expect.tool_call} was not called"


def _json_text(expect: Expectation) -> str:
    return "the text is not JSON" if expect.json_ else "the text is JSON"


def is_json(text: str) -> bool:
    """Whether a text is one JSON document."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def token_samples(usage: Usage | None) -> tuple[Sample, ...]:
    """Return the tokens of a run by kind; what was not reported is left out."""
    if usage is None:
        return ()
    counts = {
        "input": usage.input,
        "output": usage.output,
        "cached": usage.cached,
        "reasoning": usage.reasoning,
    }
    return tuple(
        Sample(CANARY_TOKENS, count, (kind,))
        for kind, count in counts.items()
        if count is not None
    )


def merged(body: dict[str, Any], over: dict[str, JsonValue]) -> dict[str, Any]:
    """Return `body` with the keys of `over` set, as deep as both are objects."""
    result = dict(body)
    for key, value in over.items():
        old = result.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[key] = merged(old, value) if both else value  # type: ignore[arg-type]
    return result
