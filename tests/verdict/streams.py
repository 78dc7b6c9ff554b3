"""
Streams as three routes send them, and how each is played to the end.

Nothing listens: the bytes of the answer go through the parser, the decoder and the
reader that a probe has, with stamps that the test gives them.
"""

import gzip
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.verdict.answers import event
from tm_exporter.clients.answer import Answer
from tm_exporter.clients.ended import Ended
from tm_exporter.clients.limits import Limits
from tm_exporter.exchange import Exchange, Fault, FaultKind, Stage
from tm_exporter.observation import Reason
from tm_exporter.probes.routes import CHAT, COMPLETIONS, RESPONSES, Route
from tm_exporter.probes.streaming import Streamed
from tm_exporter.verdict import Judged, Promise, judge
from tm_exporter.wire.payloads import Completion
from tm_exporter.wire.streams import StreamReader


MODEL = "tiny"
FIRST = 0.5
"""Seconds from the request to the first piece."""
STEP = 0.1
"""Seconds from one piece to the next."""

Pieces = list[tuple[float, bytes]]

DONE = b"data: [DONE]\n\n"
COUNTS = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}


def chat(delta: dict[str, Any], finish: str | None = None, **fields: Any) -> bytes:
    """Return one chunk of a chat."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event({"model": MODEL, "choices": [choice], **fields})


def said(text: str) -> bytes:
    """Return a chunk of a chat with content."""
    return chat({"content": text})


def completed(text: str, finish: str | None = None, **fields: Any) -> bytes:
    """Return one chunk of a text completion."""
    choice = {"index": 0, "text": text, "finish_reason": finish}
    return event({"model": MODEL, "choices": [choice], **fields})


def responded(kind: str, **fields: Any) -> bytes:
    """Return one event of a response, with its line for the name."""
    return event({"type": f"response.{kind}", **fields}, f"response.{kind}")


def response(status: str, *texts: str, **fields: Any) -> dict[str, Any]:
    """Return a response that says something."""
    parts = [{"type": "output_text", "text": text} for text in texts]
    output = [{"type": "message", "content": parts}] if texts else []
    frame = {"object": "response", "model": MODEL, "status": status, "output": output}
    return {**frame, **fields}


ROLE = chat({"role": "assistant", "content": ""})
ABC = [said("A"), said("B"), said("C")]
STOP = chat({}, "stop")
USAGE = event({"model": MODEL, "choices": [], "usage": COUNTS})
CHATTED = [ROLE, *ABC, STOP, USAGE, DONE]

COMPLETED = [
    completed(""),
    *(completed("A"), completed("B"), completed("C")),
    completed("", "stop"),
    USAGE,
    DONE,
]

CREATED = responded("created", response=response("in_progress"))
DELTAS = [responded("output_text.delta", delta=text) for text in "ABC"]
END = responded(
    "completed", response=response("completed", "ABC", usage=COUNTS), sequence_number=9
)
RESPONDED = [CREATED, *DELTAS, END]


ERROR = event({"error": {"message": "engine died", "type": "InternalServerError"}})
BAD = b"data: {oops\n\n"
PING = b": ping\n\n"
INCOMPLETE = response(
    "incomplete",
    "ABC",
    usage={"input_tokens": 9, "output_tokens": 3},
    incomplete_details={"reason": "max_output_tokens"},
)


def paced(events: Iterable[bytes], step: float = STEP) -> Pieces:
    """Return events as pieces that come one after the other."""
    return [(round(FIRST + at * step, 6), data) for at, data in enumerate(events)]


def rewritten(old: bytes, new: bytes) -> Pieces:
    """Return the chat with something replaced in each event."""
    return paced(data.replace(old, new) for data in CHATTED)


def byte_by_byte(events: Iterable[bytes]) -> Pieces:
    """Return the same stream in the smallest pieces there are."""
    return [(at, bytes([byte])) for at, data in paced(events) for byte in data]


def compressed(events: Iterable[bytes], coding: str) -> Pieces:
    """Return a compressed stream, each event flushed as a server would."""
    wbits = {"gzip": 31, "deflate": 15, "raw-deflate": -15}[coding]
    packer = zlib.compressobj(wbits=wbits)
    pieces = [
        packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH) for data in events
    ]
    pieces[-1] += packer.flush()
    return paced(pieces)


def bomb(size: int) -> bytes:
    """Return a few bytes of gzip that are many."""
    return gzip.compress(b"data: " + b"x" * size)


@dataclass(frozen=True, kw_only=True)
class Play:
    """
    How a stream is played.

    Attributes:
        route: Which was asked.
        status: Of the answer.
        media: Its content type; None for none.
        coding: Its content encoding.
        framed: Whether it has a framing of its own, else only the close ends it.
        ended: What ended it, where it is not its own end.
    """

    route: Route = CHAT
    status: int = 200
    media: str | None = "text/event-stream; charset=utf-8"
    coding: str | None = None
    framed: bool = True
    ended: FaultKind | None = None

    def __call__(self, pieces: Pieces) -> Streamed:
        """Return what a probe would see."""
        reader = StreamReader(self.route.read_delta, idle_timeout=10.0)
        answer = Answer(Limits(), now=lambda: 0.0)
        answer.request(httpx.Request("POST", "http://h/"))
        fault = None
        try:
            self._feed(answer, reader, pieces)
        except Ended as ended:
            fault = Fault(Stage.BODY, ended.kind, ended.detail)
        if self.ended is not None and fault is None and not reader.broken:
            fault = Fault(Stage.BODY, self.ended, "as the table says")
        return self._judged(answer, reader, fault)

    def _feed(self, answer: Answer, reader: StreamReader, pieces: Pieces) -> None:
        """Give the answer to its parser, as the transport would."""
        answer.feed_head(FIRST, self._head())
        if answer.is_success and answer.is_event_stream:
            answer.begin_body(Limits().stream, reader.feed)
        else:
            answer.begin_body(Limits().body)
        _read_on(answer, reader)
        for at, data in pieces:
            if reader.broken or answer.ended:
                return
            if data:
                answer.feed_body(at, self._framed(data))
                _read_on(answer, reader)
        if self.ended is None and not reader.broken:
            answer.feed_body(99.0, b"0\r\n\r\n" if self.framed else b"")

    def _head(self) -> bytes:
        rows = [f"HTTP/1.1 {self.status} OK"]
        if self.framed:
            rows.append("Transfer-Encoding: chunked")
        if self.media is not None:
            rows.append(f"Content-Type: {self.media}")
        if self.coding is not None:
            rows.append(f"Content-Encoding: {self.coding}")
        return "\r\n".join([*rows, "", ""]).encode()

    def _framed(self, data: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(data), data) if self.framed else data

    def _judged(
        self, answer: Answer, reader: StreamReader, fault: Fault | None
    ) -> Streamed:
        exchange = Exchange(
            method="POST",
            url="http://h/",
            sent=0.0,
            fault=fault,
            status=answer.status,
            headers=answer.headers,
            body=tuple(answer.body),
            close_delimited=answer.close_delimited,
        )
        record = reader.record()
        promise: Promise[Any] = Promise(surface="serverless", model=MODEL)
        judged: Judged[Completion] = judge(exchange, promise, record)
        return Streamed(exchange=exchange, record=record, judged=judged)


def _read_on(answer: Answer, reader: StreamReader) -> None:
    """Read all that came at once."""
    while answer.pending and not reader.broken:
        answer.read_on()


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    A stream, and what is to be found.

    Attributes:
        pieces: As they come.
        play: How they are played.
        reason: None if it passes.
        violations: In any order.
        ttft: Seconds; None where nothing can be timed.
        chunks: Events with content.
        itl: Seconds; None where there is no mean.
        text: Content and reasoning together.
        output: Tokens that the service counted.
    """

    pieces: Pieces
    play: Play = field(default_factory=Play)
    reason: Reason | None = None
    violations: tuple[str, ...] = ()
    ttft: float | None = 0.6
    chunks: int = 3
    itl: float | None = 0.1
    text: str = "ABC"
    output: int | None = 3


TEXT = Play(route=COMPLETIONS)
TYPED = Play(route=RESPONSES)
