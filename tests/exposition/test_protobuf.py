"""The page in protobuf says what the page in text says, and more of histograms."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.doubles import FakeClock
from tests.exposition.messages import KINDS, families, labels
from tests.exposition.test_exposition import HOSTILE, NUMBERS, scenario
from tests.sinks.observations import CHAT, HEALTH, STARTED_AT, observation, watching
from tests.sinks.pages import samples
from tm_exporter import catalog
from tm_exporter.exposition.page import Exposition, Page
from tm_exporter.observation import ProbeKey, Sample
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.sinks.native import MOST_BUCKETS


PROTOBUF = (
    "application/vnd.google.protobuf;"
    "proto=io.prometheus.client.MetricFamily;encoding=delimited"
)


async def page(sink: MetricsSink, accept: str = PROTOBUF) -> Page:
    """Return the sink's page."""
    return await Exposition(sink.owners, about_process=False).render(accept)


async def histogram(sink: MetricsSink, family: catalog.Family) -> Any:
    """Return the only histogram of a family, as a reader of protobuf sees it."""
    (metric,) = families((await page(sink)).body)[family.name].metric
    return metric.histogram


def flat(found: dict[str, Any]) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return the series that a page in text would have."""
    series = {}
    for family in found.values():
        for metric in family.metric:
            own = tuple(sorted(labels(metric).items()))
            kind = KINDS[family.type]
            if kind != "histogram":
                series[family.name, own] = getattr(metric, kind).value
                continue
            value = metric.histogram
            series[f"{family.name}_count", own] = value.sample_count
            series[f"{family.name}_sum", own] = value.sample_sum
            for bucket in value.bucket:
                bound = ("le", str(bucket.upper_bound).replace("inf", "+Inf"))
                key = f"{family.name}_bucket", tuple(sorted((*own, bound)))
                series[key] = bucket.cumulative_count
    return series


async def test_both_pages_have_the_same_series() -> None:
    """Names, labels and values, of our own families and of the interpreter's."""
    told = await Exposition(scenario().owners).render(PROTOBUF)
    text = await Exposition(scenario().owners).render()
    expected = {
        (each.name, tuple(sorted(each.labels.items()))): each.value
        for each in samples(text.body.decode())
    }
    found = flat(families(told.body))
    moving = {key for key in expected if key[0].startswith(("process_", "python_gc"))}

    assert told.content_type == (
        "application/vnd.google.protobuf; "
        "proto=io.prometheus.client.MetricFamily; encoding=delimited"
    )
    assert found.keys() == expected.keys()
    assert {key: found[key] for key in found.keys() - moving} == {
        key: value for key, value in expected.items() if key not in moving
    }


async def test_families_are_explained() -> None:
    """Each with its help and its kind, in the order of the catalogue."""
    found = families((await page(scenario())).body)
    order = [family.name for family in catalog.FAMILIES if family.name in found]
    attempts = found[catalog.PROBE_ATTEMPTS.name]

    assert [*found] == order
    assert attempts.help == catalog.PROBE_ATTEMPTS.help
    assert KINDS[attempts.type] == "counter"


@given(found=st.dictionaries(HOSTILE, NUMBERS, max_size=5), name=HOSTILE)
@settings(max_examples=25, deadline=None)
async def test_any_label_and_any_number_arrives(
    found: dict[str, float], name: str
) -> None:
    """As it was, whatever a service calls its models."""
    key = ProbeKey(name, "serverless", "chat", name)
    sink = watching(FakeClock(), key)
    family = catalog.MODEL_MAX_MODEL_LEN
    sink(observation(key, *[Sample(family, v, (k,)) for k, v in found.items()]))
    read = families((await page(sink)).body)
    metrics = read[family.name].metric if found else []

    arrived = {labels(each)["model"]: each.gauge.value for each in metrics}
    assert len(arrived) == len(metrics)
    assert sorted(arrived.values()) == sorted(map(float, found.values()))
    assert all(
        labels(each)["target"] == labels(metrics[0])["target"] for each in metrics
    )


@pytest.mark.parametrize(
    "family",
    [
        catalog.CANARY_TTFT_SECONDS,
        catalog.CANARY_ITL_SECONDS,
        catalog.CANARY_CHUNK_GAP_SECONDS,
    ],
    ids=lambda family: family.name,
)
async def test_a_canarys_times_are_native_histograms(family: catalog.Family) -> None:
    """Of schema 3 with a zero bucket, beside the classic buckets."""
    sink = watching(FakeClock(), CHAT)
    sink(observation(CHAT, *[Sample(family, value) for value in (0.3, 0.31, 0.0, 4.0)]))

    value = await histogram(sink, family)

    assert (value.schema, value.zero_count, value.sample_count) == (3, 1, 4)
    assert 0 < value.zero_threshold < 1e-30
    assert [(each.offset, each.length) for each in value.positive_span] == [
        (-13, 1),
        (28, 1),
    ]
    assert [*value.positive_delta] == [2, -1]
    assert [each.upper_bound for each in value.bucket] == [*family.buckets, math.inf]


async def test_a_native_histogram_without_a_value_is_one_already() -> None:
    """Else it would turn from a classic one into it with the first run."""
    value = await histogram(
        watching(FakeClock(), HEALTH), catalog.PROBE_DURATION_SECONDS
    )

    assert value.zero_threshold > 0
    assert (value.schema, value.sample_count, len(value.positive_span)) == (3, 0, 0)


async def test_a_histogram_that_an_alert_goes_by_stays_classic() -> None:
    """Prometheus may keep only the native buckets of one that has both."""
    sink = MetricsSink()
    sink.record(catalog.EXPORTER_EVENT_LOOP_LAG_SECONDS, 0.004)
    value = await histogram(sink, catalog.EXPORTER_EVENT_LOOP_LAG_SECONDS)

    assert value.sample_count == 1
    assert not any(
        value.HasField(name) for name in ("schema", "zero_threshold", "zero_count")
    )


async def test_there_are_never_too_many_buckets() -> None:
    """Gaps between chunks may be of any size, and Prometheus has a limit."""
    sink = watching(FakeClock(), CHAT)
    family = catalog.CANARY_CHUNK_GAP_SECONDS
    sink(observation(CHAT, *[Sample(family, 1.07**n * 1e-9) for n in range(400)]))

    value = await histogram(sink, family)

    assert value.schema < 3
    assert 0 < sum(each.length for each in value.positive_span) <= MOST_BUCKETS
    assert value.sample_count == 400


async def test_a_bucket_names_the_run_that_was_in_it_last() -> None:
    """With its value and when it ended; a bucket without a value names none."""
    sink = watching(FakeClock(), HEALTH)
    for number, duration in enumerate((0.3, 0.26, 7.0)):
        sink(observation(probe_id=f"run-{number}", duration=duration))

    value = await histogram(sink, catalog.PROBE_DURATION_SECONDS)
    examples = {
        each.upper_bound: each.exemplar
        for each in value.bucket
        if each.HasField("exemplar")
    }

    assert examples.keys() == {0.5, 10.0}
    assert labels(examples[0.5]) == {"probe_id": "run-1"}
    assert examples[0.5].value == 0.26
    ended = examples[0.5].timestamp
    assert ended.seconds + ended.nanos / 1e9 == pytest.approx(STARTED_AT + 0.26)
