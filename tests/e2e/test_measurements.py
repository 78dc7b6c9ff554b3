"""A real exporter: what it believes, what it counts, and how it waits when asked to."""

import signal
from collections.abc import Iterator

import pytest

from tests.e2e.children import TM_EXPORTER, child
from tests.e2e.daemon import Daemon, Page, listening
from tests.e2e.waiting import eventually
from tests.service import Service, running_service


pytestmark = pytest.mark.e2e

MODEL = "openai/gpt-oss-20b"
CONFIG = """\
log: {{level: debug}}
canary_budget: {{daily_usd: 100000, monthly_usd: 3100000}}
targets:
  - name: eu
    surface: serverless
    base_url: {url}
    api_key: {key}
    models: [openai/gpt-oss-20b]
    probes:
      health: {{interval: 1s, timeout: 1s, slo: {{availability: 0.999}}}}
      version: false
      models: false
      tokenize: {{interval: 1s, timeout: 1s}}
      chat: {{interval: 1s, timeout: 1s, max_tokens: 4}}
      chat_stream: {{interval: 1500ms, timeout: 1500ms, max_tokens: 4}}
      completions: false
      completions_stream: false
      responses: false
      responses_stream: false
      kv_cache: false
"""


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Run a simulated service."""
    with running_service() as service:
        yield service


@pytest.fixture(scope="module")
def daemon(
    service: Service, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Daemon]:
    """Run the exporter with that service as its target."""
    folder = tmp_path_factory.mktemp("run")
    text = CONFIG.format(url=service.serverless_url, key=service.api_key)
    (folder / "config.yml").write_text(text)
    with child(
        folder,
        *(TM_EXPORTER, "run", "--config", folder / "config.yml"),
        *("--listen", "127.0.0.1:0"),
    ) as process:
        yield listening(process)


@pytest.fixture(autouse=True)
def healthy(service: Service, daemon: Daemon) -> None:
    """Begin with a service that works, and probes that say so."""
    service.switch("healthy")
    probes = {("serverless", name) for name in ("health", "chat", "chat_stream")}
    eventually(
        lambda: all(daemon.page().verdicts().get(probe) for probe in probes),
        within=20,
        what="passing probes",
        context=lambda: daemon.child.stderr[-2000:],
    )


def wait_for_more(daemon: Daemon, name: str, before: Page, **labels: str) -> Page:
    """Return the page once a counter is above what it was."""

    def grown() -> Page | None:
        page = daemon.page()
        is_more = page.total(name, **labels) > before.total(name, **labels)
        return page if is_more else None

    return eventually(grown, within=20, what=f"more of {name}{labels}")


def test_objectives_have_series_for_exactly_who_has_them(daemon: Daemon) -> None:
    """The default is for chat_stream; the route of health opted in."""
    page = daemon.page()

    found = {
        (sample.labels["probe"], sample.labels["slo"]): sample.value
        for sample in page.select("tensormesh_slo_objective")
    }
    assert found == {
        ("health", "availability"): 0.999,
        ("chat_stream", "availability"): 0.99,
        ("chat_stream", "ttft"): 0.95,
    }
    for name in ("evaluated_total", "missed_total", "seconds"):
        (sample,) = page.select(f"tensormesh_canary_ttft_objective_{name}")
        assert sample.labels == {
            "target": "eu",
            "surface": "serverless",
            "probe": "chat_stream",
            "model": MODEL,
        }


def test_what_missed_agrees_with_the_histogram(daemon: Daemon) -> None:
    """The threshold is a bound of it."""
    page = daemon.page()

    evaluated = page.total("tensormesh_canary_ttft_objective_evaluated_total")
    missed = page.total("tensormesh_canary_ttft_objective_missed_total")
    assert evaluated == page.total("tensormesh_canary_ttft_seconds_count") > 0
    within = page.total("tensormesh_canary_ttft_seconds_bucket", le="3.0")
    assert missed == evaluated - within


def test_a_process_that_was_stopped_believes_none_of_what_it_timed(
    service: Service, daemon: Daemon
) -> None:
    """As a machine without time for us: the run passes and measures nothing."""
    service.switch("slow")
    before = daemon.page()
    known = {record.request_id for record in service.requests}

    def in_flight() -> str | None:
        """Return the request of a run that waits for its first token."""
        for record in service.requests:
            new = record.request_id not in known and record.finished is None
            if new and record.path == "/v1/chat/completions":
                return str(record.request_id)
        return None

    waiting = eventually(in_flight, within=20, what="run in flight")
    daemon.child.process.send_signal(signal.SIGSTOP)
    try:
        eventually(
            lambda: any(
                record.request_id == waiting and record.finished
                for record in service.requests
            ),
            within=20,
            what="answer that is sent whole",
        )
    finally:
        daemon.child.process.send_signal(signal.SIGCONT)

    discarded = "tensormesh_exporter_measurements_discarded_total"
    page = wait_for_more(daemon, discarded, before, reason="loop_lag")
    paid = page.select("tensormesh_probe_success", model=MODEL)
    assert [sample.value for sample in paid] == [1.0] * len(paid)


def test_another_fingerprint_counts_once_whoever_sees_it(
    service: Service, daemon: Daemon
) -> None:
    """Two probes ask the model; one update is one change."""
    name = "tensormesh_model_identity_changes_total"
    (counter,) = daemon.page().select(name)

    service.switch("version_change")

    for probe in ("chat", "chat_stream"):
        for _ in range(2):  # the first may have been under way
            last = daemon.page()
            wait_for_more(daemon, "tensormesh_probe_attempts_total", last, probe=probe)
    (changed,) = daemon.page().select(name)
    assert changed.labels == {
        "target": "eu",
        "surface": "serverless",
        "model": MODEL,
        "field": "system_fingerprint",
    }
    assert changed.value == counter.value + 1


def test_limits_that_the_service_tells_are_gauges(
    service: Service, daemon: Daemon
) -> None:
    """By model and kind."""
    before = daemon.page()
    assert not before.select("tensormesh_rate_limit_limit")

    service.switch("rate_limit_headers")

    found = eventually(
        lambda: daemon.page().select("tensormesh_rate_limit_limit", model=MODEL),
        within=20,
        what="limit",
    )
    assert {sample.labels["kind"]: sample.value for sample in found} == {
        "requests": 600,
        "tokens": 200_000,
    }
    page = daemon.page()
    left = page.select("tensormesh_rate_limit_remaining", model=MODEL, kind="tokens")
    assert [sample.value for sample in left] == [199_952]
    assert page.select(
        "tensormesh_rate_limit_reset_timestamp_seconds", model=MODEL, kind="tokens"
    )


def test_throttled_is_not_down_and_the_pair_waits(
    service: Service, daemon: Daemon
) -> None:
    """A failure of its own kind, and then silence for as long as was asked for."""
    before = daemon.page()

    service.switch("overloaded")

    skipped = "tensormesh_probe_skipped_total"
    for probe in ("chat", "chat_stream", "tokenize"):
        wait_for_more(daemon, skipped, before, probe=probe, reason="throttled")
    page = daemon.page()
    failures = "tensormesh_probe_failures_total"
    throttled = page.total(failures, reason="throttled", model=MODEL)
    assert throttled > before.total(failures, reason="throttled", model=MODEL)
    others = [
        sample
        for sample in page.select(failures)
        if sample.labels["reason"] != "throttled"
    ]
    assert sum(sample.value for sample in others) == 0
    assert page.total("tensormesh_probe_consecutive_failures") == 0
    assert page.total(skipped, probe="health", reason="throttled") == 0
    (until,) = page.select("tensormesh_retry_after_timestamp_seconds")
    assert until.labels["model"] == MODEL
    step = "First see whether it is our own traffic on this account"
    assert step in daemon.get("/").text
    assert step in daemon.child.stderr
