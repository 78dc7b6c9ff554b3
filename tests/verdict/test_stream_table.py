"""
Streams of every kind, whole and broken: what is found, and what is measured.

In the table a stream says A, B and C, a tenth of a second apart, the first 0.6 s
after the request, and counts three tokens, but for what its name says.
"""

import pytest

from tests.verdict.failed_streams import FAILED_STREAMS
from tests.verdict.good_streams import COUNTED, GOOD
from tests.verdict.streams import FIRST, STEP, TEXT, TYPED, Play
from tm_exporter.exchange import FaultKind
from tm_exporter.observation import Reason


TABLE = {**GOOD, **COUNTED, **FAILED_STREAMS}


@pytest.mark.parametrize("name", TABLE)
def test_a_stream(name: str) -> None:
    """Its verdict, its violations, what was said, and the numbers."""
    row = TABLE[name]

    seen = row.play(row.pieces)

    timing, completion = seen.timing, seen.record.completion
    assert timing is not None
    assert seen.judged.verdict.reason is row.reason, seen.judged.verdict
    assert sorted(seen.violations) == sorted(row.violations)
    assert completion.reasoning + completion.text == row.text
    assert (completion.usage.output if completion.usage else None) == row.output
    assert len(timing.contents) == row.chunks
    assert timing.time_to_first_token == pytest.approx(row.ttft)
    assert timing.inter_token_latency == pytest.approx(row.itl)


def test_the_table_is_as_large_as_it_claims() -> None:
    """With every kind of violation, and every reason that a begun stream can have."""
    assert len(TABLE) >= 100
    assert {kind for row in TABLE.values() for kind in row.violations} == {
        *("content_type", "invalid_event", "error_event", "no_content"),
        *("no_finish_reason", "no_done", "content_after_finish"),
        *("data_after_done", "usage_missing", "long_gap", "buffered"),
    }


STREAMS = {"chat": Play(), "completions": TEXT, "responses": TYPED}


@pytest.mark.parametrize("route", STREAMS)
@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_a_stream_may_be_cut_into_two_pieces_anywhere(
    route: str, ending: bytes
) -> None:
    """In a character, between CR and LF, in the marker: it stays the same stream."""
    stream = b"".join(data for _, data in GOOD[route].pieces)
    stream = stream.replace(b'"A"', '"é😀"'.encode()).replace(b"\n", ending)

    for at in range(1, len(stream)):
        seen = STREAMS[route]([(1.0, stream[:at]), (2.0, stream[at:])])

        assert seen.judged.verdict.passed, at
        assert seen.violations == ()
        assert seen.record.completion.text == "é😀BC"


@pytest.mark.parametrize("route", STREAMS)
def test_a_stream_truncated_anywhere_before_its_end_fails(route: str) -> None:
    """Wherever the close falls, what is missing is the end."""
    play = STREAMS[route]
    stream = b"".join(data for _, data in GOOD[route].pieces)
    body = Play(route=play.route, ended=FaultKind.CLOSED)

    for at in range(1, len(stream) - 2):
        seen = body([(FIRST, stream[:at])])

        assert seen.judged.verdict.reason is Reason.STREAM_TRUNCATED, stream[:at]
    assert body([(FIRST, stream[: len(stream) - 2])]).judged.verdict.passed
    assert body([(STEP, b"")]).judged.verdict.reason is Reason.CONNECTION_LOST
