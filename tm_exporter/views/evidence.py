"""
The transcript of one kept run: what was sent, what came back, and when.

No text of a prompt or an answer is in it, and no credential: a body is told by the
times and sizes of its parts. It is made to be sent to whoever runs the service.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from tm_exporter.catalog import CANARY_LAST_TTFT_SECONDS
from tm_exporter.exchange import Exchange
from tm_exporter.logs.printable import printable
from tm_exporter.observation import Observation
from tm_exporter.reasons import EXPLANATIONS
from tm_exporter.sinks.log import NextStep
from tm_exporter.sinks.remembered import Run
from tm_exporter.sinks.shapes import BodyShape


MASK = "<masked>"

_LONGEST = 1000
_WAIT = re.compile(r"\d{1,10}|[A-Z][a-z]{2,8},? [\w :-]{1,40}")
_MOST_HEADERS = 100
_LEFT_OUT = frozenset(("set-cookie", "set-cookie2"))
_PRIVATE = re.compile(
    r"cookie|authori[sz]|authenticat|api-?key|secret|passw|session|csrf|signature"
    r"|(?:^|-)token$|(?:^|-)user(?:-id|-name)?$|organi[sz]ation|account|e-?mail"
)
_REQUEST_ID = re.compile(
    r"(?:x-)?(?:[a-z0-9-]+-)?(?:request|correlation|trace|amzn-trace)-?id|cf-ray|"
    r"traceparent|x-b3-traceid"
)

Mask = Callable[[str], str]
"""Returns a text without the secrets that are known."""

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    What was sent.

    Attributes:
        line: The first line.
        url: Without credentials.
        headers: In order; what could be a credential is masked.
    """

    line: str
    url: str
    headers: Headers


@dataclass(frozen=True, slots=True)
class Part:
    """
    A part of a body: an event of a stream, or a piece as it arrived.

    Attributes:
        at_seconds: Since just before the request was sent.
        bytes: Its length.
        name: Of an event.
    """

    at_seconds: float
    bytes: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """
    What came back.

    Attributes:
        status: Of HTTP.
        headers: In order, without cookies; what could be private is masked.
        request_ids: Of the headers, those that name the request to the service.
        body_bytes: All in all, decompressed.
        pieces: When how much of the body arrived; the first ones of many.
        events: The same by event, for an event stream.
    """

    status: int
    headers: Headers
    request_ids: Mapping[str, str]
    body_bytes: int
    pieces: tuple[Part, ...]
    events: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One request and its answer.

    Attributes:
        peer_address: Of the last address tried.
        phase_seconds: Where the time went; a phase that did not happen is absent.
        request: What was sent, or would have been.
        response: None if no status came.
        fault: What ended it before it was complete: stage, kind and detail.
        certificate: Of the server: expiry, issuer, fingerprint, verified.
    """

    peer_address: str | None
    phase_seconds: Mapping[str, float]
    request: Request
    response: Response | None
    fault: Mapping[str, str] | None
    certificate: Mapping[str, str | bool] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """
    One run.

    Attributes:
        versions: Of what took part, as far as they are known.
        exchanges: In order of time; the last one is the one that failed, if any.
    """

    probe_id: str
    target: str
    surface: str
    probe: str
    model: str
    success: bool
    reason: str | None
    party: str | None
    detail: str
    next_step: str
    started_at: datetime
    finished_at: datetime
    duration_seconds: float
    ttft_seconds: float | None
    versions: Mapping[str, str]
    exchanges: tuple[Step, ...]


def transcript(
    run: Run, versions: Mapping[str, str], next_step: NextStep, mask: Mask
) -> Transcript:
    """
    Return what is kept of a run, without anything secret.

    Args:
        run: As it is remembered.
        versions: Of what took part.
        next_step: Says what to do about a failure.
        mask: Knows the secrets, wherever they turn up.
    """
    seen, reason = run.observation, run.observation.verdict.reason
    pairs = zip(seen.outcome.exchanges, run.bodies, strict=True)
    return Transcript(
        probe_id=seen.probe_id,
        target=seen.key.target,
        surface=seen.key.surface,
        probe=seen.key.probe,
        model=seen.key.model,
        success=seen.verdict.passed,
        reason=None if reason is None else reason.value,
        party=None if reason is None else EXPLANATIONS[reason].party,
        detail=_fit(seen.verdict.detail, mask),
        next_step=_advice(seen, next_step),
        started_at=datetime.fromtimestamp(seen.started_at, UTC),
        finished_at=datetime.fromtimestamp(seen.finished_at, UTC),
        duration_seconds=round(seen.duration, 6),
        ttft_seconds=seen.value_of(CANARY_LAST_TTFT_SECONDS),
        versions=versions,
        exchanges=tuple(_step(exchange, shape, mask) for exchange, shape in pairs),
    )


def _advice(seen: Observation, next_step: NextStep) -> str:
    reason = seen.verdict.reason
    return "" if reason is None else next_step(seen.key, reason, seen.exchange)


def _step(exchange: Exchange, shape: BodyShape, mask: Mask) -> Step:
    return Step(
        peer_address=exchange.peer_address,
        phase_seconds={k.value: round(v, 6) for k, v in exchange.phases.items()},
        request=_request(exchange, mask),
        response=_response(exchange, shape, mask),
        fault=_fault(exchange, mask),
        certificate=_certificate(exchange),
    )


def _request(exchange: Exchange, mask: Mask) -> Request:
    url = _fit(exchange.url, mask)
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    line = f"{exchange.method} {path} HTTP/1.1"
    return Request(line=line, url=url, headers=_headers(exchange.request_headers, mask))


def _response(exchange: Exchange, shape: BodyShape, mask: Mask) -> Response | None:
    if exchange.status is None:
        return None
    headers = _headers(exchange.headers, mask)
    start = exchange.sent or 0.0
    return Response(
        status=exchange.status,
        headers=headers,
        request_ids={n: value for n, value in headers if _REQUEST_ID.fullmatch(n)},
        body_bytes=shape.size,
        pieces=tuple(Part(_after(at, start), size) for at, size in shape.pieces),
        events=tuple(
            Part(_after(each.arrived, start), each.size, each.name)
            for each in shape.events
        ),
    )


def _after(moment: float, start: float) -> float:
    return round(moment - start, 6)


def _fault(exchange: Exchange, mask: Mask) -> Mapping[str, str] | None:
    if (fault := exchange.fault) is None:
        return None
    detail = _fit(fault.detail, mask)
    return {"stage": fault.stage.value, "kind": fault.kind.value, "detail": detail}


def _certificate(exchange: Exchange) -> Mapping[str, str | bool] | None:
    if (leaf := exchange.certificate) is None:
        return None
    return {
        "not_after": datetime.fromtimestamp(leaf.not_after, UTC).isoformat(),
        "issuer": printable(leaf.issuer, _LONGEST),
        "fingerprint": leaf.fingerprint,
        "verified": leaf.verified,
    }


def _headers(headers: Headers, mask: Mask) -> Headers:
    """Return headers that may be shown to others."""
    shown = [row for row in headers if row[0].lower() not in _LEFT_OUT]
    return tuple(
        (_fit(name, mask), _value(name.lower(), value, mask))
        for name, value in shown[:_MOST_HEADERS]
    )


def _value(name: str, value: str, mask: Mask) -> str:
    if _PRIVATE.search(name):
        return MASK
    if name == "retry-after" and not _WAIT.fullmatch(value):
        return MASK  # neither seconds nor a date: who knows what it is
    if name == "location" and "?" in value:  # what follows may be a credential
        return f"{_fit(value.partition('?')[0], mask)}?{MASK}"
    return _fit(value, mask)


def _fit(text: str, mask: Mask) -> str:
    """Return a text of the service or of ours, safe for any reader, and bounded."""
    return printable(mask(text), _LONGEST)
