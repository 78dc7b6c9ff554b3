"""Whatever a service sends, there is a verdict, and never an exception."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verdict.answers import (
    CUT,
    DONE,
    HELLO,
    HUGE,
    LATE,
    STALLED,
    as_json,
    event,
    exchange,
    read,
)
from tests.verdict.streams import Play, paced
from tm_exporter.exchange import FaultKind
from tm_exporter.observation import Verdict
from tm_exporter.probes.routes import CHAT, COMPLETIONS, RESPONSES, Route
from tm_exporter.probes.streaming import (
    VIOLATIONS,
    timing_samples,
    violation_samples,
)
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
from tm_exporter.wire.retry_after import LONGEST, seconds_to_wait


KEYS = st.sampled_from(
    (
        "choices",
        "code",
        "completion_tokens",
        "content",
        "data",
        "delta",
        "error",
        "finish_reason",
        "function",
        "id",
        "incomplete_details",
        "index",
        "item",
        "max_model_len",
        "message",
        "model",
        "name",
        "object",
        "output",
        "prompt_tokens_details",
        "reasoning",
        "response",
        "status",
        "text",
        "tokens",
        "tool_calls",
        "type",
        "usage",
        "version",
    )
)
TYPES = (
    *("response.completed", "response.incomplete", "response.failed"),
    *("response.output_text.delta", "response.output_item.added"),
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=5) | st.sampled_from(
    ("error", "failed", "response", "stop", "abort", "message", *TYPES)
)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)
STATUSES = st.sampled_from((200, 200, 200, 201, 204, 302, 400, 403, 404, 429, 500))
FAULTS = st.sampled_from((None, None, CUT, LATE, STALLED, HUGE))
PARTS = st.one_of(
    st.binary(max_size=20),
    JSON.map(event),
    JSON.map(lambda value: event({"choices": [{"delta": value}]})),
    st.builds(
        lambda kind, value: event({"type": kind, "response": value, "delta": value}),
        st.sampled_from(TYPES),
        JSON,
    ),
    st.sampled_from((HELLO, DONE, b"data: ", b"\r\n\r\n", b": c\n", b"event: error\n")),
)


@pytest.mark.parametrize(
    "reader",
    [
        read_chat,
        read_completion,
        read_response,
        read_models,
        read_tokens,
        read_version,
    ],
    ids=lambda reader: reader.__name__,
)
@given(value=JSON, status=STATUSES, ended=FAULTS)
@settings(max_examples=120, deadline=None)
def test_any_json_as_an_answer(
    reader: Any, value: Any, status: int, ended: Any
) -> None:
    """Services answer what they like; the readers are not surprised."""
    promise: Promise[Any] = Promise(
        surface="on_demand", read=reader, model="tiny", may_be_empty=True
    )

    judged = judge(exchange(as_json(value), status=status, ended=ended), promise)

    assert_sound(judged.verdict, GENERATED)


@given(body=st.binary(max_size=60), status=STATUSES, closed=st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_bytes_as_an_answer(body: bytes, *, status: int, closed: bool) -> None:
    """Nor does anything that is no JSON at all surprise them."""
    promise: Promise[Any] = Promise(surface="control_plane", read=read_chat)

    judged = judge(exchange(body, status=status, close_delimited=closed), promise)

    assert_sound(judged.verdict, GENERATED)


@given(parts=st.lists(PARTS, max_size=6), status=STATUSES, ended=FAULTS)
@settings(max_examples=250, deadline=None)
def test_any_bytes_as_a_stream(parts: list[bytes], status: int, ended: Any) -> None:
    """A stream may be anything, and may end anywhere."""
    seen = exchange(
        b"".join(parts), status=status, media="text/event-stream", ended=ended
    )
    promise: Promise[Any] = Promise(surface="serverless", model="tiny")

    judged = judge(seen, promise, read(part for part in parts if part))

    assert_sound(judged.verdict, STREAMED)


@pytest.mark.parametrize("route", [CHAT, COMPLETIONS, RESPONSES], ids=lambda r: r.path)
@given(
    parts=st.lists(PARTS, max_size=6),
    cuts=st.lists(st.integers(0, 200), max_size=4),
    coding=st.sampled_from((None, None, "gzip", "deflate", "br")),
    ended=st.sampled_from((None, *FaultKind)),
)
@settings(max_examples=150, deadline=None)
def test_any_bytes_in_any_pieces_on_any_route(
    route: Route,
    parts: list[bytes],
    cuts: list[int],
    coding: str | None,
    ended: FaultKind | None,
) -> None:
    """From the wire to the numbers there is a verdict, within bounds."""
    body = b"".join(parts)
    edges = [0, *sorted(cuts), len(body)]
    pieces = [body[start:end] for start, end in pairwise(edges)]

    seen = Play(route=route, coding=coding, ended=ended)(paced(pieces))

    samples = [*violation_samples(seen), *timing_samples(seen.timing, passed=True)]
    assert_sound(seen.judged.verdict, STREAMED)
    assert set(seen.violations) <= set(VIOLATIONS)
    assert seen.record.events <= len(body)
    assert all(0 <= sample.value < 1e9 for sample in samples)
    assert seen.used is None or min(seen.used.input, seen.used.output) >= 0


@given(value=st.text(max_size=40) | st.none(), now=st.floats(0, 4e9))
@settings(max_examples=100, deadline=None)
def test_any_text_as_retry_after(value: str | None, now: float) -> None:
    """A strange header is no reason to wait longer than is bearable."""
    assert 0 <= seconds_to_wait(value, now=now, otherwise=60.0) <= LONGEST


def assert_sound(verdict: Verdict, promised: Any) -> None:
    """Every reason is one that the probe promised; each failure has a sentence."""
    assert verdict.reason is None or verdict.reason in promised
    assert verdict.passed or verdict.detail
    assert "\n" not in verdict.detail
