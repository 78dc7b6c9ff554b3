"""The whole page, its forms and its compression."""

import asyncio
import gzip
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import (
    generate_latest as openmetrics_latest,
)
from prometheus_client.samples import Timestamp

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
from tests.sinks.pages import OPENMETRICS, duplicates, samples, text
from tests.sinks.reference import SeriesCollector
from tm_exporter import catalog
from tm_exporter.exposition.page import Exposition
from tm_exporter.observation import ProbeKey, Reason, Sample
from tm_exporter.sinks.metrics import MetricsSink


GOLDEN = Path(__file__).parents[1] / "golden" / "exposition.txt"


def scenario() -> MetricsSink:
    """Return a sink that has seen a bit of everything."""
    sink = watching(FakeClock(), HEALTH, CHAT, BALANCE)
    sink.target_info.describe("eu", "serverless", {"environment": "production"})
    sink.target_info.describe("account", "control_plane", {})
    sink.record(catalog.EXPORTER_LEADER)
    sink.record(catalog.FAILURE_REASON_INFO, labels=("timeout", "network"))
    sink.record(catalog.EXPORTER_EVENT_LOOP_LAG_SECONDS, 0.004)
    sink.mirror(catalog.EXPORTER_LOG_LINES_DROPPED, lambda: 0.0)
    for key in (HEALTH, CHAT, BALANCE):
        sink.slot(key)
    answer = exchange(
        certificate=certificate(),
        headers=(("date", "Mon, 21 Sep 2026 14:13:19 GMT"),),
        answered_at=STARTED_AT,
    )
    sink(observation(HEALTH, exchanges=(answer,)))
    sink(
        observation(
            CHAT,
            Sample(catalog.CANARY_TOKENS, 9.0, ("input",)),
            Sample(catalog.CANARY_STREAM_VIOLATIONS, 0.0, ("no_done",)),
            reason=Reason.THROTTLED,
            retry_after=30.0,
        )
    )
    sink(observation(BALANCE, Sample(catalog.BILLING_BALANCE, -2.5, ("USD",))))
    return sink


def test_the_page_is_the_golden_one(*, update_golden: bool) -> None:
    """Whatever changes on it is seen in a review. To accept: `--update-golden`."""
    page = text(scenario())
    if update_golden:
        GOLDEN.write_text(page, encoding="utf-8")

    assert page == GOLDEN.read_text(encoding="utf-8")


def test_openmetrics_names_the_run_behind_a_bucket() -> None:
    """So that a point of a chart leads to a transcript; plain text cannot."""
    sink = watching(FakeClock(), HEALTH)
    sink(observation(HEALTH, probe_id="cafe", duration=0.3))
    name = f"{catalog.PROBE_DURATION_SECONDS.name}_bucket"
    examples = {
        sample.labels["le"]: sample.exemplar
        for sample in samples(text(sink, OPENMETRICS))
        if sample.name == name and sample.exemplar
    }

    assert examples.keys() == {"0.5"}
    assert examples["0.5"].labels == {"probe_id": "cafe"}
    assert examples["0.5"].value == 0.3
    assert examples["0.5"].timestamp == Timestamp(STARTED_AT, 300_000_000)
    assert "cafe" not in text(sink)


def test_examples_are_forgotten_with_the_bounds_of_their_buckets() -> None:
    """One could be below the bucket that its run was counted in."""
    sink = watching(FakeClock(), CHAT)
    sink(observation(CHAT, Sample(catalog.CANARY_TTFT_SECONDS, 0.31)))
    before = text(sink, OPENMETRICS)
    thresholds = {catalog.CANARY_TTFT_SECONDS: (0.4,)}
    sink.reshape(replace(sink.shape, thresholds=thresholds))
    line = f"{catalog.CANARY_TTFT_SECONDS.name}_bucket.* # "

    assert re.search(line, before)
    assert not re.search(line, text(sink, OPENMETRICS))


@pytest.mark.parametrize("accept", ["", OPENMETRICS], ids=["text", "openmetrics"])
def test_both_forms_are_read_by_a_strict_parser(accept: str) -> None:
    """And no series stands on a page twice."""
    page = text(scenario(), accept)

    assert {"tensormesh_probe_success", "tensormesh_exporter_leader"} <= {
        sample.name for sample in samples(page)
    }
    assert duplicates(page) == []
    assert "_created" not in page


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        pytest.param("", "text/plain; version=0.0.4", id="no-header"),
        pytest.param("*/*", "text/plain; version=0.0.4", id="curl"),
        pytest.param("text/html,*/*;q=0.8", "text/plain; version=0.0.4", id="browser"),
        pytest.param(OPENMETRICS, "application/openmetrics-text", id="openmetrics"),
        pytest.param(
            "application/openmetrics-text", "application/openmetrics-text", id="any"
        ),
        pytest.param(
            "application/openmetrics-text;version=1.0.0,"
            "application/openmetrics-text;version=0.0.1;q=0.75,"
            "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "application/openmetrics-text; version=1.0.0",
            id="prometheus-2",
        ),
        pytest.param(
            "text/plain;version=0.0.4;q=0.6,"
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5",
            "text/plain; version=0.0.4",
            id="prefers-text",
        ),
        pytest.param(
            "application/openmetrics-text;version=7.0.0", "text/plain", id="future"
        ),
        pytest.param(
            "application/openmetrics-text;version=abc", "text/plain", id="junk-version"
        ),
        pytest.param(f"{OPENMETRICS};q=0", "text/plain", id="refused"),
        pytest.param(f"{OPENMETRICS};q=lots", "text/plain", id="junk-weight"),
        pytest.param(f"{OPENMETRICS};q=7", "text/plain", id="excessive-weight"),
    ],
)
async def test_the_reader_chooses_the_form(accept: str, form: str) -> None:
    """Plain text is for whoever did not ask for anything that we have."""
    page = await Exposition().render(accept)

    assert page.content_type.startswith(form)


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        pytest.param("gzip", "gzip", id="gzip"),
        pytest.param("deflate, GZIP;q=0.5, br", "gzip", id="among-others"),
        pytest.param("", None, id="none"),
        pytest.param("gzip;q=0", None, id="refused"),
        pytest.param("identity", None, id="other"),
    ],
)
async def test_a_page_is_compressed_for_who_can_read_it(
    accepted: str, encoding: str | None
) -> None:
    """And it is the same page."""
    page = await Exposition(scenario().owners).render("", accepted)

    body = gzip.decompress(page.body) if encoding else page.body
    assert page.encoding == encoding
    assert b"tensormesh_probe_success" in body


async def test_the_interpreter_and_the_process_are_on_the_page() -> None:
    """They tell whether it is us who is slow."""
    page = (await Exposition().render(OPENMETRICS)).body.decode()

    assert {"process_open_fds", "python_info"} <= {each.name for each in samples(page)}


HOSTILE = st.text(alphabet='aZ"\\\n{},= é模\u202e', max_size=12)
NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**70), 2**70)
)


@pytest.mark.parametrize("openmetrics", [False, True], ids=["text", "openmetrics"])
@given(
    labels=st.dictionaries(HOSTILE, NUMBERS, max_size=5),
    name=HOSTILE,
    durations=st.lists(st.floats(min_value=0, max_value=1e9), max_size=4),
)
@settings(max_examples=40, deadline=None)
def test_lines_are_what_the_client_library_would_write(
    *, openmetrics: bool, labels: dict[str, float], name: str, durations: list[float]
) -> None:
    """To the byte, whatever a service calls its models, with the examples of runs."""
    key = ProbeKey(name, "serverless", "chat", name)
    sink = watching(FakeClock(), key)
    sink.target_info.describe("eu", "serverless", {"team": name, "team1": "x"})
    sink.record(catalog.EXPORTER_EVENT_LOOP_LAG_SECONDS, 0.004)
    found = [Sample(catalog.MODEL_MAX_MODEL_LEN, v, (k,)) for k, v in labels.items()]
    for number, duration in enumerate((0.25, *durations)):
        probe_id = f"{name}{number}"
        sink(observation(key, *found, duration=duration, probe_id=probe_id))
    encode = openmetrics_latest if openmetrics else generate_latest

    accept = OPENMETRICS if openmetrics else ""
    page = Exposition(sink.owners, about_process=False).render(accept)
    own = asyncio.run(page).body.removesuffix(b"# EOF\n")

    reference = CollectorRegistry()
    reference.register(SeriesCollector(sink))
    assert own == encode(reference).removesuffix(b"# EOF\n")


async def test_a_large_page_lets_the_loop_turn() -> None:
    """A stream that is being timed must not wait for a scrape."""
    keys = [ProbeKey(f"t{n}", "serverless", "health") for n in range(300)]
    sink = watching(FakeClock(), *keys)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    page = await Exposition(sink.owners).render()
    counting.cancel()

    assert page.body.count(b"\n") > 5000
    assert turns > 10
