"""When a series vanishes: too old, replaced, or nobody's any more."""

from dataclasses import replace

import pytest

from tests.doubles import FakeClock
from tests.sinks.observations import (
    BALANCE,
    CHAT,
    HEALTH,
    STARTED_AT,
    certificate,
    exchange,
    observation,
    watching,
)
from tests.sinks.pages import text, values
from tm_exporter import catalog
from tm_exporter.observation import ProbeKey, Reason, Sample


MODELS = ProbeKey("eu", "serverless", "models")


def balance(amount: float, currency: str = "USD") -> Sample:
    """Return what a pull of the balance finds."""
    return Sample(catalog.BILLING_BALANCE, amount, (currency,))


def test_gauges_of_a_last_run_outlive_three_intervals_and_no_more() -> None:
    """A verdict on how things were is not shown as how they are."""
    clock = FakeClock()
    sink = watching(clock, HEALTH, interval=60)
    sink(observation())

    clock.advance(180)
    before = values(sink, catalog.PROBE_SUCCESS)
    clock.advance(1)

    assert before == {"": 1}
    assert values(sink, catalog.PROBE_SUCCESS) == {}
    assert values(sink, catalog.PROBE_PHASE_SECONDS) == {}
    assert values(sink, catalog.PROBE_CONSECUTIVE_FAILURES) == {}
    assert not sink.standing(HEALTH).is_current


def test_counters_and_timestamps_stay() -> None:
    """They are still true, and an alert on their age needs them."""
    clock = FakeClock()
    sink = watching(clock, HEALTH)
    sink(observation())

    clock.advance(1e6)

    assert values(sink, catalog.PROBE_ATTEMPTS) == {"": 1}
    assert len(values(sink, catalog.PROBE_LAST_RUN_TIMESTAMP_SECONDS)) == 1
    assert values(sink, catalog.PROBE_INTERVAL_SECONDS) == {"": 60}


def test_a_stretched_interval_stretches_the_life() -> None:
    """Three intervals are three of those in force now."""
    clock = FakeClock()
    sink = watching(clock, HEALTH, interval=60)
    sink(observation())

    sink.interval(HEALTH, 600)
    clock.advance(1000)

    assert values(sink, catalog.PROBE_SUCCESS) == {"": 1}


@pytest.mark.parametrize(
    ("interval", "life"),
    [pytest.param(60, 900, id="at-least"), pytest.param(3600, 10800, id="three")],
)
def test_pulled_gauges_live_three_intervals_and_at_least_a_quarter_of_an_hour(
    interval: float, life: float
) -> None:
    """One missed pull is bridged; after that the number is not known."""
    clock = FakeClock()
    sink = watching(clock, BALANCE, interval=interval)
    sink(observation(BALANCE, balance(5)))

    clock.advance(life)
    before = values(sink, catalog.BILLING_BALANCE)
    clock.advance(1)

    assert (before, values(sink, catalog.BILLING_BALANCE)) == ({"USD": 5}, {})


def test_a_failed_pull_leaves_the_numbers_be() -> None:
    """It says nothing about the balance, and does not make it younger either."""
    clock = FakeClock()
    sink = watching(clock, BALANCE, interval=60)
    sink(observation(BALANCE, balance(5)))
    clock.advance(899)
    sink(observation(BALANCE, reason=Reason.TIMEOUT))
    bridged = values(sink, catalog.BILLING_BALANCE)

    clock.advance(2)

    assert (bridged, values(sink, catalog.BILLING_BALANCE)) == ({"USD": 5}, {})


def test_a_failed_pull_that_has_numbers_replaces_just_those() -> None:
    """A refused token is an answer about the token, and bridges the rest."""
    auth = ProbeKey("account", "control_plane", "auth")
    clock = FakeClock()
    sink = watching(clock, auth, interval=60)
    sink(
        observation(
            auth,
            Sample(catalog.CONTROL_PLANE_TOKEN_VALID, 1.0),
            Sample(catalog.TOS_ACCEPTED, 1.0),
        )
    )

    invalid = Sample(catalog.CONTROL_PLANE_TOKEN_VALID, 0.0)
    for _ in range(9):
        clock.advance(100)
        sink(observation(auth, invalid, reason=Reason.AUTH))

    assert values(sink, catalog.CONTROL_PLANE_TOKEN_VALID) == {"": 0}
    assert values(sink, catalog.TOS_ACCEPTED) == {"": 1}
    clock.advance(1)
    assert values(sink, catalog.CONTROL_PLANE_TOKEN_VALID) == {"": 0}
    assert values(sink, catalog.TOS_ACCEPTED) == {}


def test_what_a_failed_pull_has_not_set_vanishes_with_the_next_good_one() -> None:
    """The families that it did set leave no series of earlier runs."""
    spend = ProbeKey("account", "control_plane", "spending")
    sink = watching(FakeClock(), spend)
    day = Sample(catalog.BILLING_SPEND, 1.0, ("24h", "USD"))
    month = Sample(catalog.BILLING_SPEND, 2.0, ("30d", "USD"))
    saved = Sample(catalog.BILLING_CACHE_SAVINGS, 3.0, ("30d", "USD"))

    sink(observation(spend, day, month, saved))
    sink(observation(spend, day, reason=Reason.OVERLOADED))
    half = (
        values(sink, catalog.BILLING_SPEND),
        values(sink, catalog.BILLING_CACHE_SAVINGS),
    )
    sink(observation(spend, day))

    assert half == ({"24h,USD": 1}, {"30d,USD": 3})
    assert values(sink, catalog.BILLING_CACHE_SAVINGS) == {}


def test_a_label_value_that_is_no_longer_reported_vanishes_at_once() -> None:
    """A withdrawn deployment or currency leaves no series."""
    sink = watching(FakeClock(), BALANCE)
    sink(observation(BALANCE, balance(5, "USD"), balance(1, "EUR")))

    sink(observation(BALANCE, balance(4, "USD")))

    assert values(sink, catalog.BILLING_BALANCE) == {"USD": 4}


def test_a_pull_that_finds_nothing_leaves_nothing() -> None:
    """An account without deployments is an answer, too."""
    deployments = ProbeKey("account", "control_plane", "deployments")
    sink = watching(FakeClock(), deployments)
    sink(observation(deployments, Sample(catalog.DEPLOYMENT_GPUS, 8.0, ("d-1",))))

    sink(observation(deployments))

    assert values(sink, catalog.DEPLOYMENT_GPUS) == {}


def test_a_failed_run_makes_its_own_measurement_absent() -> None:
    """Time to first token of a stream that never came is not the one before."""
    sink = watching(FakeClock(), CHAT)
    sink(observation(CHAT, Sample(catalog.CANARY_LAST_TTFT_SECONDS, 0.3)))

    sink(observation(CHAT, reason=Reason.TIMEOUT))

    assert values(sink, catalog.CANARY_LAST_TTFT_SECONDS) == {}


def test_a_failed_run_leaves_what_other_probes_of_the_target_found() -> None:
    """The certificate that one probe saw is not unknown because another failed."""
    sink = watching(FakeClock(), HEALTH, MODELS)
    sink(observation(MODELS, exchanges=(exchange(certificate=certificate()),)))

    sink(observation(HEALTH, reason=Reason.DNS, exchanges=()))

    assert len(values(sink, catalog.TLS_CERTIFICATE_INFO)) == 1


def test_of_two_probes_that_set_one_gauge_the_later_wins() -> None:
    """The page has one series, and it is the newest, whoever was watched first."""
    clock = FakeClock()
    sink = watching(clock, HEALTH, MODELS)
    for key, offset in ((MODELS, 10), (HEALTH, 20), (MODELS, 30)):
        clock.advance(1)
        answer = exchange(
            headers=(("date", "Mon, 21 Sep 2026 14:13:20 GMT"),),
            answered_at=STARTED_AT - offset,
        )
        sink(observation(key, exchanges=(answer,)))

    assert values(sink, catalog.CLOCK_SKEW_SECONDS) == {"": 30}


def test_retry_after_vanishes_when_it_has_passed() -> None:
    """Until then it says when the wait ends."""
    clock = FakeClock()
    sink = watching(clock, CHAT)
    sink(observation(CHAT, reason=Reason.THROTTLED, retry_after=20.0))
    before = values(sink, catalog.RETRY_AFTER_TIMESTAMP_SECONDS)

    clock.advance(20)

    assert before == {CHAT.model: STARTED_AT + 20.25}
    assert values(sink, catalog.RETRY_AFTER_TIMESTAMP_SECONDS) == {}
    assert values(sink, catalog.PROBE_SUCCESS) == {"": 0}


def test_retry_after_vanishes_with_a_run_that_was_not_asked_to_wait() -> None:
    """The service takes requests again."""
    sink = watching(FakeClock(), CHAT)
    sink(observation(CHAT, reason=Reason.THROTTLED, retry_after=300.0))

    sink(observation(CHAT))

    assert values(sink, catalog.RETRY_AFTER_TIMESTAMP_SECONDS) == {}


def test_a_forgotten_probe_leaves_nothing() -> None:
    """And what it does afterwards does not bring it back."""
    sink = watching(FakeClock(), HEALTH, CHAT)
    sink(observation(HEALTH))
    sink(observation(CHAT))

    for _ in range(2):
        sink.forget(CHAT)
    sink(observation(CHAT))
    sink.slot(CHAT)
    sink.interval(CHAT, 5)

    assert "chat_stream" not in text(sink)
    assert values(sink, catalog.PROBE_SUCCESS) == {"": 1}
    assert sink.interval_of(CHAT) is None
    assert sink.standing(CHAT).consecutive_failures == 0


def test_the_targets_series_go_with_its_last_probe() -> None:
    """Its certificate is nobody's business any more."""
    sink = watching(FakeClock(), HEALTH, MODELS)
    sink.target_info.describe("eu", "serverless", {"environment": "production"})
    sink(observation(HEALTH, exchanges=(exchange(certificate=certificate()),)))

    sink.forget(HEALTH)
    kept = values(sink, catalog.TLS_CERTIFICATE_CHANGES)
    sink.forget(MODELS)

    assert kept == {"": 0}
    assert 'target="eu"' not in text(sink)


def test_of_two_waits_for_one_model_the_longer_is_told() -> None:
    """Probes of a pair may be in flight together, and all of them wait."""
    whole = replace(CHAT, probe="chat")
    sink = watching(FakeClock(), CHAT, whole)
    sink(observation(CHAT, reason=Reason.THROTTLED, retry_after=300.0))
    sink(observation(whole, reason=Reason.THROTTLED, retry_after=5.0))

    told = values(sink, catalog.RETRY_AFTER_TIMESTAMP_SECONDS)

    assert told == {CHAT.model: STARTED_AT + 300.25}
