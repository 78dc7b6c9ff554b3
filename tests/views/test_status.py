"""How what the sinks remember becomes a status."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

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
from tm_exporter.observation import Observation, ProbeKey, Reason, Sample, Skip
from tm_exporter.sinks.history import History
from tm_exporter.views.board import StatusBoard


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


@pytest.mark.parametrize(
    ("skip", "expected"),
    [
        (None, "it has not run yet"),
        (Skip.BUDGET, "it has not run yet: the canary budget does not pay for it now"),
        (Skip.MAINTENANCE, "it has not run yet: it is under maintenance"),
    ],
)
def test_what_is_unknown_says_why(skip: Skip | None, expected: str) -> None:
    """A probe that is skipped is not a riddle."""
    runs = board(FakeClock())
    if skip is not None:
        runs.metrics.skipped(CHAT, skip)

    status = runs.model(CHAT)

    assert (status.state, status.detail, status.skipped) == ("unknown", expected, skip)


def test_a_route_that_the_service_lacks_does_not_fail() -> None:
    """It is optional: nothing is broken, and nothing is known either."""
    run = observation(BALANCE, reason=Reason.BAD_REQUEST, detail="HTTP 404")
    missing = replace(run, outcome=replace(run.outcome, supported=False))

    status = board(FakeClock(), missing).model(BALANCE)

    assert (status.state, status.reason, status.next_step) == ("unknown", None, "")
    assert status.detail == "the service does not have this route"
    assert status.last_run == moment(0.25)


def test_a_run_ends_a_skip() -> None:
    """Why an earlier slot was skipped is over then."""
    runs = board(FakeClock())
    runs.metrics.skipped(CHAT, Skip.OVERLAP)
    runs.metrics(observation(CHAT))

    assert runs.model(CHAT).skipped is None


@pytest.mark.parametrize("skip", Skip)
def test_every_skip_is_told_in_words(skip: Skip) -> None:
    """A new one must not break the page."""
    runs = board(FakeClock())
    runs.metrics.skipped(CHAT, skip)

    assert runs.model(CHAT).detail != "it has not run yet"


def test_the_last_runs_and_failures_are_told() -> None:
    """Failures in a list of their own, which runs that pass do not shorten."""
    bad = observation(reason=Reason.DNS, detail="no such name", probe_id="bad")
    good = [observation(probe_id=f"good-{number}") for number in range(25)]

    status = board(FakeClock(), bad, *good).model(HEALTH)

    assert [run.probe_id for run in status.runs] == [f"good-{n}" for n in range(5, 25)]
    assert [(run.probe_id, run.detail) for run in status.failures] == [
        ("bad", "no such name")
    ]


@pytest.mark.parametrize(
    ("runway", "expected"), [(3600.0, (3600.0, False)), (math.inf, (None, True))]
)
def test_an_account_says_what_is_left(
    runway: float, expected: tuple[float | None, bool]
) -> None:
    """An endless runway is none that JSON could tell."""
    seen = observation(
        BALANCE,
        Sample(catalog.BILLING_BALANCE, 12.5, ("USD",)),
        Sample(catalog.BILLING_RUNWAY_SECONDS, runway),
    )

    [target] = board(FakeClock(), seen).targets([BALANCE])

    assert target.account is not None
    assert target.account.balance == {"USD": 12.5}
    assert (target.account.runway_seconds, target.account.is_idle) == expected


def test_money_is_not_told_where_it_is_not_to_be() -> None:
    """The page may hang on a wall."""
    seen = observation(BALANCE, Sample(catalog.BILLING_BALANCE, 12.5, ("USD",)))

    silent = replace(board(FakeClock(), seen), shows_money=False)

    assert silent.targets([BALANCE])[0].account is None


def deployed(
    name: str, status: str, *, healthy: float, replicas: float
) -> list[Sample]:
    """Return what a pull tells of a deployment."""
    return [
        Sample(catalog.DEPLOYMENT_INFO, 1, (name, f"model-{name}", "H100", "x", "m")),
        Sample(catalog.DEPLOYMENT_STATUS, 1, (name, status)),
        Sample(catalog.DEPLOYMENT_HEALTHY, healthy, (name,)),
        Sample(catalog.DEPLOYMENT_REPLICAS, replicas, (name,)),
    ]


def warned(*samples: Sample, shows_money: bool = True) -> tuple[str, ...]:
    """Return the warnings of an account that tells this."""
    told = board(FakeClock(), observation(BALANCE, *samples))
    [target] = replace(told, shows_money=shows_money).targets([BALANCE])
    return target.warnings


def test_deployments_that_do_not_work_are_warned_of() -> None:
    """No probe fails by them, and somebody's users may."""
    works = deployed("a", "MODEL_STATUS_RUNNING", healthy=1, replicas=2)
    failed = deployed("b", "MODEL_STATUS_FAILED", healthy=0, replicas=0)
    empty = deployed("c", "MODEL_STATUS_RUNNING", healthy=1, replicas=0)
    stopped = Sample(catalog.DEPLOYMENT_REPLICAS, 0, ("d",))

    first, second = warned(*works, *failed, *empty, stopped)

    assert "deployment model-b does not work, by MODEL_STATUS_FAILED: look" in first
    assert "deployment model-c has no replicas and is not stopped: look" in second


def test_a_card_that_is_not_good_is_warned_of() -> None:
    """Unless money is not to be told."""
    missing, good = (Sample(catalog.BILLING_CARD_ON_FILE, each) for each in (0, 1))

    [told] = warned(missing)

    assert "no good payment card is on file" in told
    assert warned(good) == ()
    assert warned(missing, shows_money=False) == ()


def test_many_warnings_are_told_in_part() -> None:
    """And how many there are."""
    failed = (deployed(f"{n}", "FAILED", healthy=0, replicas=1) for n in range(13))

    told = warned(*(sample for each in failed for sample in each))

    assert len(told) == 11
    assert told[-1] == "and 3 more"


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
