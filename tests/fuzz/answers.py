"""Targets that read what a service answers: streams, and JSON in one piece."""

import asyncio
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import pairwise
from typing import Any

from tests.pulls.scripted import KEY, NOW, ScriptedPlane
from tests.verdict.answers import exchange
from tests.verdict.streams import Play, paced
from tm_exporter.catalog import FAMILIES
from tm_exporter.clients.decoding import BrokenCoding, decoder_for
from tm_exporter.exchange import Piece
from tm_exporter.kinds import PROBES
from tm_exporter.observation import Outcome, Sample
from tm_exporter.probes.routes import CHAT, COMPLETIONS, RESPONSES, Route
from tm_exporter.probes.streaming import (
    VIOLATIONS,
    timing_samples,
    violation_samples,
)
from tm_exporter.probes.tokenize import read_count, read_text
from tm_exporter.reasons import GENERATED, STREAMED
from tm_exporter.verdict import Promise, judge
from tm_exporter.wire.payloads import (
    read_chat,
    read_completion,
    read_models,
    read_tokens,
    read_version,
)
from tm_exporter.wire.responses import read_response
from tm_exporter.wire.sse import Event, EventSplitter, TooLarge


STATUSES = (200, 200, 200, 201, 400, 402, 403, 404, 429, 500, 503, 301)
CODINGS = (None, None, "gzip", "deflate", "gzip, deflate", "br")
MOST_DECODED = 1024 * 1024
MOST_PIECES = 500

READERS: Mapping[str, Callable[[Any], Any]] = {
    "chat": read_chat,
    "completion": read_completion,
    "response": read_response,
    "models": read_models,
    "tokens": read_tokens,
    "version": read_version,
    "count": read_count,
    "text": read_text,
}
ROUTES: Mapping[str, Route] = {
    "chat": CHAT,
    "completions": COMPLETIONS,
    "responses": RESPONSES,
}
PULLS: Mapping[str, tuple[Any, Any]] = {
    section.model_fields["kind"].default: (section, pull)
    for section, pull in PROBES.items()
    if section.surfaces == ("control_plane",)
}


def named(data: bytes) -> tuple[str, int, bytes]:
    """Return what an input of several readers begins with: a name, a number; rest."""
    head, _, rest = data.partition(b"\n")
    name, _, number = head.decode("ascii", "replace").partition(" ")
    return name, int(number[:4]) if number.isdecimal() else 0, rest


def cut(data: bytes, size: int) -> list[bytes]:
    """Return pieces of a size, but not too many; of 0 all in one."""
    size = max(size, len(data) // MOST_PIECES) if size else len(data) or 1
    return [data[at : at + size] for at in range(0, len(data), size)]


def read_events(data: bytes) -> None:
    """Server-sent events are the same, however the network cuts them."""
    _, size, body = named(data)
    assert _events(cut(body, size)) == _events([body])


def read_stream(data: bytes) -> None:
    """A streamed answer on one of the routes: `route PIECES`, then its bytes."""
    name, number, body = named(data)
    route = ROUTES.get(name)
    if route is None:
        return
    coding = CODINGS[number // 100 % len(CODINGS)]
    seen = Play(route=route, coding=coding)(paced(cut(body, number % 100)))
    verdict = seen.judged.verdict
    assert verdict.reason is None or verdict.reason in STREAMED
    assert verdict.passed or verdict.detail
    assert set(seen.violations) <= set(VIOLATIONS)
    assert seen.used is None or min(seen.used.input, seen.used.output) >= 0
    samples = [
        *violation_samples(seen),
        *timing_samples(seen.timing, passed=verdict.passed),
    ]
    assert all(0 <= sample.value < 1e9 for sample in samples)
    for earlier, later in pairwise(seen.record.content_times):
        assert earlier <= later


def read_answer(data: bytes) -> None:
    """An answer in one piece: `reader STATUS`, then its bytes."""
    name, number, body = named(data)
    if name not in READERS:
        return
    status = STATUSES[number % len(STATUSES)]
    promise: Promise[Any] = Promise(
        surface="on_demand", read=READERS[name], model="tiny", may_be_empty=True
    )
    seen = exchange(body, status=status, close_delimited=number % 2 == 1)
    verdict = judge(seen, promise).verdict
    assert verdict.reason is None or verdict.reason in GENERATED
    assert verdict.passed or verdict.detail
    assert "\n" not in verdict.detail


def read_control_plane(data: bytes) -> None:
    """One answer for all that a pull asks: `pull STATUS`, then its bytes."""
    name, number, body = named(data)
    if name not in PULLS:
        return
    section, pull = PULLS[name]
    status = STATUSES[number % len(STATUSES)]
    plane = Plane(lambda *_: exchange(body, status=status))
    run = pull(section(), KEY, plane, clock=lambda: 0.0, now=lambda: NOW).run()
    outcome: Outcome = asyncio.run(run)
    verdict = outcome.verdict
    assert verdict.reason is None or verdict.reason in pull.reasons
    assert verdict.passed or verdict.detail
    assert "\n" not in verdict.detail
    for sample in outcome.samples:
        _check(sample)


def decode(data: bytes) -> None:
    """A compressed body never gives more than was asked for."""
    name, size, body = named(data)
    with suppress(BrokenCoding):
        decoder = decoder_for(name.replace("+", ","))
        left = MOST_DECODED
        for piece in cut(body, size):
            plain = decoder.decode(piece, left)
            assert len(plain) <= left
            left -= len(plain)
            if not left:
                break


class Plane(ScriptedPlane):
    """One whose token says nothing of itself."""

    async def credential_expiry(self) -> float | None:
        """Return nothing."""
        return None


def _check(sample: Sample) -> None:
    """Fail for a sample that no page could show."""
    assert math.isfinite(sample.value)
    assert sample.family in FAMILIES
    for label in sample.labels:
        label.encode("utf-8")


def _events(pieces: list[bytes]) -> list[Event] | None:
    """Return the events of a stream, None for too large a one."""
    splitter = EventSplitter()
    found: list[Event] = []
    try:
        for piece in pieces:
            found += splitter.feed(Piece(0.0, piece))
        last = splitter.finish(0.0)
    except TooLarge:
        return None
    return [*found, *([] if last is None else [last])]
