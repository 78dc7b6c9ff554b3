"""Streams that fail a run, each for one reason."""

import gzip

from tests.verdict.answers import event
from tests.verdict.streams import (
    ABC,
    BAD,
    CHATTED,
    COMPLETED,
    COUNTS,
    CREATED,
    DELTAS,
    DONE,
    ERROR,
    PING,
    RESPONDED,
    ROLE,
    STOP,
    TEXT,
    TYPED,
    USAGE,
    Play,
    Row,
    bomb,
    chat,
    completed,
    compressed,
    paced,
    responded,
    response,
    rewritten,
)
from tm_exporter.exchange import FaultKind
from tm_exporter.observation import Reason
from tm_exporter.wire.sse import MOST_EVENT_BYTES, MOST_EVENTS


def nothing(reason: Reason, *events: bytes, **keys: object) -> Row:
    """Return a row in which nothing was said."""
    told = {"ttft": None, "chunks": 0, "itl": None, "text": "", "output": None}
    return Row(pieces=paced(events), reason=reason, **{**told, **keys})  # type: ignore[arg-type]  # as in Row


def cut(reason: Reason, *events: bytes, **keys: object) -> Row:
    """Return a row whose stream ends before its usage."""
    told = {"itl": None, "output": None}
    return Row(pieces=paced(events), reason=reason, **{**told, **keys})  # type: ignore[arg-type]  # as in Row


FAILED = responded(
    "failed", response=response("failed", error={"code": "server_error"})
)
GIANT = b"data: " + b"x" * MOST_EVENT_BYTES + b"\n\n"
CUT = Play(ended=FaultKind.CLOSED)
STALLED = Play(ended=FaultKind.STALLED)
LATE = Play(ended=FaultKind.TIMEOUT)
TRUNCATED, STALL = Reason.STREAM_TRUNCATED, Reason.STREAM_STALLED
INVALID, FAILS = Reason.STREAM_INVALID, Reason.STREAM_ERROR

FAILED_STREAMS = {
    "no-finish-reason": Row(
        pieces=paced([ROLE, *ABC, USAGE, DONE]),
        reason=TRUNCATED,
        violations=("no_finish_reason",),
    ),
    "no-done": Row(
        pieces=paced(CHATTED[:-1]), reason=TRUNCATED, violations=("no_done",)
    ),
    "responses-without-their-end": cut(
        TRUNCATED,
        *(CREATED, *DELTAS),
        play=TYPED,
        violations=("no_finish_reason", "no_done"),
    ),
    "responses-with-done-only": cut(
        TRUNCATED,
        *(CREATED, *DELTAS, DONE),
        play=TYPED,
        violations=("no_finish_reason", "usage_missing"),
    ),
    "completions-without-done": Row(
        pieces=paced(COMPLETED[:-1]),
        play=TEXT,
        reason=TRUNCATED,
        violations=("no_done",),
    ),
    "reset": cut(
        TRUNCATED,
        *CHATTED[:4],
        play=CUT,
        violations=("no_finish_reason", "no_done"),
    ),
    "within-an-event": cut(
        TRUNCATED,
        *(*CHATTED[:4], b'data: {"choi'),
        violations=("no_finish_reason", "no_done"),
    ),
    "gzip-cut": Row(
        pieces=compressed(CHATTED, "gzip")[:4],
        play=Play(coding="gzip", ended=FaultKind.CLOSED),
        reason=TRUNCATED,
        violations=("no_finish_reason", "no_done"),
        itl=None,
        output=None,
    ),
    "stalled": cut(
        STALL, *CHATTED[:4], play=STALLED, violations=("no_finish_reason", "no_done")
    ),
    "not-ended-in-time": cut(
        STALL, *CHATTED[:4], play=LATE, violations=("no_finish_reason", "no_done")
    ),
    "comments-only": nothing(
        TRUNCATED, PING, violations=("no_content", "no_finish_reason", "no_done")
    ),
    "comments-only-stalled": nothing(
        STALL,
        PING,
        play=STALLED,
        violations=("no_content", "no_finish_reason", "no_done"),
    ),
    "role-only": nothing(
        Reason.EMPTY_OUTPUT,
        *(ROLE, STOP, USAGE, DONE),
        violations=("no_content",),
        output=3,
    ),
    "completions-of-nothing": nothing(
        Reason.EMPTY_OUTPUT,
        *(completed(""), completed("", "stop"), USAGE, DONE),
        play=TEXT,
        violations=("no_content",),
        output=3,
    ),
    "responses-of-nothing": nothing(
        Reason.EMPTY_OUTPUT,
        *(
            CREATED,
            responded("completed", response=response("completed", usage=COUNTS)),
        ),
        play=TYPED,
        violations=("no_content",),
        output=3,
    ),
    "error-event": cut(FAILS, ROLE, *ABC, ERROR, violations=("error_event",)),
    "error-at-once": nothing(FAILS, ERROR, violations=("error_event",)),
    "error-by-its-line": cut(
        FAILS,
        *(ROLE, *ABC, b"event: error\ndata: dead\n\n"),
        violations=("error_event",),
    ),
    "error-as-a-finish-reason": cut(
        FAILS, ROLE, *ABC, chat({}, "error"), violations=("error_event",)
    ),
    "aborted": cut(FAILS, ROLE, *ABC, chat({}, "abort"), violations=("error_event",)),
    "error-before-done": cut(
        FAILS, ROLE, *ABC, ERROR, DONE, violations=("error_event",)
    ),
    "responses-failed": cut(
        FAILS, CREATED, *DELTAS, FAILED, play=TYPED, violations=("error_event",)
    ),
    "responses-failed-by-their-line": cut(
        FAILS,
        *(CREATED, *DELTAS, b"event: response.failed\ndata: {}\n\n"),
        play=TYPED,
        violations=("error_event",),
    ),
    "responses-failed-as-completed": Row(
        pieces=paced(
            [
                *(CREATED, *DELTAS),
                responded(
                    "completed", response=response("failed", "ABC", usage=COUNTS)
                ),
            ]
        ),
        play=TYPED,
        reason=FAILS,
        violations=("error_event",),
    ),
    "responses-error": cut(
        FAILS,
        *(CREATED, *DELTAS, event({"type": "error", "code": "x"}, "error")),
        play=TYPED,
        violations=("error_event",),
    ),
    "bad-event": cut(INVALID, ROLE, *ABC, BAD, violations=("invalid_event",)),
    "bad-utf-8": cut(
        INVALID, ROLE, *ABC, b'data: {"a":"\xff"}\n\n', violations=("invalid_event",)
    ),
    "not-a-number": cut(
        INVALID, ROLE, *ABC, b'data: {"a":NaN}\n\n', violations=("invalid_event",)
    ),
    "an-answer-of-another-route": cut(
        INVALID, ROLE, *ABC, DELTAS[0], violations=("invalid_event",)
    ),
    "chat-where-responses-were-asked": nothing(
        INVALID, *CHATTED, play=TYPED, violations=("invalid_event",)
    ),
    "lines-of-json": nothing(
        INVALID,
        *(data.removeprefix(b"data: ") for data in CHATTED),
        play=Play(media="application/x-ndjson"),
        violations=("content_type",),
    ),
    "html": nothing(
        INVALID, b"<html>", play=Play(media="text/html"), violations=("content_type",)
    ),
    "answered-whole": nothing(
        INVALID,
        b'{"choices":[{"message":{"content":"ABC"}}]}',
        play=Play(media="application/json"),
        violations=("content_type",),
    ),
    "error-instead": nothing(
        Reason.ERROR_BODY,
        b'{"error":{"code":"x"}}',
        play=Play(media="application/json"),
        violations=("content_type",),
    ),
    "unknown-coding": nothing(Reason.PROTOCOL, b"?", play=Play(coding="br")),
    "no-gzip-at-all": nothing(Reason.PROTOCOL, b"data: {}", play=Play(coding="gzip")),
    "giant-event": cut(Reason.TOO_LARGE, ROLE, *ABC, GIANT),
    "giant-event-in-gzip": nothing(
        Reason.TOO_LARGE, bomb(MOST_EVENT_BYTES), play=Play(coding="gzip")
    ),
    "too-many-events": Row(
        pieces=[*paced([ROLE, *ABC]), (0.9, chat({}) * MOST_EVENTS)],
        reason=Reason.TOO_LARGE,
        itl=None,
        output=None,
    ),
    "too-long": cut(
        Reason.TOO_LARGE,
        *(ROLE, *ABC, *[b":" + b"x" * (1 << 20) + b"\n"] * 8),
        violations=("no_finish_reason", "no_done"),
    ),
    "too-long-in-gzip": nothing(
        Reason.TOO_LARGE,
        gzip.compress(b":" + b"x" * (9 << 20)),
        play=Play(coding="gzip"),
        violations=("no_content", "no_finish_reason", "no_done"),
    ),
    "another-type-under-another-status": nothing(
        INVALID,
        b"<html>",
        play=Play(status=206, media="text/html"),
        violations=("content_type",),
    ),
    "no-stream-under-an-error": nothing(
        Reason.OVERLOADED, *CHATTED, play=Play(status=503)
    ),
    "wrong-model": Row(
        pieces=rewritten(b'"tiny"', b'"huge"'), reason=Reason.WRONG_MODEL
    ),
    "another-model-later": Row(
        pieces=paced(
            [
                *CHATTED[:3],
                *(data.replace(b'"tiny"', b'"huge"') for data in CHATTED[3:]),
            ]
        ),
        reason=Reason.WRONG_MODEL,
    ),
    "another-model-at-first": Row(
        pieces=paced([ROLE.replace(b'"tiny"', b'"huge"'), *CHATTED[1:]]),
        reason=Reason.WRONG_MODEL,
    ),
    "responses-of-another-model": Row(
        pieces=paced(data.replace(b'"tiny"', b'"huge"') for data in RESPONDED),
        play=TYPED,
        reason=Reason.WRONG_MODEL,
    ),
    "completions-of-another-model": Row(
        pieces=paced(data.replace(b'"tiny"', b'"huge"') for data in COMPLETED),
        play=TEXT,
        reason=Reason.WRONG_MODEL,
    ),
}
