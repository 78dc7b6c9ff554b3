"""What becomes of observations on the page of metrics."""

import math
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

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
from tests.sinks.pages import OPENMETRICS, samples, text, values
from tm_exporter import catalog
from tm_exporter.exchange import Phase
from tm_exporter.observation import Reason, Sample, Skip


def test_a_watched_probe_counts_from_zero() -> None:
    """Without the zero `increase()` would not see the first failure."""
    sink = watching(FakeClock(), HEALTH)

    page = text(sink)

    assert values(sink, catalog.PROBE_ATTEMPTS) == {"": 0}
    assert values(sink, catalog.PROBE_SLOTS) == {"": 0}
    assert values(sink, catalog.PROBE_SKIPPED) == {"overlap": 0, "missed": 0}
    assert values(sink, catalog.PROBE_FAILURES) == {
        "timeout": 0,
        "throttled": 0,
        "internal": 0,
    }
    assert values(sink, catalog.PROBE_INTERVAL_SECONDS) == {"": 60}
    assert 'tensormesh_probe_duration_seconds_bucket{le="+Inf",' in page


def test_nothing_is_said_of_a_run_before_the_first_one() -> None:
    """Unknown is absent: a zero would be a failure."""
    sink = watching(FakeClock(), HEALTH)

    assert values(sink, catalog.PROBE_SUCCESS) == {}
    assert values(sink, catalog.PROBE_CONSECUTIVE_FAILURES) == {}
    assert values(sink, catalog.PROBE_LAST_RUN_TIMESTAMP_SECONDS) == {}


def test_a_run_that_passed_is_on_the_page() -> None:
    """All that holds for every probe follows from the observation."""
    sink = watching(FakeClock(), HEALTH)

    sink(observation())

    assert values(sink, catalog.PROBE_SUCCESS) == {"": 1}
    assert values(sink, catalog.PROBE_ATTEMPTS) == {"": 1}
    assert values(sink, catalog.PROBE_LAST_DURATION_SECONDS) == {"": 0.25}
    assert values(sink, catalog.PROBE_HTTP_STATUS_CODE) == {"": 200}
    assert values(sink, catalog.PROBE_SUPPORTED) == {"": 1}
    ended = {"": STARTED_AT + 0.25}
    assert values(sink, catalog.PROBE_LAST_RUN_TIMESTAMP_SECONDS) == ended
    assert values(sink, catalog.PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS) == ended
    assert values(sink, catalog.PROBE_PHASE_SECONDS) == {
        "dns": 0.001,
        "connect": 0.002,
        "wait": 0.03,
    }


def test_a_phase_and_a_status_that_did_not_happen_vanish() -> None:
    """The last run speaks for itself, not the one before it."""
    sink = watching(FakeClock(), HEALTH)
    sink(observation())

    refused = exchange(status=None, phases={Phase.DNS: 0.002})
    sink(observation(reason=Reason.CONNECT_REFUSED, exchanges=(refused,)))

    assert values(sink, catalog.PROBE_PHASE_SECONDS) == {"dns": 0.002}
    assert values(sink, catalog.PROBE_HTTP_STATUS_CODE) == {}
    assert values(sink, catalog.PROBE_FAILURES)["connect_refused"] == 1


def test_a_failed_run_is_not_in_the_histogram() -> None:
    """A run that was cut short would make the service look fast."""
    sink = watching(FakeClock(), HEALTH)
    sink(observation(duration=0.05))

    sink(observation(reason=Reason.TIMEOUT, duration=5.0))

    found = {
        sample.labels.get("le", ""): sample.value
        for sample in samples(text(sink))
        if sample.name.startswith("tensormesh_probe_duration_seconds")
    }
    assert (found["0.05"], found["+Inf"]) == (1, 1)
    assert values(sink, catalog.PROBE_LAST_DURATION_SECONDS) == {"": 5}


def test_slots_are_attempts_and_skips_and_runs_in_flight() -> None:
    """The schedule counts what fell due and what did not run."""
    sink = watching(FakeClock(), HEALTH)
    for _ in range(3):
        sink.slot(HEALTH)

    sink.skipped(HEALTH, Skip.OVERLAP)
    sink(observation())

    assert values(sink, catalog.PROBE_SLOTS) == {"": 3}
    assert values(sink, catalog.PROBE_SKIPPED) == {"overlap": 1, "missed": 0}
    assert values(sink, catalog.PROBE_ATTEMPTS) == {"": 1}


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        pytest.param([Reason.TIMEOUT, Reason.DNS], 2, id="any-reason-raises"),
        pytest.param([Reason.TIMEOUT, None], 0, id="a-pass-resets"),
        pytest.param(
            [Reason.TIMEOUT, Reason.THROTTLED], 1, id="throttled-does-neither"
        ),
        pytest.param([Reason.TIMEOUT, Reason.INTERNAL], 1, id="internal-does-neither"),
        pytest.param([Reason.THROTTLED], 0, id="throttled-alone"),
    ],
)
def test_consecutive_failures(reasons: list[Reason | None], expected: int) -> None:
    """Neither throttling nor our own faults say that the service is down."""
    sink = watching(FakeClock(), HEALTH)

    for reason in reasons:
        sink(observation(reason=reason))

    assert values(sink, catalog.PROBE_CONSECUTIVE_FAILURES) == {"": expected}
    assert sink.standing(HEALTH).consecutive_failures == expected


def test_the_interval_in_force_is_shown() -> None:
    """A budget can stretch it, and alerts divide by it."""
    sink = watching(FakeClock(), HEALTH)

    sink.interval(HEALTH, 90.0)

    assert values(sink, catalog.PROBE_INTERVAL_SECONDS) == {"": 90}
    assert sink.interval_of(HEALTH) == 90


def test_a_probe_that_is_watched_again_keeps_its_counts() -> None:
    """A reload must not look like a restart."""
    sink = watching(FakeClock(), HEALTH)
    sink(observation(reason=Reason.TIMEOUT))

    sink.watch(HEALTH, interval=30.0, reasons=[Reason.TIMEOUT], skips=[])

    assert values(sink, catalog.PROBE_FAILURES)["timeout"] == 1
    assert values(sink, catalog.PROBE_INTERVAL_SECONDS) == {"": 30}


def test_counters_grow_and_histograms_observe() -> None:
    """A canary's own samples go by the kind of their family."""
    sink = watching(FakeClock(), CHAT)
    for tokens, ttft in ((5.0, 0.2), (7.0, 0.4)):
        sink(
            observation(
                CHAT,
                Sample(catalog.CANARY_TOKENS, tokens, ("output",)),
                Sample(catalog.CANARY_TTFT_SECONDS, ttft),
                Sample(catalog.CANARY_LAST_TTFT_SECONDS, ttft),
            )
        )

    assert values(sink, catalog.CANARY_TOKENS) == {"output": 12}
    assert values(sink, catalog.CANARY_LAST_TTFT_SECONDS) == {"": 0.4}
    assert "tensormesh_canary_ttft_seconds_sum{" in text(sink)


def test_certificate_changes_are_counted_by_fingerprint() -> None:
    """A renewal by the same authority is a change; the same one again is none."""
    sink = watching(FakeClock(), HEALTH)
    for fingerprint in ("aa", "aa", "bb"):
        shown = exchange(certificate=certificate(fingerprint))
        sink(observation(exchanges=(shown,)))

    assert values(sink, catalog.TLS_CERTIFICATE_CHANGES) == {"": 1}
    assert values(sink, catalog.TLS_CERTIFICATE_INFO) == {"Example CA": 1}
    expiry = catalog.TLS_CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS
    assert values(sink, expiry) == {"": STARTED_AT + 86400}


def test_the_issuer_of_an_old_certificate_vanishes() -> None:
    """Two issuers at once would say that two certificates are shown."""
    sink = watching(FakeClock(), HEALTH)
    for issuer in ("Old CA", "New CA"):
        shown = exchange(certificate=certificate(issuer, issuer))
        sink(observation(exchanges=(shown,)))

    assert values(sink, catalog.TLS_CERTIFICATE_INFO) == {"New CA": 1}


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        pytest.param("Mon, 21 Sep 2026 14:13:30 GMT", {"": 10}, id="ahead"),
        pytest.param("Monday, 21-Sep-26 14:13:10 GMT", {"": -10}, id="old-form"),
        pytest.param("Mon Sep 21 14:13:20 2026", {"": 0}, id="oldest-form"),
        pytest.param("yesterday", {}, id="no-date"),
        pytest.param("Mon, 21 Sep 2026 14:13:20 +9999999", {}, id="absurd-zone"),
        pytest.param(f"Mon, 21 Sep {'9' * 99} 14:13:20 GMT", {}, id="absurd-year"),
    ],
)
def test_clock_skew(date: str, expected: dict[str, float]) -> None:
    """Only a date that can be read says anything."""
    sink = watching(FakeClock(), HEALTH)

    answer = exchange(headers=(("date", date),), answered_at=STARTED_AT)
    sink(observation(exchanges=(answer,)))

    assert values(sink, catalog.CLOCK_SKEW_SECONDS) == expected


def test_a_date_without_a_moment_to_compare_it_with_is_no_skew() -> None:
    """The header of a half answer is not known to be of now."""
    sink = watching(FakeClock(), HEALTH)

    answer = exchange(headers=(("date", "Mon, 21 Sep 2026 14:13:30 GMT"),))
    sink(observation(exchanges=(answer,)))

    assert values(sink, catalog.CLOCK_SKEW_SECONDS) == {}


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_without_end_is_a_value_where_a_family_has_it(accept: str) -> None:
    """An account that spends nothing has a runway, and it is infinite."""
    sink = watching(FakeClock(), BALANCE)
    sink(observation(BALANCE, Sample(catalog.BILLING_RUNWAY_SECONDS, math.inf)))

    assert values(sink, catalog.BILLING_RUNWAY_SECONDS) == {"": math.inf}
    page = text(sink, accept)
    labels = 'surface="control_plane",target="account"'
    assert f"tensormesh_billing_runway_seconds{{{labels}}} +Inf\n" in page


@pytest.mark.parametrize("value", [math.nan, -math.inf])
def test_no_odd_number_is_a_time_without_end(value: float) -> None:
    """Only +Inf means it."""
    sink = watching(FakeClock(), BALANCE)
    sink(observation(BALANCE, Sample(catalog.BILLING_RUNWAY_SECONDS, value)))

    assert values(sink, catalog.BILLING_RUNWAY_SECONDS) == {}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_left_out(value: float) -> None:
    """It says nothing, and would spoil a sum for ever."""
    sink = watching(FakeClock(), CHAT)

    sink(observation(CHAT, Sample(catalog.CANARY_LAST_TTFT_SECONDS, value)))

    assert values(sink, catalog.CANARY_LAST_TTFT_SECONDS) == {}


def test_a_counter_cannot_shrink() -> None:
    """That would look like a restart; a probe that does it is at fault."""
    sink = watching(FakeClock(), CHAT)

    with pytest.raises(ValueError, match="cannot shrink"):
        sink(observation(CHAT, Sample(catalog.CANARY_TOKENS, -1.0, ("output",))))


def test_the_exporter_records_about_itself() -> None:
    """Gauges, counters and histograms without a target."""
    sink = watching(FakeClock())

    sink.record(catalog.EXPORTER_LEADER, 1.0)
    sink.record(catalog.EXPORTER_CONFIG_RELOADS, labels=("success",))
    sink.record(catalog.EXPORTER_EVENT_LOOP_LAG_SECONDS, 0.002)
    sink.mirror(catalog.EXPORTER_LOG_LINES_DROPPED, lambda: 7.0)

    assert values(sink, catalog.EXPORTER_LEADER) == {"": 1}
    assert values(sink, catalog.EXPORTER_CONFIG_RELOADS) == {"success": 1}
    assert values(sink, catalog.EXPORTER_LOG_LINES_DROPPED) == {"": 7}
    assert "tensormesh_exporter_event_loop_lag_seconds_count 1.0" in text(sink)


def test_what_is_about_a_probe_is_not_recorded_as_the_exporters() -> None:
    """It would stand on the page without the labels that it must have."""
    with pytest.raises(ValueError, match="not about the exporter"):
        watching(FakeClock()).record(catalog.PROBE_SUCCESS)


def test_limits_that_an_answer_tells_are_on_the_page() -> None:
    """By model and kind; what the next answer does not tell is gone."""
    sink = watching(FakeClock(), CHAT)
    told = exchange(
        headers=(
            ("x-ratelimit-limit-requests", "600"),
            ("x-ratelimit-remaining-requests", "599"),
            ("x-ratelimit-limit-tokens", "200000"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ),
        answered_at=STARTED_AT,
    )

    sink(observation(CHAT, reason=Reason.THROTTLED, exchanges=(told, exchange())))

    requests, tokens = f"{CHAT.model},requests", f"{CHAT.model},tokens"
    limits = values(sink, catalog.RATE_LIMIT_LIMIT)
    assert limits == {requests: 600, tokens: 200_000}
    assert values(sink, catalog.RATE_LIMIT_REMAINING) == {requests: 599}
    ends = values(sink, catalog.RATE_LIMIT_RESET_TIMESTAMP_SECONDS)
    assert ends == {tokens: STARTED_AT + 360}
    sink(observation(CHAT))
    assert values(sink, catalog.RATE_LIMIT_LIMIT) == {}


def test_a_duration_that_was_measured_too_late_is_in_no_histogram() -> None:
    """The run passed and counts as such; the last duration is there as well."""
    sink = watching(FakeClock(), HEALTH)
    seen = observation()

    sink(replace(seen, discarded=frozenset({catalog.PROBE_DURATION_SECONDS})))

    page = text(sink)
    assert 'tensormesh_probe_duration_seconds_count{model="",' in page
    assert values(sink, catalog.PROBE_LAST_DURATION_SECONDS) == {"": 0.25}
    assert values(sink, catalog.PROBE_SUCCESS) == {"": 1}
    counts = [
        s.value for s in samples(page) if s.name.endswith("duration_seconds_count")
    ]
    assert counts == [0]


def test_a_table_shows_what_is_kept_elsewhere() -> None:
    """As it is at the moment, and nothing while it is unknown."""
    rows: dict[tuple[str, ...], float] = {("day",): 0.5}
    sink = watching(FakeClock(), HEALTH)
    sink.table(catalog.CANARY_BUDGET_REMAINING_USD, lambda: rows)
    before = dict(dict(sink.families())[catalog.CANARY_BUDGET_REMAINING_USD])

    rows.clear()

    assert before == {("day",): 0.5}
    assert dict(sink.families())[catalog.CANARY_BUDGET_REMAINING_USD] == {}


def test_a_table_of_each_target_is_asked_for_one_at_a_time() -> None:
    """So that the page of a thousand targets does not keep the loop for all."""
    asked: list[str] = []
    sink = watching(FakeClock(), HEALTH, BALANCE)

    def read(target: str) -> dict[tuple[str, ...], float]:
        asked.append(target)
        return {(target, "", "", "edge"): 1.0}

    sink.table_of_each(catalog.DIAGNOSIS, read)
    known = [len(asked) for _ in sink.owners()]

    assert asked == ["account", "eu"]
    assert set(known) == {0, 1, 2}
    assert dict(sink.families())[catalog.DIAGNOSIS] == {
        ("account", "", "", "edge"): 1.0,
        ("eu", "", "", "edge"): 1.0,
    }


def test_a_table_that_fails_for_one_target_is_there_for_others() -> None:
    """And it is said."""
    sink = watching(FakeClock(), HEALTH, BALANCE)
    rows: dict[tuple[str, ...], float] = {("eu", "", "", "edge"): 1.0}
    known = {"eu": rows}

    sink.table_of_each(catalog.DIAGNOSIS, known.__getitem__)
    with capture_logs() as lines:
        shown = dict(sink.families())[catalog.DIAGNOSIS]

    assert shown == rows
    assert [line["event"] for line in lines] == ["series_failed"]
