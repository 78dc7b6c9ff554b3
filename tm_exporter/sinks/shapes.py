"""What is kept of a body: when which part came and how long it was, and no text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from tm_exporter.exchange import EVENT_STREAM, Exchange
from tm_exporter.wire.sse import DONE, EventSplitter, TooLarge


KEPT_PIECES = 200
KEPT_EVENTS = 200

_NAME = re.compile(rb"[a-z][a-z0-9_.]{0,63}")


class EventShape(NamedTuple):
    """
    What is kept of a server-sent event.

    Attributes:
        arrived: Monotonic seconds of the bytes that completed it.
        size: Bytes of its data.
        name: Its `event:` field, `done` for the terminator of chats, else empty. A
            name that is none of an API's, and could be a text, is left out.
    """

    arrived: float
    size: int
    name: str


@dataclass(frozen=True, slots=True)
class BodyShape:
    """
    What is kept of a body.

    Attributes:
        size: Bytes, all in all.
        pieces: Seconds by the monotonic clock and bytes of each of the first
            `KEPT_PIECES` pieces, in order of arrival.
        events: The first `KEPT_EVENTS` events of an event stream.
    """

    size: int
    pieces: tuple[tuple[float, int], ...]
    events: tuple[EventShape, ...] = ()


def shape_of(exchange: Exchange) -> BodyShape:
    """Return what is kept of an exchange's body."""
    pieces = tuple((each.arrived, len(each.data)) for each in exchange.body)
    size = sum(length for _, length in pieces)
    is_stream = exchange.media_type == EVENT_STREAM
    events = tuple(islice(_events(exchange), KEPT_EVENTS)) if is_stream else ()
    return BodyShape(size, pieces[:KEPT_PIECES], events)


def _events(exchange: Exchange) -> Iterator[EventShape]:
    """Yield the events of a stream, as far as they can be told apart."""
    splitter = EventSplitter()
    try:
        for piece in exchange.body:
            if piece.is_emptied:
                return
            for event in splitter.feed(piece):
                name = b"done" if event.data == DONE else event.name
                known = name.decode() if _NAME.fullmatch(name) else ""
                yield EventShape(event.arrived, len(event.data), known)
    except TooLarge:
        return
