"""Which first tokens count, which miss, and who has the series at all."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles import FakeClock, ScriptedProbe, ScriptedSection
from tests.sinks.observations import CHAT, HEALTH, observation
from tests.sinks.pages import samples, text, values
from tm_exporter import catalog
from tm_exporter.derivations.objectives import Objectives
from tm_exporter.derivations.validity import Validity
from tm_exporter.observation import Observation, ProbeKey, Reason, Sample, Span
from tm_exporter.section import Slo, TtftObjective
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.sinks.series import Shape


THRESHOLD = 3.0
BOTH = Slo(
    availability=0.99,
    ttft=TtftObjective.model_construct(objective=0.95, threshold=THRESHOLD),
)


class StreamedSection(ScriptedSection):
    """The section of a probe that shows its first token."""

    shows_first_token = True


def probe(
    slo: Slo | None, *, key: ProbeKey = CHAT, streamed: bool = True
) -> ScriptedProbe:
    """Return a probe with objectives."""
    kind = StreamedSection if streamed else ScriptedSection
    return ScriptedProbe(key, kind().model_copy(update={"slo": slo}))


def first_token(seconds: float, *, key: ProbeKey = CHAT) -> Observation:
    """Return a run that passed."""
    return observation(key, Sample(catalog.CANARY_TTFT_SECONDS, seconds))


def watched(objectives: Objectives, *probes: ScriptedProbe) -> MetricsSink:
    """Return a sink that has what these probes begin with."""
    thresholds = {catalog.CANARY_TTFT_SECONDS: (THRESHOLD,)}
    sink = MetricsSink(FakeClock(), shape=Shape(thresholds=thresholds))
    for each in probes:
        starts = objectives.watch(each)
        sink.watch(each.key, interval=60, reasons=(), skips=(), starts=starts)
    return sink


def counts(sink: MetricsSink) -> tuple[dict[str, float], dict[str, float]]:
    """Return what was evaluated and what missed."""
    return (
        values(sink, catalog.CANARY_TTFT_OBJECTIVE_EVALUATED),
        values(sink, catalog.CANARY_TTFT_OBJECTIVE_MISSED),
    )


def test_objectives_are_there_from_the_beginning() -> None:
    """An alert that divides by a series which is born with the fault is blind."""
    sink = watched(Objectives(), probe(BOTH))

    assert values(sink, catalog.SLO_OBJECTIVE) == {"availability": 0.99, "ttft": 0.95}
    assert values(sink, catalog.CANARY_TTFT_OBJECTIVE_SECONDS) == {"": THRESHOLD}
    assert counts(sink) == ({"": 0}, {"": 0})


@pytest.mark.parametrize(
    ("slo", "streamed", "told"),
    [
        pytest.param(None, True, set(), id="none"),
        pytest.param(Slo(), True, set(), id="nothing-in-it"),
        pytest.param(Slo(availability=0.9), True, {"availability"}, id="availability"),
        pytest.param(Slo(ttft=BOTH.ttft), True, {"ttft"}, id="first-token"),
        pytest.param(BOTH, False, {"availability"}, id="no-stream-no-first-token"),
    ],
)
def test_a_probe_has_the_series_of_the_objectives_that_it_has(
    slo: Slo | None,
    streamed: bool,  # noqa: FBT001
    told: set[str],
) -> None:
    """Whoever has the series is judged by it."""
    sink = watched(Objectives(), probe(slo, streamed=streamed))

    expected = {"": 0.0} if "ttft" in told else {}
    assert set(values(sink, catalog.SLO_OBJECTIVE)) == told
    assert counts(sink) == (expected, expected)
    assert bool(values(sink, catalog.CANARY_TTFT_OBJECTIVE_SECONDS)) == bool(expected)


@pytest.mark.parametrize(
    ("seconds", "missed"),
    [(0.2, 0), (THRESHOLD, 0), (3.0000001, 1), (20.0, 1)],
    ids=["in-time", "at-the-threshold", "just-after", "late"],
)
def test_a_first_token_misses_when_it_comes_after_the_threshold(
    seconds: float, missed: int
) -> None:
    """Exactly at the threshold is in time."""
    objectives = Objectives()
    sink = watched(objectives, probe(BOTH))

    sink(objectives(first_token(seconds)))

    assert counts(sink) == ({"": 1}, {"": missed})


def test_only_runs_that_passed_are_evaluated() -> None:
    """A failed run is availability's business and would be counted twice."""
    objectives = Objectives()
    sink = watched(objectives, probe(BOTH))
    failed = replace(
        first_token(9.0), outcome=observation(CHAT, reason=Reason.TIMEOUT).outcome
    )

    sink(objectives(failed))
    sink(objectives(observation(CHAT)))

    assert counts(sink) == ({"": 0}, {"": 0})


def test_what_the_loop_spoilt_is_not_evaluated() -> None:
    """A slow exporter must not use up the service's error budget."""
    objectives = Objectives()
    sink = watched(objectives, probe(BOTH))
    late = Validity(lambda _since, _until: 1.0)

    sink(objectives(late(replace(first_token(3.1), span=Span(0.0, 4.0)))))

    assert counts(sink) == ({"": 0}, {"": 0})


def test_a_probe_without_the_objective_is_not_evaluated() -> None:
    """Not even where another probe of the same target has one."""
    objectives = Objectives()
    sink = watched(objectives, probe(BOTH), probe(None, key=HEALTH))

    sink(objectives(first_token(9.0, key=HEALTH)))

    assert counts(sink) == ({"": 0}, {"": 0})


def test_an_objective_that_was_withdrawn_judges_no_more() -> None:
    """Neither does that of a probe which is gone."""
    objectives = Objectives()
    objectives.watch(probe(BOTH))
    objectives.watch(probe(None))
    objectives.forget(HEALTH)

    seen = first_token(9.0)

    assert objectives(seen) is seen


@given(st.lists(st.floats(0.0, 10.0) | st.just(THRESHOLD), max_size=30))
def test_what_missed_is_what_the_bucket_of_the_threshold_lacks(
    times: list[float],
) -> None:
    """Two ways to ask the same question, and one answer."""
    objectives = Objectives()
    sink = watched(objectives, probe(BOTH))
    for seconds in times:
        sink(objectives(first_token(seconds)))

    bucket = [
        sample.value
        for sample in samples(text(sink))
        if sample.name == "tensormesh_canary_ttft_seconds_bucket"
        and float(sample.labels["le"]) == THRESHOLD
    ]
    evaluated, missed = (count[""] for count in counts(sink))
    assert evaluated == len(times)
    assert evaluated - missed == (bucket[0] if times else 0)
