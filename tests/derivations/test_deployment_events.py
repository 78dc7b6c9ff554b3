"""Totals of events, whatever the service remembers."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.catalog import DEPLOYMENT_EVENTS
from tm_exporter.derivations.deployment_events import DeploymentEventCounts
from tm_exporter.facts import DeploymentEvent, DeploymentEvents
from tm_exporter.observation import (
    PASSED,
    Observation,
    Outcome,
    ProbeKey,
    Reason,
    Verdict,
)
from tm_exporter.sinks.metrics import MetricsSink


KEY = ProbeKey("account", "control_plane", "deployments")
READY = DeploymentEvent("READY", 1.0)
LATER = DeploymentEvent("READY", 2.0)
FAILED = DeploymentEvent("FAILED", 3.0)
UNDATED = DeploymentEvent("READY", None)


def seen(key: ProbeKey = KEY, **listed: Sequence[DeploymentEvent]) -> Observation:
    """Return what a run observes that found these deployments."""
    facts = (DeploymentEvents(tuple((k, tuple(v)) for k, v in listed.items())),)
    outcome = Outcome(verdict=PASSED, facts=facts)
    return Observation(
        key=key, probe_id="id", started_at=0.0, duration=0.0, outcome=outcome
    )


def totals(observation: Observation) -> dict[tuple[str, ...], float]:
    """Return the totals by deployment and type."""
    return {
        sample.labels: sample.value
        for sample in observation.outcome.samples
        if sample.family is DEPLOYMENT_EVENTS
    }


def test_events_are_counted_by_type() -> None:
    """As they are listed."""
    counts = DeploymentEventCounts()

    assert totals(counts(seen(a=[READY, LATER, FAILED], b=[]))) == {
        ("a", "READY"): 2,
        ("a", "FAILED"): 1,
    }


def test_what_the_service_forgets_stays_counted() -> None:
    """A list of the newest ten would else stand still, or shrink."""
    counts = DeploymentEventCounts()
    counts(seen(a=[READY, LATER]))

    assert totals(counts(seen(a=[LATER, FAILED]))) == {
        ("a", "READY"): 2,
        ("a", "FAILED"): 1,
    }
    assert totals(counts(seen(a=[]))) == {("a", "READY"): 2, ("a", "FAILED"): 1}


def test_what_is_listed_again_is_not_counted_again() -> None:
    """One answer without events must not count all of them twice."""
    counts = DeploymentEventCounts()
    for events in ([READY, UNDATED, UNDATED], [], [READY, UNDATED, UNDATED]):
        last = counts(seen(a=events))

    assert totals(last) == {("a", "READY"): 3}


def test_times_that_are_made_up_for_each_answer_count_nothing_twice() -> None:
    """Some write how long ago, as a time: then only the number of events is known."""
    counts = DeploymentEventCounts()
    for now in range(5):
        events = [DeploymentEvent(kind, now) for kind in ("READY", "READY", "FAILED")]
        last = counts(seen(a=events))
    assert totals(last) == {("a", "READY"): 2, ("a", "FAILED"): 1}

    one_more = [DeploymentEvent("FAILED", 9) for _ in range(2)]
    assert totals(counts(seen(a=one_more))) == {("a", "READY"): 2, ("a", "FAILED"): 2}


def test_a_deployment_that_is_gone_is_forgotten() -> None:
    """And begins anew, should it come back."""
    counts = DeploymentEventCounts()
    counts(seen(a=[READY, FAILED], b=[READY]))

    assert totals(counts(seen(b=[READY]))) == {("b", "READY"): 1}
    assert totals(counts(seen(a=[LATER]))) == {("a", "READY"): 1}


def test_accounts_do_not_share_deployments() -> None:
    """Two may well have the same id."""
    counts = DeploymentEventCounts()
    counts(seen(a=[READY]))
    other = ProbeKey("other", "control_plane", "deployments")

    assert totals(counts(seen(other, a=[LATER, FAILED]))) == {
        ("a", "READY"): 1,
        ("a", "FAILED"): 1,
    }


def test_an_observation_without_a_list_is_left_alone() -> None:
    """Most have none."""
    failed = Observation(
        key=KEY,
        probe_id="id",
        started_at=0.0,
        duration=0.0,
        outcome=Outcome(verdict=Verdict(Reason.TIMEOUT)),
    )

    assert DeploymentEventCounts()(failed) is failed


@given(
    st.lists(
        st.lists(st.builds(DeploymentEvent, st.sampled_from("ab"), st.integers(0, 3)))
    )
)
def test_totals_never_shrink(lists: list[list[DeploymentEvent]]) -> None:
    """Nor are they ever less than what is listed."""
    counts = DeploymentEventCounts()
    before: dict[tuple[str, ...], float] = {}
    for events in lists:
        now = totals(counts(seen(x=events)))
        assert all(now[labels] >= total for labels, total in before.items())
        assert sum(now.values()) >= len(events)
        before = now


def test_the_page_has_the_total_until_the_deployment_is_gone() -> None:
    """An outage takes nothing away, however long it is."""
    clock = [0.0]
    sink, counts = MetricsSink(lambda: clock[0]), DeploymentEventCounts()
    sink.watch(KEY, interval=60.0, reasons=(), skips=())
    failed = Observation(
        key=KEY,
        probe_id="id",
        started_at=0.0,
        duration=0.0,
        outcome=Outcome(verdict=Verdict(Reason.TIMEOUT)),
    )

    def shown() -> float | None:
        rows = dict(sink.families())[DEPLOYMENT_EVENTS]
        value = rows.get(("account", "control_plane", "a", "READY"))
        return value if value is None or isinstance(value, float) else None

    for events, total in (([READY], 1.0), ([READY, LATER], 2.0), ([LATER], 2.0)):
        sink(counts(seen(a=events)))
        assert shown() == total
    clock[0] = 1e6
    sink(counts(failed))
    assert shown() == 2.0
    sink(counts(seen(b=[READY])))
    assert shown() is None
