"""What is remembered of runs."""

from tests.sinks.observations import (
    BALANCE,
    CHAT,
    HEALTH,
    STARTED_AT,
    exchange,
    observation,
)
from tm_exporter import catalog
from tm_exporter.exchange import Piece
from tm_exporter.observation import Reason, Sample
from tm_exporter.sinks.history import KEPT_PIECES, BodyShape, History


def test_failures_outlive_the_runs_that_pass() -> None:
    """The failure of last night can still be understood in the morning."""
    history = History(limit=3)
    history(observation(reason=Reason.TIMEOUT, probe_id="bad"))

    for number in range(10):
        history(observation(probe_id=f"good-{number}"))

    assert [run.observation.probe_id for run in history.runs(HEALTH)] == [
        "good-7",
        "good-8",
        "good-9",
    ]
    assert [run.observation.probe_id for run in history.failures(HEALTH)] == ["bad"]
    assert history.find("bad") is history.failures(HEALTH)[0]
    assert history.find("good-0") is None


def test_a_body_is_remembered_by_its_size_alone() -> None:
    """An answer is private, and long."""
    history = History()
    pieces = tuple(Piece(1000.0 + n, b"secret answer") for n in range(KEPT_PIECES + 5))

    history(observation(CHAT, exchanges=(exchange(body=pieces),)))

    run = history.runs(CHAT)[0]
    assert "secret answer" not in repr(run)
    assert run.bodies[0].size == 13 * (KEPT_PIECES + 5)
    assert len(run.bodies[0].pieces) == KEPT_PIECES
    assert run.bodies[0].pieces[1] == (1001.0, 13)


def test_no_body_is_a_shape_of_size_zero() -> None:
    """Each exchange has a shape, so that both lists can be read side by side."""
    history = History()

    history(observation())

    assert history.runs(HEALTH)[0].bodies == (BodyShape(0, ()),)


def test_pulled_samples_are_not_remembered() -> None:
    """They may be a thousand, forty times over."""
    history = History()

    history(observation(BALANCE, Sample(catalog.BILLING_BALANCE, 5.0, ("USD",))))

    assert history.runs(BALANCE)[0].observation.outcome.samples == ()


def test_since_is_when_the_state_began() -> None:
    """Another reason is the same state; a pass is another."""
    history = History(limit=2)
    for number, reason in enumerate([None, Reason.DNS, Reason.TLS, Reason.TLS]):
        started_at = STARTED_AT + 60 * number
        history(observation(reason=reason, started_at=started_at, duration=1))

    assert history.since(HEALTH) == STARTED_AT + 61
    assert history.last_success(HEALTH) == STARTED_AT + 1


def test_an_unknown_probe_has_no_past() -> None:
    """Nor has one that was forgotten."""
    history = History()
    history(observation())

    for _ in range(2):
        history.forget(HEALTH)

    assert history.latest(HEALTH) is None
    assert history.since(HEALTH) is None
    assert history.last_success(HEALTH) is None
    assert history.runs(HEALTH) == ()
    assert history.failures(HEALTH) == ()
