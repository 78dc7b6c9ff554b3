"""
Read a stream of server-sent events while it arrives.

Only lines and events; `streams` knows what they mean.

Source: the HTML standard, section "Server-sent events"; the limits are the
contract's, section 5.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tm_exporter.exchange import Piece


MOST_EVENT_BYTES = 256 * 1024
MOST_EVENTS = 20_000
DONE = b"[DONE]"
ERROR = b"error"
_BLANK_LINES = re.compile(rb"\n{3,}")


@dataclass(frozen=True, slots=True)
class Event:
    """
    One event.

    Attributes:
        arrived: Monotonic seconds of the bytes that completed it.
        name: The `event:` field, empty where there is none.
        data: The `data:` lines, joined by line feeds.
    """

    arrived: float
    name: bytes
    data: bytes


class TooLarge(Exception):  # noqa: N818 -- what the stream is
    """One event, or their number, is over its limit."""


class EventSplitter:
    """
    Turns pieces of a body into events; comments and empty events are passed over.

    A line may end in CR, LF or both, and a piece may end anywhere, even between
    the two or in the middle of a character.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._after_cr = False
        self._begun = False
        self._name = b""
        self._data: list[bytes] = []
        self._size = 0
        self._count = 0

    def feed(self, piece: Piece) -> Iterator[Event]:
        """
        Yield the events which these bytes complete, in order.

        Raises:
            TooLarge: One event is over 256 KiB, or there are more than 20,000.
        """
        data = piece.data
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
        self._after_cr = piece.data.endswith(b"\r")
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        # Of blank lines only the first means something; of millions each takes time.
        *lines, rest = _BLANK_LINES.sub(b"\n\n", data).split(b"\n")
        for line in lines:
            whole = bytes(self._line) + line
            self._line.clear()
            event = self._take_line(whole, piece.arrived)
            if event is not None:
                yield event
        self._line += rest
        if self._line.startswith(b":"):  # a comment is no part of an event
            return
        if self._size + len(self._line) > MOST_EVENT_BYTES:
            raise TooLarge(f"an event is over {MOST_EVENT_BYTES // 1024} KiB")

    def finish(self, arrived: float) -> Event | None:
        """
        Return what an end of the stream leaves: data without its blank line.

        The standard drops it; whoever reads on decides whether it is an event.
        """
        if self._line:
            self._take_line(bytes(self._line), arrived)
            self._line.clear()
        return self._dispatch(arrived)

    def _take_line(self, line: bytes, arrived: float) -> Event | None:
        """Take a line without its end; return the event that it completes."""
        if not self._begun:
            self._begun = True
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            return self._dispatch(arrived)
        self._size += len(line)
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
        elif field == b"event":
            self._name = value
        elif not field:  # a comment
            self._size -= len(line)
        if self._size > MOST_EVENT_BYTES:
            raise TooLarge(f"an event is over {MOST_EVENT_BYTES // 1024} KiB")
        return None

    def _dispatch(self, arrived: float) -> Event | None:
        """Return the event gathered so far, if it has data or is an error's."""
        name, data = self._name, self._data
        self._name, self._data, self._size = b"", [], 0
        if not any(data) and name != ERROR:
            return None
        self._count += 1
        if self._count > MOST_EVENTS:
            raise TooLarge(f"over {MOST_EVENTS:,} events")
        return Event(arrived, name, b"\n".join(data))
