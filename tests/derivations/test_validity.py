"""What a late loop measured stays out of histograms, and of nothing else."""

from dataclasses import replace

import pytest

from tests.doubles import FakeClock
from tests.sinks.observations import CHAT, HEALTH, exchange, observation, watching
from tests.sinks.pages import samples, text, values
from tm_exporter import catalog
from tm_exporter.derivations.validity import LOOP_LAG, MEMORY, Validity
from tm_exporter.observation import Observation, Reason, Sample, Span


RUN = Span(100.0, 104.0)


def lag(seconds: float, begun: float = RUN.start, ended: float = RUN.end) -> Validity:
    """Return the derivation for a loop that was so late between two moments."""

    def worst(since: float, until: float) -> float:
        return seconds if since <= ended and begun <= until else 0.0

    return Validity(worst)


def stream(
    *, ttft: float = 2.0, gaps: tuple[float, ...] = (0.5, 0.5), reason: Reason | None
) -> Observation:
    """Return a streamed run of four seconds."""
    first = RUN.start + 0.5 + ttft
    times = [first]
    for gap in gaps:
        times.append(times[-1] + gap)
    seen = observation(
        CHAT,
        Sample(catalog.CANARY_LAST_TTFT_SECONDS, ttft),
        Sample(catalog.CANARY_TTFT_SECONDS, ttft, span=Span(RUN.start + 0.5, first)),
        Sample(catalog.CANARY_ITL_SECONDS, 0.01, span=Span(first, times[-1])),
        *(
            Sample(catalog.CANARY_CHUNK_GAP_SECONDS, gap, span=Span(at, at + gap))
            for at, gap in zip(times, gaps, strict=False)
        ),
        Sample(catalog.CANARY_TOKENS, 7, ("output",)),
        reason=reason,
        duration=4.0,
    )
    return replace(seen, span=RUN)


def families(seen: Observation) -> list[str]:
    """Return the names of what an observation has samples of, in order."""
    return [
        sample.family.name.removeprefix("tensormesh_")
        for sample in seen.outcome.samples
    ]


def discarded(seen: Observation) -> float | None:
    """Return how many measurements were thrown away."""
    return seen.value_of(catalog.EXPORTER_MEASUREMENTS_DISCARDED)


def test_a_punctual_loop_changes_nothing() -> None:
    """Twenty milliseconds spoil nothing, however short the time."""
    seen = stream(reason=None)

    assert lag(0.02)(seen) is seen


def test_a_late_loop_takes_out_what_it_could_have_spoilt() -> None:
    """Each by its own value: 60 ms are nothing in two seconds, and much in 10 ms."""
    seen = lag(0.06)(stream(reason=None))

    assert families(seen) == [
        "canary_last_ttft_seconds",
        "canary_ttft_seconds",
        "canary_tokens_total",
        "exporter_measurements_discarded_total",
    ]
    assert discarded(seen) == 3
    assert seen.discarded == {
        catalog.CANARY_ITL_SECONDS,
        catalog.CANARY_CHUNK_GAP_SECONDS,
    }


def test_what_came_while_a_body_had_to_wait_for_memory_is_left_out() -> None:
    """Its gaps are ours, however punctual the loop was."""
    seen = stream(reason=None)
    held = replace(seen.outcome, exchanges=(exchange(held_back=0.4),))

    left = lag(0.0)(replace(seen, outcome=held))

    assert "canary_chunk_gap_seconds" not in families(left)
    told = [s for s in left.outcome.samples if s.labels == (MEMORY,)]
    assert [(s.family, s.value) for s in told] == [
        (catalog.EXPORTER_MEASUREMENTS_DISCARDED, 5)
    ]


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [(0.0999, True), (0.1001, False)],
    ids=["five-percent", "more"],
)
def test_five_percent_of_a_long_time_are_allowed(
    seconds: float,
    kept: bool,  # noqa: FBT001
) -> None:
    """Of a first token after two seconds that is a tenth of a second."""
    seen = lag(seconds)(stream(ttft=2.0, reason=None))

    assert ("canary_ttft_seconds" in families(seen)) == kept
    assert catalog.PROBE_DURATION_SECONDS not in seen.discarded


def test_what_was_measured_outside_the_block_is_good() -> None:
    """A block before the first token says nothing of the gaps after it."""
    seen = lag(0.3, RUN.start + 1.0, RUN.start + 1.3)(stream(reason=None))

    assert "canary_ttft_seconds" not in families(seen)
    assert families(seen).count("canary_chunk_gap_seconds") == 2
    assert "canary_itl_seconds" in families(seen)
    assert catalog.PROBE_DURATION_SECONDS in seen.discarded


def test_one_gap_of_several() -> None:
    """The stamp between two gaps belongs to both."""
    first = RUN.start + 2.5
    seen = lag(0.1, first + 0.6, first + 0.7)(stream(reason=None))

    assert families(seen).count("canary_chunk_gap_seconds") == 1


def test_a_time_without_its_stamps_is_judged_by_the_whole_run() -> None:
    """Too strict rather than too lax."""
    seen = observation(CHAT, Sample(catalog.CANARY_TTFT_SECONDS, 0.2))

    spoilt = lag(0.05, RUN.end, RUN.end)(replace(seen, span=RUN))

    assert "canary_ttft_seconds" not in families(spoilt)


def test_a_failed_run_has_no_duration_to_discard() -> None:
    """It would be in no histogram anyway."""
    seen = replace(observation(HEALTH, reason=Reason.TIMEOUT), span=RUN)

    assert lag(5.0)(seen) is seen


def test_the_verdict_and_the_last_gauges_stand() -> None:
    """On the page: a run that passed, and no measurement of it in a histogram."""
    sink = watching(FakeClock(), CHAT)

    sink(lag(5.0)(stream(reason=None)))

    counts = {
        sample.name.removeprefix("tensormesh_").removesuffix("_count"): sample.value
        for sample in samples(text(sink))
        if sample.name.endswith("_seconds_count")
    }
    assert counts == {"probe_duration_seconds": 0}
    assert values(sink, catalog.PROBE_SUCCESS) == {"": 1}
    assert values(sink, catalog.CANARY_LAST_TTFT_SECONDS) == {"": 2.0}
    assert values(sink, catalog.PROBE_LAST_DURATION_SECONDS) == {"": 4.0}
    assert values(sink, catalog.CANARY_TOKENS) == {"output": 7}
    assert values(sink, catalog.EXPORTER_MEASUREMENTS_DISCARDED) == {LOOP_LAG: 5}


def test_a_run_that_nobody_timed_is_left_alone() -> None:
    """Without its moments nothing can be said."""
    seen = replace(stream(reason=None), span=None)

    assert lag(5.0)(seen) is seen


@pytest.mark.parametrize(
    ("kind", "span", "kept"),
    [
        pytest.param("buffered", Span(102.0, 102.001), False, id="under-the-lag"),
        pytest.param("buffered", Span(103.0, 103.001), True, id="after-it"),
        pytest.param("usage_missing", None, True, id="not-told-by-stamps"),
    ],
)
def test_a_violation_that_a_late_loop_may_have_made_up_is_not_counted(
    kind: str,
    span: Span | None,
    kept: bool,  # noqa: FBT001
) -> None:
    """What waited for us comes in one burst, and no middlebox is to blame."""
    sample = Sample(catalog.CANARY_STREAM_VIOLATIONS, 1, (kind,), span)
    seen = replace(observation(CHAT, sample), span=RUN)

    judged = lag(0.03, 101.9, 102.5)(seen)

    assert (sample in judged.outcome.samples) == kept
