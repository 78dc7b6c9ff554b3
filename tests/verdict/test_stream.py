"""2xx answers that were asked for as a stream."""

from typing import Any

import pytest

from tests.verdict.answers import (
    BROKEN,
    CUT,
    DONE,
    GOOD,
    HELLO,
    HUGE,
    LATE,
    MODEL,
    ROLE,
    STALLED,
    STOP,
    USAGE,
    chat,
    chunk,
    error,
    event,
    exchange,
    read,
    stream_reason,
)
from tm_exporter.observation import Reason, Verdict
from tm_exporter.verdict import Promise, judge
from tm_exporter.wire.sse import MOST_EVENT_BYTES, MOST_EVENTS


BAD_EVENT = b"data: {oops\n\n"
ERROR_EVENT = event({"error": {"code": "x"}})
COMMENT = b": still here\n\n"
GIANT = b"data: " + b"x" * MOST_EVENT_BYTES + b"\n\n"

ROWS: list[tuple[str, bytes, dict[str, Any], Reason | None]] = [
    ("good", GOOD, {}, None),
    ("no-content-type", GOOD, {"media": None}, None),
    ("status-201", GOOD, {"status": 201}, None),
    ("ended-by-the-close", GOOD, {"close_delimited": True}, None),
    # before the first byte
    ("late", b"", {"ended": LATE}, Reason.TIMEOUT),
    ("cut", b"", {"ended": CUT}, Reason.CONNECTION_LOST),
    ("closed", b"", {"close_delimited": True}, Reason.CONNECTION_LOST),
    ("broken-framing", b"", {"ended": BROKEN}, Reason.PROTOCOL),
    ("empty-with-a-length", b"", {}, Reason.STREAM_TRUNCATED),
    ("empty-html", b"", {"media": "text/html"}, Reason.STREAM_INVALID),
    # something else than a stream
    ("error", error(code="x"), {"media": "application/json"}, Reason.ERROR_BODY),
    ("error-untyped", error(code="x"), {"media": None}, Reason.ERROR_BODY),
    ("error-as-a-stream", error(code="x"), {}, Reason.ERROR_BODY),
    ("error-then-stall", error(code="x"), {"ended": STALLED}, Reason.ERROR_BODY),
    ("whole-chat", chat(), {"media": "application/json"}, Reason.STREAM_INVALID),
    ("html", b"<html>", {"media": "text/html"}, Reason.STREAM_INVALID),
    ("events-as-html", GOOD, {"media": "text/html"}, Reason.STREAM_INVALID),
    (
        "html-cut",
        b"<html>",
        {"media": "text/html", "ended": CUT},
        Reason.STREAM_INVALID,
    ),
    ("plain-text", b"hello\n", {}, Reason.STREAM_TRUNCATED),
    # limits
    ("giant-event", HELLO + GIANT, {}, Reason.TOO_LARGE),
    ("giant-event-first", GIANT + BAD_EVENT, {}, Reason.TOO_LARGE),
    ("bad-then-giant", BAD_EVENT + GIANT, {}, Reason.STREAM_INVALID),
    ("giant-after-done", GOOD + GIANT, {}, None),
    ("too-many-events", HELLO * (MOST_EVENTS + 1), {}, Reason.TOO_LARGE),
    ("too-many-events-unended", HELLO * MOST_EVENTS + HELLO[:-1], {}, Reason.TOO_LARGE),
    ("too-many-after-done", GOOD + HELLO * MOST_EVENTS, {}, None),
    ("too-long", ROLE + HELLO, {"ended": HUGE}, Reason.TOO_LARGE),
    ("too-long-after-done", GOOD, {"ended": HUGE}, None),
    ("bad-then-too-long", BAD_EVENT, {"ended": HUGE}, Reason.STREAM_INVALID),
    # an error within the stream
    ("error-event", HELLO + ERROR_EVENT, {}, Reason.STREAM_ERROR),
    ("error-event-first", ERROR_EVENT, {}, Reason.STREAM_ERROR),
    ("error-null", chunk({"content": "x"}, "stop", error=None) + DONE, {}, None),
    ("error-empty", chunk({"content": "x"}, error={}), {}, Reason.STREAM_ERROR),
    ("object-error", event({"object": "error"}), {}, Reason.STREAM_ERROR),
    ("event-error", event({"message": "x"}, "error"), {}, Reason.STREAM_ERROR),
    ("event-error-text", b"event: error\ndata: x\n\n", {}, Reason.STREAM_ERROR),
    ("event-error-no-data", b"event: error\n\n", {}, Reason.STREAM_ERROR),
    ("event-of-another-name", HELLO.replace(b"data", b"event: m\ndata") + STOP + DONE,
     {}, None),
    ("response-failed", event({"type": "response.failed"}), {}, Reason.STREAM_ERROR),
    ("type-error", event({"type": "error"}), {}, Reason.STREAM_ERROR),
    ("type-a-list", chunk({"content": "x"}, "stop", type=[]) + DONE, {}, None),
    ("finish-error", HELLO + chunk({}, "error") + DONE, {}, Reason.STREAM_ERROR),
    ("finish-abort", HELLO + chunk({}, "abort") + DONE, {}, Reason.STREAM_ERROR),
    ("finish-length", HELLO + chunk({}, "length") + DONE, {}, None),
    ("finish-unheard-of", HELLO + chunk({}, "filtered") + DONE, {}, None),
    ("error-then-cut", HELLO + ERROR_EVENT, {"ended": CUT}, Reason.STREAM_ERROR),
    ("error-unended", HELLO + ERROR_EVENT.rstrip(), {}, Reason.STREAM_ERROR),
    ("error-after-done", GOOD + ERROR_EVENT, {}, None),
    # not what was promised
    ("not-json", HELLO + BAD_EVENT, {}, Reason.STREAM_INVALID),
    ("not-utf-8", b'data: {"a":"\xff"}\n\n', {}, Reason.STREAM_INVALID),
    ("nan", b'data: {"choices":NaN}\n\n', {}, Reason.STREAM_INVALID),
    ("a-list", event([]), {}, Reason.STREAM_INVALID),
    ("a-number", event(1), {}, Reason.STREAM_INVALID),
    ("null", event(None), {}, Reason.STREAM_INVALID),
    ("done-in-quotes", HELLO + STOP + event("[DONE]"), {}, Reason.STREAM_INVALID),
    ("no-choices", event({"model": MODEL}), {}, Reason.STREAM_INVALID),
    ("choices-an-object", event({"choices": {}}), {}, Reason.STREAM_INVALID),
    ("delta-a-text", chunk("x"), {}, Reason.STREAM_INVALID),
    ("content-a-list", chunk({"content": []}), {}, Reason.STREAM_INVALID),
    ("broken-framing-begun", HELLO, {"ended": BROKEN}, Reason.STREAM_INVALID),
    # the first fault in the order of bytes
    ("bad-before-error", BAD_EVENT + ERROR_EVENT, {}, Reason.STREAM_INVALID),
    ("error-before-bad", ERROR_EVENT + BAD_EVENT, {}, Reason.STREAM_ERROR),
    ("bad-before-done", HELLO + BAD_EVENT + STOP + DONE, {}, Reason.STREAM_INVALID),
    ("bad-after-done", GOOD + BAD_EVENT, {}, None),
    ("stall-after-bad", BAD_EVENT, {"ended": STALLED}, Reason.STREAM_INVALID),
    ("stall-after-error", ERROR_EVENT, {"ended": STALLED}, Reason.STREAM_ERROR),
    ("cut-after-bad", HELLO + BAD_EVENT, {"ended": CUT}, Reason.STREAM_INVALID),
    # begun, and then nothing more
    ("stalled", HELLO, {"ended": STALLED}, Reason.STREAM_STALLED),
    ("not-ended-in-time", HELLO, {"ended": LATE}, Reason.STREAM_STALLED),
    ("comments-only-stalled", COMMENT, {"ended": STALLED}, Reason.STREAM_STALLED),
    ("comments-only-late", COMMENT, {"ended": LATE}, Reason.STREAM_STALLED),
    ("late-after-done", GOOD, {"ended": LATE}, None),
    ("stalled-after-finish", HELLO + STOP, {"ended": STALLED}, Reason.STREAM_STALLED),
    ("stalled-within-done", HELLO + STOP + b"data: [DO", {"ended": STALLED},
     Reason.STREAM_STALLED),
    # ended too early
    ("ended", HELLO, {}, Reason.STREAM_TRUNCATED),
    ("cut-begun", HELLO, {"ended": CUT}, Reason.STREAM_TRUNCATED),
    ("comments-only", COMMENT, {}, Reason.STREAM_TRUNCATED),
    ("one-newline", b"\n", {}, Reason.STREAM_TRUNCATED),
    ("within-an-event", HELLO + b'data: {"cho', {}, Reason.STREAM_TRUNCATED),
    ("within-a-character", HELLO + 'data: {"é'.encode()[:-1], {"ended": CUT},
     Reason.STREAM_TRUNCATED),
    ("no-done", HELLO + STOP, {}, Reason.STREAM_TRUNCATED),
    ("no-finish-reason", HELLO + DONE, {}, Reason.STREAM_TRUNCATED),
    ("done-only", DONE, {}, Reason.STREAM_TRUNCATED),
    ("role-only-no-finish", ROLE + DONE, {}, Reason.STREAM_TRUNCATED),
    ("no-done-but-usage", HELLO + STOP + USAGE, {}, Reason.STREAM_TRUNCATED),
    ("done-without-blank-line", HELLO + STOP + b"data: [DONE]", {}, None),
    ("done-then-cut", GOOD, {"ended": CUT}, None),
    ("done-without-space", HELLO + STOP + b"data:[DONE]\r\n\r\n", {}, None),
    # what was said
    ("role-only", ROLE + STOP + DONE, {}, Reason.EMPTY_OUTPUT),
    ("nothing-though-usage-counts", ROLE + STOP + USAGE + DONE, {},
     Reason.EMPTY_OUTPUT),
    ("reasoning", chunk({"reasoning": "h"}) + STOP + DONE, {}, None),
    ("reasoning-content", chunk({"reasoning_content": "h"}) + STOP + DONE, {}, None),
    ("tool-call", chunk({"tool_calls": [{"function": {"name": "f"}}]}) + STOP + DONE,
     {}, None),
    ("usage-merged", HELLO + chunk({}, "stop", usage={"completion_tokens": 1}) + DONE,
     {}, None),
    ("usage-missing", HELLO + STOP + DONE, {}, None),
    ("usage-alone", HELLO + STOP + event({"usage": {}}) + DONE, {}, None),
    ("content-after-finish", HELLO + STOP + HELLO + DONE, {}, None),
    ("all-in-one", chunk({"content": "x"}, "stop") + DONE, {}, None),
    ("other-model", GOOD.replace(MODEL.encode(), b"huge"), {}, Reason.WRONG_MODEL),
    ("model-missing", chunk({"content": "x"}, "stop", model=None) + DONE, {}, None),
    ("empty-and-other-model", chunk({}, "stop", model="x") + DONE, {},
     Reason.EMPTY_OUTPUT),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "seen", "reason"), [pytest.param(*row[1:], id=row[0]) for row in ROWS]
)
def test_a_stream(body: bytes, seen: dict[str, Any], reason: Reason | None) -> None:
    """Each row of the contract, and its boundaries with its neighbours."""
    assert stream_reason(body, **seen) is reason


def test_an_expectation_is_given_the_completion() -> None:
    """A check of what was said works on a stream as on a whole answer."""
    promise: Promise[Any] = Promise(
        surface="serverless", check=lambda said: f"{said.text} is not wanted"
    )

    judged = judge(exchange(GOOD, media=None), promise, read([GOOD]))

    assert judged.verdict == Verdict(Reason.ASSERTION, "hello is not wanted")


def test_a_status_decides_over_a_stream() -> None:
    """A 503 with events in its body is a 503."""
    promise: Promise[Any] = Promise(surface="serverless")

    judged = judge(exchange(GOOD, status=503), promise, read([GOOD]))

    assert judged.verdict.reason is Reason.OVERLOADED


@pytest.mark.parametrize("at", range(0, len(GOOD) - len(DONE), 7))
def test_a_stream_cut_anywhere_before_done_is_truncated(at: int) -> None:
    """Wherever the close falls, what is missing is the end."""
    expected = Reason.CONNECTION_LOST if at == 0 else Reason.STREAM_TRUNCATED

    assert stream_reason(GOOD[:at], ended=CUT) is expected
