"""What is remembered of runs."""

from datetime import UTC, datetime

from tests.sinks.observations import (
    BALANCE,
    CHAT,
    HEALTH,
    STARTED_AT,
    exchange,
    observation,
)
from tm_exporter import catalog
from tm_exporter.exchange import Phase, Piece
from tm_exporter.observation import Reason, Sample, Span
from tm_exporter.sinks.history import History
from tm_exporter.sinks.shapes import KEPT_PIECES, BodyShape


def test_failures_outlive_the_runs_that_pass() -> None:
    """The failure of last night can still be understood in the morning."""
    history = History(limit=3)
    history(observation(reason=Reason.TIMEOUT, probe_id="bad"))

    for number in range(10):
        history(observation(probe_id=f"good-{number}"))

    assert [kept.mark.probe_id for kept in history.past(HEALTH).runs] == [
        "good-7",
        "good-8",
        "good-9",
    ]
    assert [kept.mark.probe_id for kept in history.past(HEALTH).failures] == ["bad"]
    assert history.find("bad") == history.past(HEALTH).failures[0].open()
    assert history.find("good-0") is None


def test_a_body_is_remembered_by_its_size_alone() -> None:
    """An answer is private, and long."""
    history = History()
    pieces = tuple(Piece(1000.0 + n, b"secret answer") for n in range(KEPT_PIECES + 5))

    history(observation(CHAT, exchanges=(exchange(body=pieces),)))

    run = history.past(CHAT).runs[0].open()
    assert "secret answer" not in repr(run)
    assert run.bodies[0].size == 13 * (KEPT_PIECES + 5)
    assert len(run.bodies[0].pieces) == KEPT_PIECES
    assert run.bodies[0].pieces[1] == (1001.0, 13)


def test_the_newest_run_is_at_hand_with_what_pages_show() -> None:
    """All probes' at once, so that it is to be small; the rest is unpacked if asked."""
    history = History()
    span = Span(1000.0, 1000.4)
    last = exchange(
        headers=(("retry-after", "7"), ("server", "envoy")),
        request_headers=(("accept", "*/*"),),
        phases={Phase.WAIT: 0.4},
    )
    ttft = Sample(catalog.CANARY_LAST_TTFT_SECONDS, 0.4, span=span)
    rate = Sample(catalog.CANARY_OUTPUT_TOKENS_PER_SECOND, 50.0)
    run = observation(CHAT, ttft, rate, reason=Reason.THROTTLED, exchanges=(last,))

    history(run)

    seen = history.past(CHAT).last
    assert seen is not None
    assert (seen.verdict, seen.duration) == (run.verdict, run.duration)
    assert seen.phases == {"wait": 0.4}
    assert seen.exchange is not None
    assert seen.exchange.header("retry-after") == "7"
    assert seen.outcome.samples == (ttft,)
    assert seen.outcome.samples[0].span is None
    assert len(seen.exchange.headers) == 1
    assert not seen.exchange.request_headers
    assert history.past(CHAT).runs[-1].open().observation.exchange == last


def test_no_body_is_a_shape_of_size_zero() -> None:
    """Each exchange has a shape, so that both lists can be read side by side."""
    history = History()

    history(observation())

    assert history.past(HEALTH).runs[0].open().bodies == (BodyShape(0, ()),)


def test_pulled_samples_are_not_remembered() -> None:
    """They may be a thousand, forty times over."""
    history = History()

    history(observation(BALANCE, Sample(catalog.BILLING_BALANCE, 5.0, ("USD",))))

    assert history.past(BALANCE).runs[0].open().observation.outcome.samples == ()


def test_since_is_when_the_state_began() -> None:
    """Another reason is the same state; a pass is another."""
    history = History(limit=2)
    for number, reason in enumerate([None, Reason.DNS, Reason.TLS, Reason.TLS]):
        started_at = STARTED_AT + 60 * number
        history(observation(reason=reason, started_at=started_at, duration=1))

    past = history.past(HEALTH)
    assert past.since == datetime.fromtimestamp(STARTED_AT + 61, UTC)
    assert past.last_success == datetime.fromtimestamp(STARTED_AT + 1, UTC)


def test_a_secret_that_a_service_quotes_is_not_remembered() -> None:
    """Nor half a character, which no page could show."""
    history = History(mask=lambda text: text.replace("hunter22", "<secret>"))

    history(observation(reason=Reason.AUTH, detail="bad key hunter22 \udcff"))

    past = history.past(HEALTH)
    assert past.failures[0].mark.detail == "bad key <secret> ?"
    assert past.runs[0].open().observation.verdict.detail == "bad key <secret> ?"


def test_an_unknown_probe_has_no_past() -> None:
    """Nor has one that was forgotten."""
    history = History()
    history(observation())

    for _ in range(2):
        history.forget(HEALTH)

    past = history.past(HEALTH)
    assert (past.since, past.last_success) == (None, None)
    assert not past.runs
    assert not past.failures
