"""What is kept of bodies."""

from tests.sinks.observations import exchange
from tm_exporter.exchange import Piece
from tm_exporter.sinks.shapes import KEPT_EVENTS, EventShape, shape_of


STREAM = (("content-type", "text/event-stream; charset=utf-8"),)


def stream(*pieces: bytes) -> tuple[EventShape, ...]:
    """Return the events that are kept of a stream, a second between pieces."""
    body = tuple(Piece(1000.0 + at, data) for at, data in enumerate(pieces))
    return shape_of(exchange(headers=STREAM, body=body)).events


def test_an_event_is_when_it_came_how_long_it_was_and_its_kind() -> None:
    """Its text is left out."""
    events = stream(
        b'event: response.output_text.delta\ndata: {"delta": "secret"}\n\n',
        b"data: {}\n",
        b"\ndata: [DONE]\n\n",
    )

    assert events == (
        EventShape(1000.0, 19, "response.output_text.delta"),
        EventShape(1002.0, 2, ""),
        EventShape(1002.0, 6, "done"),
    )
    assert "secret" not in repr(events)


def test_a_name_that_could_be_a_text_is_left_out() -> None:
    """A service that misuses the field shall not have its words kept."""
    events = stream(b"event: The answer is 42\ndata: {}\n\n")

    assert events == (EventShape(1000.0, 2, ""),)


def test_of_many_events_the_first_are_kept() -> None:
    """The memory that a run takes is bounded."""
    assert len(stream(b"data: {}\n\n" * (KEPT_EVENTS + 50))) == KEPT_EVENTS


def test_an_event_without_end_ends_what_is_told() -> None:
    """What came before it stays."""
    assert len(stream(b"data: {}\n\ndata: " + b"x" * 300_000)) == 1


def test_an_answer_in_one_piece_has_no_events() -> None:
    """Whatever it looks like."""
    body = (Piece(1000.0, b"data: {}\n\n"),)

    assert shape_of(exchange(body=body)).events == ()
