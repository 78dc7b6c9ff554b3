"""The whole page, its forms and its compression."""

import gzip
from pathlib import Path

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
from tests.sinks.pages import OPENMETRICS, duplicates, samples, text
from tm_exporter import catalog, exposition
from tm_exporter.observation import Reason, Sample
from tm_exporter.sinks.collector import SeriesCollector
from tm_exporter.sinks.metrics import MetricsSink


GOLDEN = Path(__file__).parent / "golden" / "exposition.txt"


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


def own_lines(page: str) -> str:
    """Return the lines of a page that are about us and not the interpreter."""
    foreign = ("process_", "python_")
    kept = [line for line in page.splitlines() if not line.startswith(foreign)]
    heads = tuple(f"# {word} {name}" for word in ("HELP", "TYPE") for name in foreign)
    return "".join(f"{line}\n" for line in kept if not line.startswith(heads))


def test_the_page_is_the_golden_one(*, update_golden: bool) -> None:
    """Whatever changes on it is seen in a review. To accept: `--update-golden`."""
    page = own_lines(text(scenario()))
    if update_golden:
        GOLDEN.write_text(page, encoding="utf-8")

    assert page == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("accept", ["", OPENMETRICS], ids=["text", "openmetrics"])
def test_both_forms_are_read_by_a_strict_parser(accept: str) -> None:
    """And no series stands on a page twice."""
    page = text(scenario(), accept)

    assert {"tensormesh_probe_success", "process_open_fds", "python_info"} <= {
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
def test_the_reader_chooses_the_form(accept: str, form: str) -> None:
    """Plain text is for whoever did not ask for anything that we have."""
    page = exposition.render(exposition.registry(), accept)

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
def test_a_page_is_compressed_for_who_can_read_it(
    accepted: str, encoding: str | None
) -> None:
    """And it is the same page."""
    registry = exposition.registry(SeriesCollector(scenario()))

    page = exposition.render(registry, "", accepted)

    body = gzip.decompress(page.body) if encoding else page.body
    assert page.encoding == encoding
    assert b"tensormesh_probe_success" in body
