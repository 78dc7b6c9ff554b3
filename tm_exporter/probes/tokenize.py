"""
Send a text through the tokenizer and back: POST /tokenize, then POST /detokenize.

No model runs and nothing is billed. Then the tokenizer is asked how many tokens the
canaries' chat prompt has, which tells a silent change of it, or of the template.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from tm_exporter.catalog import TOKENIZER_ROUNDTRIP_SUCCESS
from tm_exporter.exchange import Exchange
from tm_exporter.facts import PromptCounted
from tm_exporter.judging import judge_aside
from tm_exporter.observation import Outcome, Reason, Sample, Verdict
from tm_exporter.probes.base import InferenceProbe
from tm_exporter.probes.bounds import PROMPT
from tm_exporter.probes.routes import messages
from tm_exporter.reasons import JSON_BODY
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.verdict import Judged, Promise
from tm_exporter.wire.payloads import ShapeError, count_of, object_of, read_tokens


TEXT = "The quick brown fox jumps over the lazy dog. Größe, 東京, 🙂"
"""Characters of one to four bytes, none of which any tokenizer writes otherwise."""

MOST_TOKENS = 1000
"""That the text may have: many times as many as it has bytes."""

ASK_AGAIN_AFTER = 3600.0
"""Seconds for which a service that takes no messages is not sent any."""

_TAKES_NO_MESSAGES = frozenset((400, 404, 405, 415, 422, 501))


class TokenizeSection(ProbeSection):
    """Checks key, model name and tokenizer without letting the model generate."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("serverless", "on_demand")
    per_model: ClassVar[bool] = True
    kind: Literal["tokenize"] = "tokenize"
    interval: Duration = 60.0
    timeout: Duration = 10.0


@dataclass(slots=True)
class Patience:
    """
    Whether messages may be sent.

    Attributes:
        until: Monotonic seconds before which they are not; the last service that
            got them said that it takes none.
    """

    until: float = float("-inf")


@dataclass(frozen=True, slots=True)
class TokenizeProbe(InferenceProbe[TokenizeSection]):
    """
    The text must come back as it was.

    Attributes:
        clock: Monotonic seconds.
        patience: With a service that takes no messages.
    """

    clock: Callable[[], float] = field(default=time.monotonic, compare=False)
    patience: Patience = field(default_factory=Patience, compare=False)

    reasons: ClassVar[tuple[Reason, ...]] = (*JSON_BODY, Reason.ASSERTION)

    async def run(self) -> Outcome:
        """
        Send the text there and back, within one timeout, then ask for the count.

        The count is not judged, and its exchange is not shown: a service may well
        take nothing but a prompt.

        Returns:
            Whether the text came back; how many tokens the chat prompt has.
        """
        deadline = self.clock() + self.section.timeout
        there = await self._tokenize(
            {"prompt": TEXT, "add_special_tokens": False}, deadline
        )
        surface = self.key.surface
        tokens = await judge_aside(
            there, Promise(surface=surface, read=read_tokens, check=_are_there)
        )
        if tokens.answer is None or not tokens.verdict.passed:
            return _outcome(tokens, there)
        there = there.emptied()
        back = await self._ask("/detokenize", {"tokens": tokens.answer}, deadline)
        text = await judge_aside(
            back, Promise(surface=surface, read=read_text, check=_is_the_same)
        )
        back = back.emptied()
        if not text.verdict.passed:
            return _outcome(text, there, back)
        return _outcome(text, there, back, counted=await self._count(deadline))

    async def _count(self, deadline: float) -> int | None:
        """Return how many tokens the chat prompt has, None if that is not told."""
        if self.clock() < self.patience.until:
            return None
        exchange = await self._tokenize({"messages": messages(PROMPT)}, deadline)
        if exchange.status in _TAKES_NO_MESSAGES:
            self.patience.until = self.clock() + ASK_AGAIN_AFTER
        promise = Promise(surface=self.key.surface, read=read_count)
        return (await judge_aside(exchange, promise)).answer

    async def _tokenize(self, what: Mapping[str, Any], deadline: float) -> Exchange:
        return await self._ask("/tokenize", what, deadline)

    async def _ask(
        self, path: str, what: Mapping[str, Any], deadline: float
    ) -> Exchange:
        """Post to a route, with what is left of the time."""
        left = max(0.0, deadline - self.clock())
        return await self.client.post(
            path, {"model": self.key.model, **what}, timeout=left
        )


def read_text(payload: Any) -> str:
    """Return the text that `POST /detokenize` answers; it may be empty."""
    text = object_of(payload, "the answer").get("prompt")
    if not isinstance(text, str):
        raise ShapeError("prompt is not a string")
    return text


def read_count(payload: Any) -> int:
    """Return how many tokens `POST /tokenize` counted; some services only list them."""
    told = count_of(object_of(payload, "the answer").get("count"))
    counted = len(read_tokens(payload)) if told is None else told
    if not counted:
        raise ShapeError("nothing was counted")
    return counted


def _are_there(tokens: tuple[int, ...]) -> str | None:
    """Say what is wrong with the tokens of the text, None if nothing is."""
    if len(tokens) > MOST_TOKENS:
        return f"round trip: {len(tokens)} tokens for a text of {len(TEXT)} characters"
    return None if tokens else "round trip: the text has no tokens"


def _is_the_same(text: str) -> str | None:
    """Say what is wrong with the text that came back, None if nothing is."""
    return None if text == TEXT else "round trip: another text came back"


def _outcome(
    judged: Judged[Any], *exchanges: Exchange, counted: int | None = None
) -> Outcome:
    return Outcome(
        verdict=judged.verdict,
        exchanges=exchanges,
        samples=_roundtrip(judged.verdict),
        facts=() if counted is None else (PromptCounted(counted, "tokenizer"),),
    )


def _roundtrip(verdict: Verdict) -> tuple[Sample, ...]:
    """Return whether the text came back; nothing if the way was not gone to its end."""
    if not (verdict.passed or verdict.reason is Reason.ASSERTION):
        return ()
    return (Sample(TOKENIZER_ROUNDTRIP_SUCCESS, verdict.passed),)
