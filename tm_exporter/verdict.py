"""
Decide, from what was seen on the wire, whether a run passed, and else why not.

`judge` is pure: it knows no clock, no network and no configuration but the
promise of the route. The first stage that failed decides; the stages and the
reasons are those of the contract's section 5.
"""

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson

from tm_exporter.exchange import EVENT_STREAM, Exchange, Fault, FaultKind, Stage
from tm_exporter.observation import PASSED, Reason, Verdict
from tm_exporter.section import Surface
from tm_exporter.wire.payloads import Completion, ShapeError
from tm_exporter.wire.streams import StreamRecord, error_text, is_error


T = TypeVar("T")

MOST_PARTS = 40_000
"""Lists of one JSON text, and its objects twice: one takes a hundred bytes or two."""

MOST_VALUES = 65_536
"""Commas of one JSON text: each parts two values, which take up to 70 bytes."""

QUOTA_CODES = frozenset(
    (
        "insufficient_quota",
        "insufficient_balance",
        "insufficient_credit",
        "billing_hard_limit_reached",
        "payment_required",
    )
)
"""An error's `code` or `type` which says that the money is used up."""

QUOTA_TEXTS = (
    "insufficient balance",
    "insufficient credit",
    "insufficient funds",
    "insufficient quota",
    "balance is too low",
    "credit balance",
    "out of credit",
    "exceeded your current quota",
    "billing hard limit",
    "payment required",
)
"""Parts of a 400's or 403's message which say the same."""

UNKNOWN_CODES = frozenset(
    ("model_not_found", "unknown_model", "user_not_found", "unknown_user")
)
"""An error's `code` or `type` which says that nobody serves this model or user."""

UNKNOWN_TEXT = re.compile(
    r"\b(?:model|user)\b.{0,200}?"
    r"(?:does not exist|not found|not exist|is unknown|not served)"
    r"|\b(?:unknown|no such|invalid|unrecognized) (?:model|user)\b",
    re.IGNORECASE | re.DOTALL,
)
"""A message which says the same."""

_STAGES: Mapping[Stage, Mapping[FaultKind | None, Reason]] = {
    Stage.PREPARE: {None: Reason.CONFIGURATION},
    Stage.DNS: {None: Reason.DNS},
    Stage.PROXY: {None: Reason.PROXY},
    Stage.CONNECT: {
        FaultKind.REFUSED: Reason.CONNECT_REFUSED,
        FaultKind.TIMEOUT: Reason.CONNECT_TIMEOUT,
        None: Reason.CONNECT_FAILED,
    },
    Stage.TLS: {None: Reason.TLS},
    Stage.HEAD: {
        FaultKind.TIMEOUT: Reason.TIMEOUT,
        FaultKind.PROTOCOL: Reason.PROTOCOL,
        None: Reason.CONNECTION_LOST,
    },
}
_WHOLE_BODY: Mapping[FaultKind | None, Reason] = {
    FaultKind.TIMEOUT: Reason.TIMEOUT,
    FaultKind.PROTOCOL: Reason.PROTOCOL,
    FaultKind.TOO_LARGE: Reason.TOO_LARGE,
    None: Reason.CONNECTION_LOST,
}
_BEGUN_STREAM: Mapping[FaultKind | None, Reason] = {
    FaultKind.TIMEOUT: Reason.STREAM_STALLED,
    FaultKind.STALLED: Reason.STREAM_STALLED,
    FaultKind.PROTOCOL: Reason.STREAM_INVALID,
    FaultKind.TOO_LARGE: Reason.TOO_LARGE,
    None: Reason.STREAM_TRUNCATED,
}
_SERVER_ERROR_4XX = frozenset((408, 425, 499))
_OVERLOADED = frozenset((503, 529))
_ERROR_TEXTS = ("error", "message", "detail", "msg")
_MOST_ERRORS = 10  # of a list of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise(Generic[T]):
    """
    What a route promises to whoever asks it.

    Attributes:
        surface: Decides what a 404 means.
        read: Reads the JSON of an answer, raising ShapeError; None where any body
            of any 2xx will do.
        may_be_empty: An empty body passes, without an answer.
        model: The model asked for, which the answer must not contradict.
        check: Says what is wrong with a good answer, None if nothing is.
    """

    surface: Surface
    read: Callable[[Any], T] | None = None
    may_be_empty: bool = False
    model: str = ""
    check: Callable[[T], str | None] | None = None


@dataclass(frozen=True, slots=True)
class Judged(Generic[T]):
    """
    A verdict, and the answer that it was found on.

    Attributes:
        verdict: Passed or the one reason.
        answer: None unless the body is complete and of the shape promised; an
            answer that does not hold what was expected is there all the same.
    """

    verdict: Verdict
    answer: T | None = None


def judge(
    exchange: Exchange, promise: Promise[T], stream: StreamRecord | None = None
) -> Judged[T]:
    """
    Judge one exchange.

    Args:
        exchange: What was seen.
        promise: What the route promises.
        stream: What was read of the stream, where one was asked for; then the
            promise's `check` is given the completion.
    """
    early = _before_the_body(exchange, promise.surface)
    if early is not None:
        return Judged(early)
    if stream is not None:
        return _judge_stream(exchange, promise, stream)
    return _judge_whole(exchange, promise)


def _before_the_body(exchange: Exchange, surface: Surface) -> Verdict | None:
    """Judge all that comes before the body of a 2xx answer."""
    fault = exchange.fault
    if fault is not None and fault.stage in _STAGES:
        return _faulty(_STAGES[fault.stage], fault)
    status = exchange.status or 0
    if 200 <= status < 300:
        return None
    error = _Error.read(exchange.content)
    return Verdict(_by_status(status, error, exchange, surface), f"HTTP {status}")


def _by_status(
    status: int, error: "_Error", exchange: Exchange, surface: Surface
) -> Reason:
    """Return the reason for a status that is not 2xx."""
    if 300 <= status < 400:
        return Reason.REDIRECT
    if status == 429 and exchange.header("retry-after") is not None:
        return Reason.THROTTLED
    if 400 <= status < 500:
        return _by_client_status(status, error, surface)
    if status in _OVERLOADED:
        return Reason.OVERLOADED
    return Reason.SERVER_ERROR if 500 <= status < 600 else Reason.PROTOCOL


def _by_client_status(status: int, error: "_Error", surface: Surface) -> Reason:
    """Return the reason for a 4xx; the order is that of the contract's rows."""
    if error.says_quota(status):
        return Reason.QUOTA
    if status == 429:
        return Reason.THROTTLED
    if status in (401, 403):
        return Reason.AUTH
    if (status == 404 and surface != "control_plane") or error.says_unknown():
        return Reason.ROUTING
    if status in _SERVER_ERROR_4XX:
        return Reason.SERVER_ERROR
    return Reason.BAD_REQUEST


def _judge_whole(exchange: Exchange, promise: Promise[T]) -> Judged[T]:
    """Judge a 2xx answer that was asked for whole."""
    if exchange.fault is not None and not _came_whole(exchange, promise):
        return Judged(_faulty(_WHOLE_BODY, exchange.fault))
    if promise.read is None:
        return Judged(PASSED)
    content = exchange.content
    if promise.may_be_empty and not content.strip():
        return Judged(PASSED)
    too_many = too_many_parts(content)
    if too_many is not None:
        return Judged(Verdict(Reason.BAD_PAYLOAD, too_many))
    try:
        payload = orjson.loads(content)
    except orjson.JSONDecodeError:
        return Judged(_not_json(exchange))
    if isinstance(payload, dict) and is_error(payload):
        return Judged(Verdict(Reason.ERROR_BODY, error_text(payload)))
    wrong = _wrong_envelope(exchange)
    if wrong is not None:
        return Judged(Verdict(Reason.BAD_PAYLOAD, wrong))
    try:
        answer = promise.read(payload)
    except ShapeError as error:
        return Judged(Verdict(Reason.BAD_PAYLOAD, str(error)))
    return Judged(_judge_answer(answer, promise), answer)


def _came_whole(exchange: Exchange, promise: Promise[T]) -> bool:
    """Whether a body that only the close ends was all there, however it was closed."""
    if not (exchange.fault and exchange.fault.kind is FaultKind.CLOSED):
        return False
    is_plain = exchange.header("content-encoding") in (None, "identity")
    if not (exchange.close_delimited and is_plain and promise.read):
        return False
    content = exchange.content
    if too_many_parts(content) is not None:
        return False
    try:
        orjson.loads(content)
    except orjson.JSONDecodeError:
        return False
    return True


def _judge_stream(
    exchange: Exchange, promise: Promise[T], stream: StreamRecord
) -> Judged[T]:
    """Judge a 2xx answer that was asked for as a stream."""
    fault = exchange.fault
    if not exchange.body:
        if fault is not None:
            return Judged(_faulty(_WHOLE_BODY, fault))
        if exchange.close_delimited:
            return Judged(Verdict(Reason.CONNECTION_LOST, "closed before the body"))
    if not stream.events:
        instead = _instead_of_a_stream(exchange)
        if instead is not None:
            return Judged(instead)
    if stream.fault is not None:
        return Judged(stream.fault)
    if not stream.terminated:
        if fault is not None:
            return Judged(_faulty(_BEGUN_STREAM, fault))
        return Judged(
            Verdict(Reason.STREAM_TRUNCATED, "the stream ended without its terminator")
        )
    if stream.completion.finish_reason is None:
        return Judged(
            Verdict(Reason.STREAM_TRUNCATED, "the stream ended without a finish reason")
        )
    answer: Any = stream.completion
    return Judged(_judge_answer(answer, promise, stream.other_model), answer)


def _judge_answer(
    answer: T, promise: Promise[T], other_model: str | None = None
) -> Verdict:
    """Judge an answer that is complete and well-formed."""
    if isinstance(answer, Completion):
        if answer.is_empty:
            return Verdict(Reason.EMPTY_OUTPUT, "not a single token came")
        for name in (answer.model, other_model) if promise.model else ():
            if name not in (None, promise.model):
                detail = f"{name!r:.100} answered for {promise.model}"
                return Verdict(Reason.WRONG_MODEL, detail)
    wrong = promise.check(answer) if promise.check is not None else None
    return PASSED if wrong is None else Verdict(Reason.ASSERTION, wrong)


def _instead_of_a_stream(exchange: Exchange) -> Verdict | None:
    """Judge a body without a single event; None if it may be a stream cut short."""
    content, payload = exchange.content, None
    if too_many_parts(content) is None:
        with suppress(orjson.JSONDecodeError):
            payload = orjson.loads(content)
    if isinstance(payload, dict) and is_error(payload):
        return Verdict(Reason.ERROR_BODY, error_text(payload))
    media = exchange.media_type
    if media not in (None, EVENT_STREAM):
        return Verdict(Reason.STREAM_INVALID, f"{media!r:.80} is no event stream")
    return None


def too_many_parts(content: bytes) -> str | None:
    """Say why a JSON text would take too much memory; found without reading it."""
    if 2 * content.count(b"{") + content.count(b"[") > MOST_PARTS:
        return f"over {MOST_PARTS:,} lists and objects, an object counting for two"
    if content.count(b",") > MOST_VALUES:
        return f"over {MOST_VALUES:,} commas"
    return None


def _not_json(exchange: Exchange) -> Verdict:
    """Tell a body that is no JSON from one that only the close cut short."""
    if (
        exchange.close_delimited
        and _wrong_envelope(exchange) is None
        and _begins_json(exchange.content)
    ):
        return Verdict(Reason.CONNECTION_LOST, "the connection closed before the end")
    return Verdict(Reason.BAD_PAYLOAD, "the body is not JSON in UTF-8")


def _begins_json(content: bytes) -> bool:
    """Whether what is wrong with a JSON text is that there is no more of it."""
    try:
        # Without a last character that the end cuts in two.
        text = codecs.getincrementaldecoder("utf-8")().decode(content)
        orjson.loads(text)  # whole: it is what follows that is no JSON
    except UnicodeDecodeError:
        return False
    except orjson.JSONDecodeError as error:
        return not text.strip() or _ends_early(text[error.pos :], error.msg)
    return False


def _ends_early(rest: str, message: str) -> bool:
    """Whether a parser that stopped before `rest` only wanted more of it."""
    if "unexpected end" in message:
        return True
    # A literal, a number or an escape that the end cuts in two.
    return any(word.startswith(rest) for word in ("true", "false", "null", "-")) or (
        re.search(r"\\(u[0-9a-fA-F]{0,3})?$", rest) is not None
    )


def _wrong_envelope(exchange: Exchange) -> str | None:
    """Say what is wrong with status or content type of a JSON answer."""
    if exchange.status != 200:
        return f"HTTP {exchange.status} where 200 was promised"
    media = exchange.media_type
    if media is None or media == "application/json" or media.endswith("+json"):
        return None
    return f"content type {media!r:.80} is not JSON"


def _faulty(reasons: Mapping[FaultKind | None, Reason], fault: Fault) -> Verdict:
    """Return the reason for a fault; that of None stands for all others."""
    return Verdict(reasons.get(fault.kind, reasons[None]), fault.detail)


@dataclass(frozen=True, slots=True)
class _Error:
    """What the body of a failed request says, in any of the forms met."""

    words: frozenset[str] = frozenset()
    text: str = ""

    @classmethod
    def read(cls, content: bytes) -> "_Error":
        """Read `{"error": {...}}`, `{"detail": ...}`, a flat error, or plain text."""
        try:
            payload = orjson.loads(content)
        except orjson.JSONDecodeError:
            return cls(text=content[:4096].decode("utf-8", "replace"))
        objects = tuple(_error_objects(payload))
        if not objects:
            return cls(text=str(payload)[:4096])
        words = (each.get(key) for each in objects for key in ("code", "type"))
        texts = (each.get(key) for each in objects for key in _ERROR_TEXTS)
        return cls(
            frozenset(word.lower() for word in words if isinstance(word, str)),
            " ".join(text for text in texts if isinstance(text, str))[:4096],
        )

    def says_quota(self, status: int) -> bool:
        """Whether the money is used up."""
        if status == 402 or self.words & QUOTA_CODES:
            return True
        text = self.text.lower()
        return status in (400, 403) and any(part in text for part in QUOTA_TEXTS)

    def says_unknown(self) -> bool:
        """Whether nobody serves the model, or knows the user."""
        if self.words & UNKNOWN_CODES:
            return True
        return UNKNOWN_TEXT.search(self.text) is not None


def _error_objects(value: Any, depth: int = 3) -> Iterator[Mapping[str, Any]]:
    """Yield the objects that may say what an error is, from the outermost on."""
    if isinstance(value, dict):
        yield value
        inner = [value.get(key) for key in ("error", "detail")]
    else:
        inner = value[:_MOST_ERRORS] if isinstance(value, list) else []
    for each in inner if depth else ():
        yield from _error_objects(each, depth - 1)
