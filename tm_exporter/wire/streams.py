"""
What a streamed answer says, and whether it is the stream that was promised.

A `StreamReader` is fed pieces as they arrive and keeps times and counts; it
never touches a socket or a clock, so a recorded stream gives the same record.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from tm_exporter.exchange import Piece
from tm_exporter.observation import Reason, Verdict
from tm_exporter.wire.deltas import Delta, ReadDelta
from tm_exporter.wire.payloads import Completion, ShapeError, Usage, object_of
from tm_exporter.wire.sse import DONE, ERROR, Event, EventSplitter, TooLarge


_FAILED_FINISH = frozenset(("error", "abort"))
_FAILED_TYPES = ("error", "response.failed")  # a tuple: JSON may hold what no set can


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRecord:
    """
    What is known of a stream when it is over.

    Attributes:
        fault: The first thing wrong with an event, in order of bytes.
        begun: Whether a body byte came at all.
        terminated: Whether the terminator came.
        completion: Everything said, put together.
        other_model: Another name than the completion's, which a later event gives.
        content_times: Monotonic seconds of each event with content, in order.
        events: How many came.
        violations: Kinds of the contract's section 4, in order of appearance, but
            for those that only times or headers can tell.
        usage_is_final: Whether nothing can have been generated after the usage in
            `completion` was told: some services tell it with every chunk.
    """

    fault: Verdict | None
    begun: bool
    terminated: bool
    completion: Completion
    other_model: str | None
    content_times: tuple[float, ...]
    events: int
    violations: tuple[str, ...]
    usage_is_final: bool


@dataclass(slots=True)
class StreamReader:
    """
    Reads one stream.

    Args:
        read_delta: Reads the JSON of one event of the route; raises ShapeError.
        idle_timeout: Seconds without an event after which the stream has stalled.
    """

    read_delta: ReadDelta
    idle_timeout: float

    waiting_since: float | None = None
    complete: bool = False
    _fault: Verdict | None = None
    _splitter: EventSplitter = field(default_factory=EventSplitter)
    _text: bytearray = field(default_factory=bytearray)  # one block, not thousands
    _reasoning: bytearray = field(default_factory=bytearray)
    _tool_calls: list[str] = field(default_factory=list)
    _finish_reason: str | None = None
    _model: str | None = None
    _other_model: str | None = None
    _fingerprint: str | None = None
    _usage: Usage | None = None
    _usage_is_final: bool = False
    _done: bool = False
    _content_times: "array[float]" = field(default_factory=lambda: array("d"))
    _events: int = 0
    _violations: list[str] = field(default_factory=list)

    @property
    def broken(self) -> bool:
        """Whether a fault was found, so that what follows cannot matter."""
        return self._fault is not None

    def feed(self, piece: Piece) -> None:
        """Take the next bytes of the body."""
        if self.waiting_since is None:
            self.waiting_since = piece.arrived
        if self.broken:
            return
        try:
            for event in self._splitter.feed(piece):
                if not self.complete:
                    self.waiting_since = event.arrived
                self._take(event)
                if self.broken:
                    return
        except TooLarge as error:
            self._exceed(error)

    def record(self) -> StreamRecord:
        """Return what is known, the stream being over."""
        if not self.broken and self.waiting_since is not None:
            self._take_rest(self.waiting_since)
        return StreamRecord(
            fault=self._fault,
            begun=self.waiting_since is not None,
            terminated=self.complete,
            completion=Completion(
                text=self._text.decode(),
                reasoning=self._reasoning.decode(),
                tool_calls=tuple(name for name in self._tool_calls if name),
                finish_reason=self._finish_reason,
                model=self._model,
                fingerprint=self._fingerprint,
                usage=self._usage,
            ),
            other_model=self._other_model,
            content_times=tuple(self._content_times),
            events=self._events,
            violations=self._all_violations(),
            usage_is_final=self.complete or self._usage_is_final,
        )

    def _take(self, event: Event) -> None:
        """Judge one event, and keep what it adds."""
        self._events += 1
        if event.data == DONE and not self._done:
            # An event that ends a stream by itself may have the marker behind it.
            self._done = self.complete = True
            return None
        if self.complete:
            return self._note("data_after_done")
        try:
            payload = object_of(orjson.loads(event.data), "an event")
        except (orjson.JSONDecodeError, ShapeError):
            if event.name == ERROR:
                return self._fail("error_event", Reason.STREAM_ERROR, "an error event")
            return self._fail(
                "invalid_event", Reason.STREAM_INVALID, "an event is not a JSON object"
            )
        return self._take_object(_typed(payload, event.name), event)

    def _take_object(self, payload: Mapping[str, Any], event: Event) -> None:
        """Judge the JSON object of an event, and keep what it adds."""
        failed = is_error(payload) or payload.get("type") in _FAILED_TYPES
        if failed or event.name == ERROR:
            return self._fail("error_event", Reason.STREAM_ERROR, error_text(payload))
        try:
            delta = self.read_delta(payload)
        except ShapeError as error:
            return self._fail("invalid_event", Reason.STREAM_INVALID, str(error))
        return self._add(delta, event.arrived)

    def _add(self, told: Delta, arrived: float) -> None:
        """Put what an event adds to what was said before."""
        delta = self._with_what_was_not_told(told)
        if delta.has_content:
            if self._finish_reason is not None:
                self._note("content_after_finish")
            self._content_times.append(arrived)
        self._text += delta.text.encode()
        self._reasoning += delta.reasoning.encode()
        self._tool_calls += delta.tool_calls
        self._finish_reason = delta.finish_reason or self._finish_reason
        self._model = self._model or delta.model
        if delta.model not in (None, self._model):
            self._other_model = self._other_model or delta.model
        self._fingerprint = self._fingerprint or delta.fingerprint
        if delta.usage is not None:
            self._usage = delta.usage
            self._usage_is_final = self._finish_reason is not None
        self.complete = self.complete or delta.ends
        if delta.finish_reason in _FAILED_FINISH:
            self._fail(
                "error_event",
                Reason.STREAM_ERROR,
                f"finish_reason {delta.finish_reason}",
            )

    def _with_what_was_not_told(self, delta: Delta) -> Delta:
        """Return a delta with what only its copy of the whole answer says."""
        whole = delta.whole
        if whole is None:
            return delta
        return replace(
            delta,
            text=delta.text if self._text else whole.text,
            reasoning=delta.reasoning if self._reasoning else whole.reasoning,
            tool_calls=delta.tool_calls if any(self._tool_calls) else whole.tool_calls,
        )

    def _take_rest(self, arrived: float) -> None:
        """Take a last event that lacks only its blank line."""
        try:
            event = self._splitter.finish(arrived)
        except TooLarge as error:
            return self._exceed(error)
        if event is not None and (event.data == DONE or _is_json(event.data)):
            self._take(event)
        return None

    def _exceed(self, error: TooLarge) -> None:
        """Note that a limit is exceeded; after the terminator that is ignored."""
        if not self.complete:
            self._fault = Verdict(Reason.TOO_LARGE, str(error))

    def _fail(self, violation: str, reason: Reason, detail: str) -> None:
        self._note(violation)
        self._fault = Verdict(reason, detail)

    def _note(self, violation: str) -> None:
        if violation not in self._violations:
            self._violations.append(violation)

    def _all_violations(self) -> tuple[str, ...]:
        """Return the kinds noted, and those that only the end can tell."""
        kinds = list(self._violations)
        if self.waiting_since is None or self.broken:
            return tuple(kinds)
        if not (self._content_times or any(self._tool_calls)):
            kinds.append("no_content")
        if self._finish_reason is None:
            kinds.append("no_finish_reason")
        if not self.complete:
            kinds.append("no_done")
        if self.complete and self._usage is None:
            kinds.append("usage_missing")
        return tuple(kinds)


def is_error(payload: Mapping[str, Any]) -> bool:
    """Whether a JSON object says that something failed, under any status."""
    return (
        payload.get("error") is not None
        or payload.get("object") == "error"
        or (
            payload.get("status") == "failed"
            and payload.get("object") in (None, "response")
        )
    )


def error_text(payload: Mapping[str, Any]) -> str:
    """
    Name an error by its type and code.

    Not by its message, which may repeat what was asked or answered.
    """
    error = payload.get("error")
    source = error if isinstance(error, dict) else payload
    words = (source.get("type"), source.get("code"))
    shown = [str(word)[:60] for word in words if isinstance(word, str | int)]
    named = " ".join(word for word in shown if word.replace("_", "").isalnum())
    return f"the answer is an error ({named})" if named else "the answer is an error"


def _typed(payload: Mapping[str, Any], name: bytes) -> Mapping[str, Any]:
    """Return an event's JSON with its type, which may be on the `event:` line only."""
    if not name or "type" in payload:
        return payload
    return {**payload, "type": name.decode("utf-8", "replace")}


def _is_json(data: bytes) -> bool:
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    return True
