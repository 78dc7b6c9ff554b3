"""How what the sinks remember becomes a status."""

from datetime import UTC, datetime

from tests.doubles import FakeClock
from tests.sinks.observations import (
    BALANCE,
    CHAT,
    HEALTH,
    STARTED_AT,
    next_step,
    observation,
    watching,
)
from tm_exporter import catalog
from tm_exporter.observation import Observation, ProbeKey, Reason, Sample
from tm_exporter.sinks.history import History
from tm_exporter.status import StatusBoard


def board(clock: FakeClock, *observations: Observation) -> StatusBoard:
    """Return a board after these runs."""
    metrics, history = watching(clock, HEALTH, CHAT, BALANCE), History()
    for each in observations:
        metrics(each)
        history(each)
    return StatusBoard(
        metrics=metrics,
        history=history,
        next_step=next_step,
        next_slot=lambda key: STARTED_AT + 60 if key == HEALTH else None,
    )


def moment(offset: float) -> datetime:
    """Return a moment so many seconds after the usual start."""
    return datetime.fromtimestamp(STARTED_AT + offset, UTC)


def test_before_the_first_run_nothing_is_known() -> None:
    """But when it is due."""
    status = board(FakeClock()).model(HEALTH)

    assert (status.state, status.since, status.last_run) == ("unknown", None, None)
    assert status.next_slot == moment(60)
    assert status.interval_seconds == 60
    assert status.phase_seconds == {}


def test_a_run_that_passed() -> None:
    """With what it measured."""
    ttft = Sample(catalog.CANARY_LAST_TTFT_SECONDS, 0.3)
    status = board(FakeClock(), observation(CHAT, ttft)).model(CHAT)

    assert (status.state, status.reason, status.next_step) == ("ok", None, "")
    assert status.model == "openai/gpt-oss-20b"
    assert status.last_success == status.last_run == status.since == moment(0.25)
    assert status.last_duration_seconds == 0.25
    assert status.ttft_seconds == 0.3
    assert status.phase_seconds["dns"] == 0.001
    assert status.next_slot is None


def test_a_failure_says_why_and_what_to_do() -> None:
    """And since when: another reason does not begin anew."""
    runs = [
        observation(reason=reason, detail="no answer", started_at=STARTED_AT + at)
        for at, reason in ((0, None), (60, Reason.DNS), (120, Reason.TIMEOUT))
    ]
    status = board(FakeClock(), *runs).model(HEALTH)

    assert (status.state, status.reason) == ("failing", "timeout")
    assert status.detail == "no answer"
    assert status.next_step == "look at health: timeout, 200"
    assert status.since == moment(60.25)
    assert status.last_success == moment(0.25)
    assert status.consecutive_failures == 2


def test_a_run_that_made_no_request_has_no_phases() -> None:
    """Nothing was measured."""
    run = observation(reason=Reason.CONFIGURATION, exchanges=())

    assert board(FakeClock(), run).model(HEALTH).phase_seconds == {}


def test_a_run_long_past_says_only_when_it_was() -> None:
    """How things were is not how they are."""
    clock = FakeClock()
    runs = board(clock, observation(reason=Reason.DNS))
    clock.advance(181)

    status = runs.model(HEALTH)

    assert (status.state, status.since, status.reason) == ("unknown", None, None)
    assert (status.last_run, status.probe_id) == (moment(0.25), "run-1")


def test_probes_are_grouped_by_target_and_sorted() -> None:
    """In whichever order they were configured."""
    other = ProbeKey("eu", "serverless", "chat_stream", "a-model")

    targets = board(FakeClock()).targets([HEALTH, CHAT, BALANCE, other])

    assert [
        (target.target, probe.probe, [model.model for model in probe.models])
        for target in targets
        for probe in target.probes
    ] == [
        ("account", "balance", [""]),
        ("eu", "chat_stream", ["a-model", "openai/gpt-oss-20b"]),
        ("eu", "health", [""]),
    ]
