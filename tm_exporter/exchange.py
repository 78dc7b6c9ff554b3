"""
What was seen on the wire during one request: facts, without a judgement.

The transport writes it, `verdict.judge` reads it, and the transcript shows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self, cast


EVENT_STREAM = "text/event-stream"
"""The media type of server-sent events."""


class Phase(StrEnum):
    """Where the time of an exchange went. One that did not happen is absent."""

    DNS = "dns"
    PROXY = "proxy"
    CONNECT = "connect"
    TLS = "tls"
    WAIT = "wait"
    TRANSFER = "transfer"


class Stage(StrEnum):
    """How far an exchange had come when it ended abnormally."""

    PREPARE = "prepare"
    DNS = "dns"
    PROXY = "proxy"
    CONNECT = "connect"
    TLS = "tls"
    HEAD = "head"
    BODY = "body"


class FaultKind(StrEnum):
    """What ended an exchange."""

    FAILED = "failed"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    CLOSED = "closed"
    PROTOCOL = "protocol"
    TOO_LARGE = "too_large"
    STALLED = "stalled"


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Why an exchange ended before it was complete.

    Attributes:
        stage: How far it had come.
        kind: What happened there.
        detail: One line for people.
    """

    stage: Stage
    kind: FaultKind
    detail: str


@dataclass(frozen=True, slots=True)
class Piece:
    """
    Bytes of a body, as they arrived.

    Attributes:
        arrived: Seconds by the monotonic clock: when the kernel got the last of them,
            as far as it tells, else when the socket gave them to us.
        data: After transfer coding and content coding.
    """

    arrived: float
    data: bytes

    def emptied(self) -> Self:
        """Return the piece without what it says: only its length."""
        return replace(self, data=_nothing(len(self.data)))

    @property
    def is_emptied(self) -> bool:
        """Whether only the length is known."""
        return not isinstance(self.data, bytes)


@dataclass(frozen=True, slots=True)
class Certificate:
    """
    The leaf certificate which a server showed.

    Attributes:
        not_after: Seconds since the epoch at which it expires.
        issuer: The issuer's common name, else its organisation.
        fingerprint: SHA-256 of the DER form, in hexadecimal.
        verified: Whether chain, name and dates were found good.
    """

    not_after: float
    issuer: str
    fingerprint: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """
    One request over a connection of its own, and what came back.

    Attributes:
        method: GET or POST.
        url: Without credentials.
        sent: Monotonic seconds just before the first byte of the request left;
            None if it never did.
        phases: Seconds by phase; a phase that did not happen is absent.
        fault: None if the answer is complete.
        peer_address: Of the last address tried, as `host:port`.
        status: Of the final answer; None if its header did not arrive whole.
        headers: As sent, names in lower case, in order.
        body: In order of arrival.
        close_delimited: The body had no length; only the close ended it.
        held_back: Seconds for which we did not read its body, for want of memory.
        answered_at: Wall clock, in seconds, when the header was complete.
        certificate: The leaf seen, on https.
        request_headers: What was sent, credentials masked.
    """

    method: str
    url: str
    sent: float | None = None
    phases: Mapping[Phase, float] = field(default_factory=dict)
    fault: Fault | None = None
    peer_address: str | None = None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: tuple[Piece, ...] = ()
    close_delimited: bool = False
    held_back: float = 0.0
    answered_at: float | None = None
    certificate: Certificate | None = None
    request_headers: tuple[tuple[str, str], ...] = ()

    @property
    def content(self) -> bytes:
        """The body in one piece."""
        return b"".join(piece.data for piece in self.body)

    @property
    def media_type(self) -> str | None:
        """The content type without its parameters, None if there is none."""
        value = self.header("content-type") or ""
        return value.partition(";")[0].strip().lower() or None

    def emptied(self) -> Self:
        """
        Return the exchange without what its body says: only its pieces' lengths.

        For an answer that was read while its run goes on: several of a mebibyte each,
        of many targets at a time, would be more than there is memory for.
        """
        first, rest = self.body[:_PIECES], self.body[_PIECES:]
        pieces = [each.emptied() for each in first]
        if rest:
            size = sum(len(each.data) for each in rest)
            pieces.append(Piece(rest[-1].arrived, _nothing(size)))
        return replace(self, body=tuple(pieces))

    def header(self, name: str) -> str | None:
        """Return the first value of a header by its lower-case name."""
        return next((value for key, value in self.headers if key == name), None)


_PIECES = 200
_NOTHING = memoryview(bytes(8 * 1024 * 1024 + 1))


def _nothing(size: int) -> bytes:
    """Return so many zeros, all of which share one place in memory."""
    return cast("bytes", _NOTHING[:size])
