"""Exchanges as the transport would have written them, made by hand."""

from collections.abc import Iterable
from typing import Any

import orjson

from tm_exporter.exchange import Exchange, Fault, FaultKind, Piece, Stage
from tm_exporter.observation import Reason
from tm_exporter.section import Surface
from tm_exporter.verdict import Promise, judge
from tm_exporter.wire.deltas import read_chat_delta
from tm_exporter.wire.streams import StreamReader, StreamRecord


MODEL = "tiny"
DONE = b"data: [DONE]\n\n"


def fault(stage: Stage, kind: FaultKind) -> Fault:
    """Return a fault that says nothing more."""
    return Fault(stage, kind, "seen on the wire")


CUT = fault(Stage.BODY, FaultKind.CLOSED)
LATE = fault(Stage.BODY, FaultKind.TIMEOUT)
STALLED = fault(Stage.BODY, FaultKind.STALLED)
BROKEN = fault(Stage.BODY, FaultKind.PROTOCOL)
HUGE = fault(Stage.BODY, FaultKind.TOO_LARGE)


def exchange(
    body: bytes = b"",
    *,
    status: int | None = 200,
    media: str | None = "application/json",
    ended: Fault | None = None,
    close_delimited: bool = False,
    retry_after: str | None = None,
) -> Exchange:
    """Return an exchange; a header that is None was not sent."""
    headers = (("content-type", media), ("retry-after", retry_after))
    return Exchange(
        method="POST",
        url="https://service.test/v1/chat/completions",
        status=status,
        headers=tuple((name, value) for name, value in headers if value is not None),
        body=(Piece(1.0, body),) if body else (),
        fault=ended,
        close_delimited=close_delimited,
    )


def as_json(value: Any) -> bytes:
    """Return a value as a JSON text."""
    return orjson.dumps(value)


def error(**fields: Any) -> bytes:
    """Return an error in the form most services give it."""
    return as_json({"error": fields})


def chat(message: Any = None, **fields: Any) -> bytes:
    """Return a whole chat completion that says hello, but for what is given."""
    choice = {"message": message or {"content": "hello"}, "finish_reason": "stop"}
    return as_json({"model": MODEL, "choices": [choice], **fields})


def event(value: Any, name: str = "") -> bytes:
    """Return a value as an event of a stream."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + as_json(value) + b"\n\n"


def chunk(delta: Any = None, finish: str | None = None, **fields: Any) -> bytes:
    """Return one chunk of a streamed chat completion."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return event({"model": MODEL, "choices": [choice], **fields})


ROLE = chunk({"role": "assistant", "content": ""})
HELLO = chunk({"content": "hello"})
STOP = chunk({}, "stop")
USAGE = event({"model": MODEL, "choices": [], "usage": {"completion_tokens": 1}})
GOOD = ROLE + HELLO + STOP + USAGE + DONE


def read(pieces: Iterable[bytes]) -> StreamRecord:
    """Return what is read of a stream whose pieces come a second apart."""
    reader = StreamReader(read_delta=read_chat_delta, idle_timeout=10.0)
    for at, data in enumerate(pieces):
        reader.feed(Piece(float(at), data))
    return reader.record()


def stream_reason(
    body: bytes,
    *,
    media: str | None = "text/event-stream",
    promise: Promise[Any] | None = None,
    **seen: Any,
) -> Reason | None:
    """Judge a body that was asked for as a stream of chat chunks."""
    is_stream = media in (None, "text/event-stream")
    return judge(
        exchange(body, media=media, **seen),
        promise or Promise(surface="serverless", model=MODEL),
        read([body] if is_stream and body else []),
    ).verdict.reason


def whole_reason(seen: Exchange, promise: Promise[Any] | None = None) -> Reason | None:
    """Judge an answer that was asked for whole."""
    return judge(seen, promise or Promise(surface="serverless")).verdict.reason


def status_reason(
    status: int,
    body: bytes = b"",
    surface: Surface = "serverless",
    *,
    ended: Fault | None = None,
    retry_after: str | None = None,
) -> Reason | None:
    """Judge an answer by its status."""
    seen = exchange(body, status=status, ended=ended, retry_after=retry_after)
    return whole_reason(seen, Promise(surface=surface))
