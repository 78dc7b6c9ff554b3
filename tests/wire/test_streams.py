"""What is kept of a stream: what was said, when, and what was odd about it."""

import pytest

from tests.verdict.answers import (
    DONE,
    GOOD,
    HELLO,
    ROLE,
    STOP,
    USAGE,
    chunk,
    event,
    read,
)
from tm_exporter.exchange import Piece
from tm_exporter.wire.deltas import read_chat_delta
from tm_exporter.wire.payloads import Usage
from tm_exporter.wire.sse import MOST_EVENT_BYTES
from tm_exporter.wire.streams import StreamReader


def reader() -> StreamReader:
    """Return a reader of chat chunks."""
    return StreamReader(read_delta=read_chat_delta, idle_timeout=10.0)


def test_what_was_said_is_put_together() -> None:
    """Text, thoughts, calls, and who said it."""
    record = read(
        [
            chunk({"reasoning": "Let "}, system_fingerprint="fp"),
            chunk({"reasoning_content": "me."}),
            chunk({"content": "he"}),
            chunk({"content": "llo"}),
            chunk({"tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}),
            chunk({"tool_calls": [{"function": {"arguments": "}"}}]}),
            STOP,
            DONE,
        ]
    )

    said = record.completion
    assert (said.text, said.reasoning, said.tool_calls) == ("hello", "Let me.", ("f",))
    assert (said.finish_reason, said.model, said.fingerprint) == ("stop", "tiny", "fp")


COUNTS = {
    "prompt_tokens": 9,
    "completion_tokens": 4,
    "prompt_tokens_details": {"cached_tokens": 8},
    "completion_tokens_details": {"reasoning_tokens": 3},
}


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param(STOP + event({"choices": [], "usage": COUNTS}), id="separate"),
        pytest.param(STOP + event({"usage": COUNTS}), id="without-choices"),
        pytest.param(chunk({}, "stop", usage=COUNTS), id="merged"),
        pytest.param(chunk({"content": "!"}, "stop", usage=COUNTS), id="with-content"),
        pytest.param(
            chunk({}, usage={"completion_tokens": 1}) + chunk({}, "stop", usage=COUNTS),
            id="growing",
        ),
        pytest.param(chunk({}, "stop", usage=COUNTS) + chunk(usage=None), id="null"),
    ],
)
def test_usage_comes_in_several_forms(ending: bytes) -> None:
    """Merged with the last chunk or in one of its own: the last word counts."""
    record = read([HELLO + ending + DONE])

    assert record.completion.usage == Usage(input=9, output=4, cached=8, reasoning=3)
    assert record.violations == ()


def test_content_is_stamped_and_nothing_else() -> None:
    """Neither the role-only chunk nor the usage nor the end is a token."""
    record = read(
        [b": c\n\n", ROLE, HELLO, chunk({"reasoning": "h"}), STOP, USAGE, DONE]
    )

    assert record.content_times == (2.0, 3.0)
    assert record.events == 6


VIOLATIONS = [
    ("none", [GOOD], ()),
    ("nothing-came", [], ()),
    ("no-content", [ROLE + STOP + USAGE + DONE], ("no_content",)),
    ("no-finish-reason", [HELLO + USAGE + DONE], ("no_finish_reason",)),
    ("no-done", [HELLO + STOP + USAGE], ("no_done",)),
    ("usage-missing", [HELLO + STOP + DONE], ("usage_missing",)),
    ("ended", [HELLO], ("no_finish_reason", "no_done")),
    ("comment-only", [b":\n"], ("no_content", "no_finish_reason", "no_done")),
    ("content-after-finish", [HELLO + STOP + HELLO + USAGE + DONE],
     ("content_after_finish",)),
    ("data-after-done", [GOOD + HELLO + HELLO], ("data_after_done",)),
    ("comment-after-done", [GOOD + b": bye\n\n"], ()),
    ("done-twice", [GOOD + DONE], ("data_after_done",)),
    ("invalid-event", [HELLO + b"data: {\n\n"], ("invalid_event",)),
    ("error-event", [HELLO + event({"error": {}})], ("error_event",)),
    ("finish-error", [HELLO + chunk({}, "error")], ("error_event",)),
    ("invalid-after-done", [GOOD + b"data: {\n\n"], ("data_after_done",)),
    ("tool-call-is-content",
     [chunk({"tool_calls": [{"function": {"name": "f"}}]}, "stop") + USAGE + DONE], ()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("pieces", "kinds"), [pytest.param(*row[1:], id=row[0]) for row in VIOLATIONS]
)
def test_violations_are_named(pieces: list[bytes], kinds: tuple[str, ...]) -> None:
    """Each kind once, those that fail the run and those that are only counted."""
    assert read(pieces).violations == kinds


def test_comments_do_not_count_as_life() -> None:
    """The idle time runs from the last event, or from the first byte of all."""
    stream = reader()
    assert stream.waiting_since is None

    stream.feed(Piece(1.0, b": c\n"))
    assert stream.waiting_since == 1.0

    stream.feed(Piece(2.0, b": c\n\n"))
    assert stream.waiting_since == 1.0

    stream.feed(Piece(3.0, HELLO + b": c\n\n"))
    stream.feed(Piece(4.0, b": c\n\n" + HELLO[:-1]))
    assert stream.waiting_since == 3.0


def test_the_end_is_not_put_off_by_what_follows_it() -> None:
    """A service that goes on after its terminator must not keep us."""
    stream = reader()
    stream.feed(Piece(1.0, GOOD))
    stream.feed(Piece(2.0, HELLO))

    assert (stream.complete, stream.waiting_since) == (True, 1.0)


def test_nothing_after_a_fault_is_read() -> None:
    """It cannot matter any more, nor may it hide the fault."""
    stream = reader()
    stream.feed(Piece(1.0, b"data: {\n\n"))
    stream.feed(Piece(2.0, GOOD))

    record = stream.record()
    assert stream.broken
    assert (record.terminated, record.completion.text) == (False, "")


def test_a_giant_last_event_is_too_large() -> None:
    """Also where only the end of the stream ends it."""
    record = read([b"data: a\n", b"data: " + b"x" * (MOST_EVENT_BYTES - 13)])

    assert record.fault is None
    assert read([b"data:" + b"x" * MOST_EVENT_BYTES]).fault is not None


def test_a_recorded_stream_gives_the_same_record_in_any_pieces() -> None:
    """But for the times, which are those of the pieces."""
    whole, small = read([GOOD]), read(bytes([byte]) for byte in GOOD)

    assert small.completion == whole.completion
    assert (small.terminated, small.violations) == (True, ())
    assert small.events == whole.events
