"""One request that generates: what it says, when, and what it costs."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from tm_exporter.simulator.asked import Asked
from tm_exporter.simulator.event_stream import PING
from tm_exporter.simulator.generation import Generation, PartKind
from tm_exporter.simulator.pace import Pace
from tm_exporter.simulator.switches import Switches


class ConnectionCut(Exception):  # noqa: N818 - it is an order to the gate
    """Asks the gate to reset the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """
    A request on its way through the simulator.

    Attributes:
        id: Unique; ids of answers are made from it.
        created: Seconds since the epoch.
        asked: What it asks for.
        generation: What is said.
        cached: Tokens of the prompt found in the cache.
        pace: When each token is due.
        switches: In force when it came.
        bill: Told the tokens that were generated, once, at the end.
    """

    id: str
    created: int
    asked: Asked
    generation: Generation
    cached: int
    pace: Pace
    switches: Switches
    bill: Callable[[int], None]

    @property
    def model(self) -> str:
        """The name answers carry."""
        return self.switches.answered_model or self.asked.model.name

    def usage(self) -> dict[str, Any]:
        """Return what was used, in the names of chat."""
        prompt, output = len(self.asked.prompt), self.generation.tokens
        usage: dict[str, Any] = {
            "prompt_tokens": prompt,
            "total_tokens": prompt + output,
            "completion_tokens": output,
        }
        if self.switches.cache_details != "absent":
            usage["prompt_tokens_details"] = self._cache_details()
        if thought := self.generation.count("reasoning"):
            usage["completion_tokens_details"] = {"reasoning_tokens": thought}
        return usage

    def _cache_details(self) -> dict[str, int] | None:
        if self.switches.cache_details == "null":
            return None
        told = (
            self.switches.cache_details == "tokens" and self.asked.model.reports_cache
        )
        cached = self.cached if told else 0
        created = len(self.asked.prompt) - self.cached if told else 0
        return {"cached_tokens": cached, "created_cache_tokens": created}


class Form(Protocol):
    """How one route words an answer."""

    def whole(self) -> dict[str, Any]:
        """Return the answer in one piece."""
        ...

    def opening(self) -> list[bytes]:
        """Return the events before the first token."""
        ...

    def token(self, kind: PartKind, piece: str) -> list[bytes]:
        """Return the events of one token."""
        ...

    def closing(self, *, finish: bool) -> list[bytes]:
        """Return the events after the last token, with or without its reason."""
        ...

    def terminator(self) -> bytes:
        """Return the event that ends a stream."""
        ...

    def error(self) -> list[bytes]:
        """Return the events of a stream that fails."""
        ...


async def in_one_piece(run: Run, form: Form) -> dict[str, Any]:
    """Return the whole answer once its last token is due."""
    try:
        await run.pace.wait_for(run.generation.tokens - 1)
        return form.whole()
    finally:
        run.bill(run.generation.tokens)


async def events(run: Run, form: Form) -> AsyncGenerator[bytes]:
    """
    Yield the answer event by event; what was generated is billed at the end.

    Raises:
        ConnectionCut: The switches say so.
    """
    if run.switches.stream == "buffered":
        yield b"".join([event async for event in _as_generated(run, form)])
        return
    async with aclosing(_as_generated(run, form)) as answer:
        async for event in answer:
            yield event


async def _as_generated(run: Run, form: Form) -> AsyncGenerator[bytes]:
    """Yield each event when its token is there."""
    generated = 0
    spoken = _spoken(run)
    try:
        async for event in _opening(run, form):
            yield event
        for index, (kind, piece) in enumerate(spoken):
            await run.pace.wait_for(index)
            if index == len(spoken) // 2:
                await asyncio.sleep(run.switches.pause_seconds)
            generated += 1
            for event in form.token(kind, piece):
                yield event
        for event in await _ending(run, form):
            yield event
    finally:
        run.bill(generated)


async def _opening(run: Run, form: Form) -> AsyncGenerator[bytes]:
    if run.switches.ping:
        yield PING
    if run.switches.opening == "at_once":
        for event in form.opening():
            yield event
    await run.pace.wait_for(0)
    if run.switches.opening == "with_first_token":
        for event in form.opening():
            yield event


def _spoken(run: Run) -> list[tuple[PartKind, str]]:
    """Return the tokens that are streamed; half of them if the stream will break."""
    steps = list(run.generation.steps())
    breaks = run.switches.stream in ("stalled", "truncated", "cut", "error")
    return steps[: (len(steps) + 1) // 2] if breaks else steps


async def _ending(run: Run, form: Form) -> list[bytes]:
    match run.switches.stream:
        case "cut":
            raise ConnectionCut
        case "stalled":
            await asyncio.Event().wait()
        case "truncated":
            return []
        case "error":
            return form.error()
        case "no_done":
            return form.closing(finish=True)
    finish = run.switches.stream != "no_finish"
    return [*form.closing(finish=finish), form.terminator()]
