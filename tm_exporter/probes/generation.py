"""What the probes that let a model generate have in common."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import Field, JsonValue, field_validator, model_validator

from tm_exporter.catalog import CANARY_TOKENS
from tm_exporter.observation import Demand, Reason, Sample, Verdict
from tm_exporter.probes.base import InferenceProbe
from tm_exporter.probes.bounds import PROMPT, demand, most_output, unbounded
from tm_exporter.probes.expectation import Expectation, unmet
from tm_exporter.probes.prompts import NONCE_LETTERS, filler, nonce
from tm_exporter.probes.routes import CHAT, Route
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.verdict import Judged
from tm_exporter.wire.payloads import Completion, Usage


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
    route: ClassVar[Route] = CHAT

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
    def _is_ours_to_bound(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        for key, why in _OURS.items():
            if key in value:
                raise ValueError(f"must not set `{key}`: {why}")
        request = over(cls.route.request("", "", 1), value, cls.route)
        most_output(cls.route, request)
        foreign = unbounded(request)
        if foreign is not None:
            raise ValueError(
                f"must not use `{foreign}`: nothing bounds how many tokens it comes to"
            )
        return value

    @model_validator(mode="after")
    def _has_one_prompt(self) -> Self:
        if self.prompt_tokens is not None and self.route.prompt in self.body:
            raise ValueError(
                f"`prompt_tokens` says nothing where `body` has `{self.route.prompt}`"
            )
        return self


GenerationT = TypeVar("GenerationT", bound=GenerationSection)


class StreamSection(GenerationSection):
    """A canary whose answer comes as a stream of events."""

    shows_first_token: ClassVar[bool] = True

    idle_timeout: Duration = 10.0
    """Seconds without an event which end a stream that has begun."""


@dataclass(frozen=True, slots=True)
class Checked:
    """
    What was found on one answer.

    Attributes:
        judged: With `expect` among what it was held against.
        seconds: That holding it against `expect` took, which is not the service's.
    """

    judged: Judged[Completion]
    seconds: float = 0.0


class GenerationProbe(InferenceProbe[GenerationT]):
    """What the probes that let a model generate share."""

    streamed: ClassVar[bool] = False

    @property
    def route(self) -> Route:
        """The route that it asks."""
        return self.section.route

    @cached_property
    def demands(self) -> Sequence[Demand]:
        """One request, whose prompt is as long every time."""
        return (self.demand(self.prompt()),)

    def demand(self, prompt: str) -> Demand:
        """Return what a request with this prompt may use."""
        body = self.section.body
        return demand(self.route, self.request(prompt), prompt, body)

    def prompt(self) -> str:
        """Return the prompt of one run: the built-in one, or a new one of a length."""
        wanted = self.section.prompt_tokens
        return PROMPT if wanted is None else long_prompt(wanted)

    def request(self, prompt: str) -> dict[str, Any]:
        """Return a request's JSON: ours, with `body` merged over it."""
        section, route = self.section, self.route
        ours = route.request(self.key.model, prompt, section.max_tokens)
        if self.streamed:
            ours.update(route.streamed)
        return over(ours, section.body, route)

    async def checked(self, judged: Judged[Completion]) -> Checked:
        """Return what was judged; an answer that passed must be as expected, too."""
        expect, start = self.section.expect, time.monotonic()
        if expect is None or judged.answer is None or not judged.verdict.passed:
            return Checked(judged)
        wrong = await unmet(expect, judged.answer)
        if wrong is not None:
            judged = replace(judged, verdict=Verdict(Reason.ASSERTION, wrong))
        return Checked(judged, time.monotonic() - start)


def long_prompt(tokens: int) -> str:
    """
    Return a prompt of about so many tokens, which no cache has seen before.

    The built-in one follows the filler, so that there is something to answer; what
    is too short for both is filler alone. In bytes it is at most twice as long.
    """
    room = tokens - (len(PROMPT) + 1) // 2
    if room < NONCE_LETTERS:
        return filler(tokens, nonce())
    return f"{filler(room, nonce())}\n{PROMPT}"


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


def over(
    ours: dict[str, Any], body: dict[str, JsonValue], route: Route
) -> dict[str, Any]:
    """
    Return a request with `body` merged over it.

    Where `body` bounds the output by another name than ours, that bound stands
    alone: what a service does with two of them is not defined.
    """
    named = [name for name in route.limits if body.get(name) is not None]
    if named and route.limits[0] not in body:
        ours = {key: value for key, value in ours.items() if key != route.limits[0]}
    return merged(ours, body)


def merged(body: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `body` with the keys of `over` set, as deep as both are objects."""
    result = dict(body)
    for key, value in over.items():
        old = result.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[key] = merged(old, value) if both else value  # type: ignore[arg-type]
    return result
