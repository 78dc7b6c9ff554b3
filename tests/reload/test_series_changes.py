"""Series of probes whose settings change: what goes on, and what goes."""

from hypothesis import given
from hypothesis import strategies as st

from tests.doubles import FakeClock
from tm_exporter import catalog
from tm_exporter.observation import ProbeKey, Sample
from tm_exporter.sinks.histogram import Histogram
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.sinks.series import Rows, Shape


CHAT = ProbeKey("eu", "serverless", "chat", "one")
STREAM = ProbeKey("eu", "serverless", "chat_stream", "one")
OTHER = ProbeKey("eu", "serverless", "chat", "two")


def rows(sink: MetricsSink, family: catalog.Family) -> Rows:
    """Return the series of a family."""
    return dict(sink.families()).get(family, {})


def watch(sink: MetricsSink, key: ProbeKey, *starts: Sample) -> None:
    """Watch a probe."""
    sink.watch(key, interval=60.0, reasons=(), skips=(), starts=starts)


def changes(model: str) -> Sample:
    """Return a counter that belongs to the target, and names a model."""
    labels = (model, "system_fingerprint")
    return Sample(catalog.MODEL_IDENTITY_CHANGES, 0.0, labels)


def test_what_a_probe_begins_no_more_is_dropped() -> None:
    """And what it still begins goes on."""
    sink = MetricsSink(FakeClock())
    objective = Sample(catalog.SLO_OBJECTIVE, 0.95, ("ttft",))
    cost = Sample(catalog.CANARY_COST_USD, 0.0)
    watch(sink, CHAT, objective, cost)
    sink.slot(CHAT)
    watch(sink, CHAT, cost)

    assert rows(sink, catalog.SLO_OBJECTIVE) == {}
    assert set(rows(sink, catalog.PROBE_SLOTS).values()) == {1.0}
    assert set(rows(sink, catalog.CANARY_COST_USD).values()) == {0.0}


def test_what_no_probe_tells_any_more_is_dropped() -> None:
    """Of a model that is asked no more, while its target goes on."""
    sink = MetricsSink(FakeClock())
    for key in (CHAT, STREAM, OTHER):
        watch(sink, key, changes(key.model))
    sink.forget(CHAT)
    still = rows(sink, catalog.MODEL_IDENTITY_CHANGES)
    sink.forget(STREAM)
    after = rows(sink, catalog.MODEL_IDENTITY_CHANGES)

    assert len(still) == 2
    assert [labels[2] for labels in after] == ["two"]


def test_other_bounds_keep_what_was_counted() -> None:
    """In the series that are there, and in those that come."""
    sink = MetricsSink(FakeClock())
    watch(sink, CHAT, Sample(catalog.CANARY_TTFT_SECONDS, 3.2))
    sink.reshape(Shape(thresholds={catalog.CANARY_TTFT_SECONDS: (3.5,)}))
    watch(sink, OTHER, Sample(catalog.CANARY_TTFT_SECONDS, 3.2))
    found = rows(sink, catalog.CANARY_TTFT_SECONDS)
    old, new = (found[key] for key in sorted(found))

    assert isinstance(old, Histogram)
    assert isinstance(new, Histogram)
    assert old.bounds == new.bounds
    assert 3.5 in old.bounds
    assert (old.cumulative[-1], new.cumulative[-1]) == (1, 1)
    assert old.cumulative[old.bounds.index(3.5)] == 0
    assert new.cumulative[new.bounds.index(3.5)] == 1


bounds = st.lists(st.integers(0, 20).map(float), unique=True, max_size=8).map(sorted)


@given(bounds, bounds, st.lists(st.integers(0, 25).map(float)), st.integers(0, 25))
def test_a_bound_never_counts_what_may_be_above_it(
    before: list[float], after: list[float], values: list[float], later: int
) -> None:
    """Where a bound stays its count does; a new one has at most what is below it."""
    histogram = Histogram(tuple(before))
    for value in values:
        histogram.observe(value)
    counts = dict(zip(before, histogram.cumulative, strict=False))
    histogram.rebound(tuple(after))
    new = dict(zip(after, histogram.cumulative, strict=False))
    histogram.observe(float(later))

    for bound, count in new.items():
        assert count <= sum(value <= bound for value in values)
        assert count == counts.get(bound, count)
    assert histogram.cumulative[-1] == len(values) + 1
    assert histogram.total == sum(values) + later
    assert list(histogram.cumulative) == sorted(histogram.cumulative)
