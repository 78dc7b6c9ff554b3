"""
An HTTP/1.1 answer while it arrives: h11 parses, the stamps and limits are ours.

Source: RFC 9112. What is broken is told apart from what was merely cut off.
"""

import re
from collections.abc import Callable

import h11
import httpx

from tm_exporter.clients.decoding import BrokenCoding, Decoder, decoder_for
from tm_exporter.clients.ended import Ended
from tm_exporter.clients.limits import Limits
from tm_exporter.exchange import EVENT_STREAM, FaultKind, Piece


_BEGINNING = b"HTTP/"
_HEAD = "tm_exporter.head"  # where a request keeps how it begins
_MOST_AT_ONCE = 64 * 1024  # of a body: more than one reading of a socket gives
_QUOTED = re.compile(r":? (?:bytearray\()?b['\"].*", re.DOTALL)  # in h11's sentences
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]*[ \t]*(?:;.*)?\r?")  # as much as came of it
_TRAILER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:$|[ \t]*:)")


class Answer:
    """
    What has arrived of one answer.

    Args:
        limits: What it may cost.
        now: Wall clock, to be compared with the answer's Date.

    Attributes:
        headers: Of the final answer, names in lower case, in order.
        answered_at: Wall clock, in seconds, when its header block was complete.
        body: In order of arrival.
        ended: Whether the body is complete.
    """

    def __init__(self, limits: Limits, now: Callable[[], float]) -> None:
        self._limits = limits
        self._now = now
        self._parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=limits.head)
        self._head: h11.Response | None = None
        self._beginning = b""
        self._head_size = 0
        self._head_lines = 0
        self._lines = 0  # of a header block that has no end yet
        self._interim = 0
        self._closed = False
        self._stamp = 0.0
        self._decoder: Decoder | None = None
        self._stopped = False
        self._limit = self._left = 0
        self._tell: Callable[[Piece], None] = lambda _: None
        self.headers: tuple[tuple[str, str], ...] = ()
        self.answered_at: float | None = None
        self.body: list[Piece] = []
        self.ended = False

    def request(self, request: httpx.Request) -> bytes:
        """Return a request as the bytes to write."""
        parts = [self._parser.send(_head_of(request))]
        if request.content:
            parts.append(self._parser.send(h11.Data(data=request.content)))
        parts.append(self._parser.send(h11.EndOfMessage()))
        return b"".join(part for part in parts if part)

    @property
    def has_head(self) -> bool:
        """Whether the header block of the final answer is complete."""
        return self._head is not None

    @property
    def size(self) -> int:
        """Bytes of the body that are kept so far."""
        return self._limit - max(0, self._left)

    @property
    def status(self) -> int | None:
        """The status code, once there is one."""
        return self._head.status_code if self._head is not None else None

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_event_stream(self) -> bool:
        """Whether the body is what a stream was asked for; a missing type may be."""
        media = self._header("content-type")
        return media is None or media.partition(";")[0].strip().lower() in (
            "",
            EVENT_STREAM,
        )

    @property
    def close_delimited(self) -> bool:
        """Whether only the close of the connection ends the body."""
        if self.status == 204:
            return False
        coding = self._header("transfer-encoding")
        return self._header("content-length") is None and coding is None

    def feed_head(self, stamp: float, data: bytes) -> None:
        """
        Take bytes until the header block of the final answer is complete.

        Raises:
            Ended: PROTOCOL if this is not HTTP, or too much of it; CLOSED if the
                connection ended.
        """
        self._closed, self._stamp = not data, stamp
        self._beginning = (self._beginning + data)[: len(_BEGINNING)]
        if not _BEGINNING.startswith(self._beginning):
            raise Ended(FaultKind.PROTOCOL, "the answer is not HTTP/1")
        self._look_at_lines(data)
        self._parser.receive_data(data)
        while self._head is None:
            event = self._next_event()
            if not isinstance(event, h11.InformationalResponse | h11.Response):
                return  # more is needed: the parser raises at an end
            self._take_head(event)

    def _look_at_lines(self, data: bytes) -> None:
        """Refuse very many lines before the parser takes them to pieces."""
        if b"\n\r\n" in data or b"\n\n" in data:  # it is at its end, and soon counted
            self._lines = 0
            return
        self._lines += data.count(b"\n")
        if self._lines > self._limits.headers + 2:  # first and last are no headers
            raise Ended(FaultKind.PROTOCOL, "the answer has too many headers")

    def begin_body(
        self, limit: int, tell: Callable[[Piece], None] = lambda _: None
    ) -> None:
        """
        Read on into the body.

        Args:
            limit: Bytes that are kept at the most, after decoding.
            tell: Is given each piece when it is there, before anything is raised
                for what comes behind it.

        Raises:
            Ended: As `feed_body`, for what came with the header already.
        """
        self._limit = self._left = limit
        self._tell = tell
        try:
            self._decoder = decoder_for(self._header("content-encoding"))
        except BrokenCoding as error:
            raise Ended(FaultKind.PROTOCOL, str(error)) from None
        self._read_body()

    @property
    def pending(self) -> bool:
        """Whether more of the body is here, which was too much to be read at once."""
        return self._stopped or (self._decoder is not None and self._decoder.pending)

    def read_on(self) -> None:
        """
        Read more of what is here.

        Raises:
            Ended: As `feed_body`.
        """
        self._read_body()

    def feed_body(self, stamp: float, data: bytes) -> None:
        """
        Take bytes of the body, once nothing is pending.

        Raises:
            Ended: CLOSED before the body's end, PROTOCOL if its framing or its
                coding is broken, TOO_LARGE over the limit.
        """
        self._closed, self._stamp = not data, stamp
        self._parser.receive_data(data)
        self._read_body()

    def _take_head(self, head: h11.InformationalResponse | h11.Response) -> None:
        """Keep the final header block; count all of them."""
        self._head_size += sum(
            len(name) + len(value) + 4 for name, value in head.headers
        )
        self._head_lines += len(head.headers)
        if self._head_lines > self._limits.headers:
            raise Ended(FaultKind.PROTOCOL, "the answer has too many headers")
        if self._head_size > self._limits.head:
            raise Ended(FaultKind.PROTOCOL, "the headers exceed the limit")
        if isinstance(head, h11.Response):
            self._head = head
            self.headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in head.headers
            )
            self.answered_at = self._now()
            return
        self._interim += 1
        if self._interim > self._limits.interim:
            raise Ended(FaultKind.PROTOCOL, "too many interim (1xx) answers")

    def _read_body(self) -> None:
        """Turn what the parser has into pieces."""
        # One piece for all that came together: a body may be cut into tiny chunks.
        parts: list[bytes] = []
        try:
            begun, self._stopped = self._left, False
            self._take(b"", parts)  # what the decoder has left
            while not (self.ended or self.pending):
                event = self._next_event()
                if isinstance(event, h11.Data):
                    self._take(bytes(event.data), parts)
                    self._stopped = begun - self._left >= _MOST_AT_ONCE
                elif isinstance(event, h11.EndOfMessage):
                    self._finish()
                else:
                    self._look_at_the_rest()
                    break
        except BrokenCoding as error:
            raise Ended(FaultKind.PROTOCOL, str(error)) from None
        finally:
            if any(parts):
                self.body.append(Piece(self._stamp, b"".join(parts)))
                self._tell(self.body[-1])
                self._forget_what_was_told()

    def _look_at_the_rest(self) -> None:
        """Refuse what can begin no chunk: the parser would wait for its line's end."""
        if self._has_no_chunk():
            raise Ended(
                FaultKind.PROTOCOL, "broken HTTP: what should be a chunk is none"
            )

    def _has_no_chunk(self) -> bool:
        """Whether a line without its end can be no chunk's size, nor a trailer."""
        rest, closed = self._parser.trailing_data
        if not rest or _CHUNK_SIZE.fullmatch(rest):
            return False
        trailer = _TRAILER.match(rest)
        return trailer is None or (closed and not trailer[0].endswith(b":"))

    def _forget_what_was_told(self) -> None:
        """Of a stream beyond what any other answer may have, keep only its lengths."""
        if self.size > self._limits.body:
            self.body[-1] = self.body[-1].emptied()

    def _take(self, data: bytes, parts: list[bytes]) -> None:
        """Decode data and add it to the parts."""
        assert self._decoder is not None  # noqa: S101 -- begin_body came first
        plain = self._decoder.decode(data, self._left + 1)
        parts.append(plain[: self._left])
        self._left -= len(plain)
        if self._left < 0:
            raise Ended(FaultKind.TOO_LARGE, "the body exceeds the limit")

    def _finish(self) -> None:
        """Note the body's end, if its coding agrees that this is the end."""
        assert self._decoder is not None  # noqa: S101 -- begin_body came first
        if not self._decoder.complete:
            kind = FaultKind.CLOSED if self.close_delimited else FaultKind.PROTOCOL
            raise Ended(kind, "the compressed body has no end")
        self.ended = True

    def _next_event(self) -> object:
        """Return the parser's next event; say whether it is broken or cut off."""
        try:
            return self._parser.next_event()
        except h11.RemoteProtocolError as error:
            error.__traceback__ = None  # has a frame that has the error
            if self._closed and not (self.has_head and self._has_no_chunk()):
                raise Ended(
                    FaultKind.CLOSED, "the connection closed before the end"
                ) from None
            what = _QUOTED.sub("", str(error))  # without words of the answer
            raise Ended(FaultKind.PROTOCOL, f"broken HTTP: {what}") from None

    def _header(self, name: str) -> str | None:
        """Return the first header of that lower-case name."""
        return next((value for key, value in self.headers if key == name), None)


def _head_of(request: httpx.Request) -> h11.Request:
    """Return how a request begins; checked once, as most are sent again and again."""
    head: h11.Request | None = request.extensions.get(_HEAD)
    if head is None:
        head = request.extensions[_HEAD] = h11.Request(
            method=request.method,
            target=request.url.raw_path,
            headers=request.headers.raw,
        )
    return head
