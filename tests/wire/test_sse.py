"""Server-sent events out of bytes that come in any pieces."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tm_exporter.exchange import Piece
from tm_exporter.wire.sse import (
    MOST_EVENT_BYTES,
    MOST_EVENTS,
    Event,
    EventSplitter,
    TooLarge,
)


STREAM = (
    "\ufeffdata: {é日😀}\r\n\r\n"
    ": a comment\n"
    "event: named\rdata:no space\rdata:  two\r\r"
    "id: 7\nretry: 1\nunheard\ndata\ndata: x\n\n"
    "data: [DONE]\n\n"
).encode()
SAID = [
    (b"", "{é日😀}".encode()),
    (b"named", b"no space\n two"),
    (b"", b"\nx"),
    (b"", b"[DONE]"),
]


def events(*pieces: bytes) -> list[Event]:
    """Return the events of pieces that come a second apart."""
    splitter = EventSplitter()
    return [
        event
        for at, data in enumerate(pieces)
        for event in splitter.feed(Piece(float(at), data))
    ]


def said(*pieces: bytes) -> list[tuple[bytes, bytes]]:
    """Return name and data of each event."""
    return [(event.name, event.data) for event in events(*pieces)]


ROWS = [
    ("nothing", b"", []),
    ("lf", b"data: a\n\n", [(b"", b"a")]),
    ("cr", b"data: a\r\r", [(b"", b"a")]),
    ("crlf", b"data: a\r\n\r\n", [(b"", b"a")]),
    ("mixed", b"data: a\r\n\rdata: b\n\r\n", [(b"", b"a"), (b"", b"b")]),
    ("no-blank-line", b"data: a\n", []),
    ("blank-lines-only", b"\n\r\n\r\n\n", []),
    ("no-space", b"data:a\n\n", [(b"", b"a")]),
    ("only-one-space-goes", b"data:  a\n\n", [(b"", b" a")]),
    ("tab-stays", b"data:\ta\n\n", [(b"", b"\ta")]),
    ("colons-stay", b"data: a: b:c\n\n", [(b"", b"a: b:c")]),
    ("space-before-the-colon", b"data : a\n\n", []),
    ("capitals", b"DATA: a\n\n", []),
    ("two-lines", b"data: a\ndata: b\n\n", [(b"", b"a\nb")]),
    ("no-data", b"event: ping\n\n", []),
    ("empty-data", b"data:\n\n", []),
    ("empty-data-twice", b"data\ndata:\n\n", []),
    ("name", b"event: x\ndata: a\n\n", [(b"x", b"a")]),
    ("name-after-data", b"data: a\nevent: x\n\n", [(b"x", b"a")]),
    ("name-twice", b"event: x\nevent: y\ndata: a\n\n", [(b"y", b"a")]),
    (
        "name-of-one-event-only",
        b"event: x\n\ndata: a\n\n",
        [(b"", b"a")],
    ),
    ("error-without-data", b"event: error\n\n", [(b"error", b"")]),
    ("comment", b": data: a\n\n", []),
    ("empty-comment", b":\n\n", []),
    ("comment-within", b"data: a\n: c\ndata: b\n\n", [(b"", b"a\nb")]),
    ("bom", b"\xef\xbb\xbfdata: a\n\n", [(b"", b"a")]),
    ("bom-later", b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [(b"", b"a")]),
    ("two-boms", b"\xef\xbb\xbf\xef\xbb\xbfdata: b\n\n", []),
    ("not-utf-8", b"data: \xff\n\n", [(b"", b"\xff")]),
    ("null-byte", b"data: \x00\n\n", [(b"", b"\x00")]),
    ("line-separator-is-no-end", "data: \u2028\n\n".encode(), [(b"", b"\xe2\x80\xa8")]),
]


@pytest.mark.parametrize(
    ("stream", "expected"), [pytest.param(*row[1:], id=row[0]) for row in ROWS]
)
def test_a_stream_means(stream: bytes, expected: list[tuple[bytes, bytes]]) -> None:
    """Lines, fields and events are as the standard has them."""
    assert said(stream) == expected


@pytest.mark.parametrize("at", range(len(STREAM)))
def test_a_cut_between_two_pieces_changes_nothing(at: int) -> None:
    """Even between CR and LF, in the byte order mark, or within a character."""
    assert said(STREAM[:at] or b"\n"[:0], STREAM[at:]) == SAID


def test_a_byte_at_a_time_changes_nothing() -> None:
    """The smallest pieces there are."""
    assert said(*(bytes([byte]) for byte in STREAM)) == SAID


@given(
    stream=st.text("ad:et \r\n\ufeff", max_size=60).map(str.encode),
    cuts=st.lists(st.integers(0, 60), max_size=6),
)
@settings(max_examples=200, deadline=None)
def test_pieces_never_matter(stream: bytes, cuts: list[int]) -> None:
    """Any text, cut anywhere, gives what it gives in one piece."""
    edges = [0, *sorted(cuts), len(stream)]
    pieces = [stream[start:end] for start, end in itertools.pairwise(edges)]

    assert said(*filter(None, pieces)) == said(stream)


def test_an_event_arrives_with_the_bytes_that_complete_it() -> None:
    """Its time is that of the blank line, not of its beginning."""
    found = events(b"data: a\n", b"\nda", b"ta: b\n\n")

    assert [event.arrived for event in found] == [1.0, 2.0]


def test_cr_completes_an_event_without_waiting_for_a_line_feed() -> None:
    """A stream that ends its lines with CR would else be an event late."""
    assert [event.arrived for event in events(b"data: a\r\r", b"\n")] == [0.0]


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"], ids=["none", "lf", "crlf"])
def test_the_end_leaves_an_event_without_its_blank_line(ending: bytes) -> None:
    """Whoever reads on decides what it is worth."""
    splitter = EventSplitter()
    list(splitter.feed(Piece(1.0, b"event: x\ndata: a" + ending)))

    assert splitter.finish(2.0) == Event(2.0, b"x", b"a")
    assert splitter.finish(3.0) is None


def event_of(size: int, line: int) -> bytes:
    """Return an event whose lines, without their ends, have `size` bytes."""
    lines = [b"data: ".ljust(line, b"x")] * (size // line)
    if size % line:
        lines.append(b"data:".ljust(size % line, b"x"))
    return b"\n".join(lines) + b"\n\n"


@pytest.mark.parametrize("step", [1 << 20, 65536, 4099], ids=lambda step: f"by-{step}")
@pytest.mark.parametrize("line", [MOST_EVENT_BYTES, 1000], ids=["one-line", "lines"])
def test_an_event_may_be_as_large_as_the_limit(line: int, step: int) -> None:
    """At the limit it is good, and one byte above it is not, in any pieces."""
    good, bad = (
        event_of(MOST_EVENT_BYTES, line),
        b"data: yy" + event_of(MOST_EVENT_BYTES, line).removeprefix(b"data: x"),
    )
    assert len(bad) == len(good) + 1

    assert len(said(*cut(good, step))) == 1
    with pytest.raises(TooLarge, match="256 KiB"):
        said(*cut(bad, step))


def cut(data: bytes, step: int) -> list[bytes]:
    """Return data in pieces of `step` bytes."""
    return [data[at : at + step] for at in range(0, len(data), step)]


def test_the_limit_is_that_of_each_event() -> None:
    """Many large events are no giant one."""
    half = event_of(MOST_EVENT_BYTES // 2, 1000)

    assert len(said(half * 5)) == 5


@pytest.mark.parametrize("step", [1 << 20, 65536], ids=["whole", "in-pieces"])
def test_a_long_comment_is_no_large_event(step: int) -> None:
    """However it is cut into pieces, a comment belongs to no event."""
    stream = b"data: a\n:" + b"c" * (2 * MOST_EVENT_BYTES) + b"\n\n"

    assert said(*cut(stream, step)) == [(b"", b"a")]


def test_a_line_without_an_end_is_cut_off_at_the_limit() -> None:
    """It is not gathered for ever in the hope of its end."""
    pieces = itertools.repeat(b"data" * 1024)

    with pytest.raises(TooLarge):
        events(*itertools.islice(pieces, 65))


def test_there_may_be_as_many_events_as_the_limit() -> None:
    """At the limit all is good, and with one more it is not."""
    most = b"data: a\n\n" * MOST_EVENTS

    assert len(events(most)) == MOST_EVENTS
    with pytest.raises(TooLarge, match="20,000"):
        events(most, b"data: a\n\n")
