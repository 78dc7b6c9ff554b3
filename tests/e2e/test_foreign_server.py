"""
Verdicts and timings on an OpenAI-compatible server that nobody here wrote.

The simulated Tensormesh shares our reading of the API; this server does not.
"""

from collections.abc import Iterator

import pytest

from tests.e2e.children import TM_EXPORTER, child
from tests.e2e.daemon import Daemon, listening
from tests.e2e.mock_server import MockServer, mock_server
from tests.e2e.waiting import eventually


pytestmark = pytest.mark.e2e

LATENCY = 0.2
GAP = 0.04
CONFIG = """\
canary_budget: {{daily_usd: 1000, monthly_usd: 31000}}
targets:
  - name: foreign
    surface: serverless
    base_url: {url}/v1
    api_key: sk-made-up
    models: [gpt-4o]
    probes:
      health: {{interval: 1s, timeout: 1s}}
      version: {{interval: 1s, timeout: 1s}}
      models: {{interval: 1s, timeout: 1s}}
      tokenize: {{interval: 1s, timeout: 1s}}
      chat: {{interval: 1s, timeout: 1s}}
      chat_stream: {{interval: 1500ms, timeout: 1500ms, idle_timeout: 300ms}}
  - name: unlisted
    surface: serverless
    base_url: {url}
    api_key: sk-made-up
    models: [a-model-which-it-does-not-list]
    probes:
      health: false
      version: false
      models: {{interval: 1s, timeout: 1s}}
      tokenize: false
      chat: false
      chat_stream: false
"""
FAULTS: dict[str, tuple[dict[str, object], str]] = {
    "400": ({"type": "fail", "status": 400}, "bad_request"),
    "401": ({"type": "fail", "status": 401}, "auth"),
    "402": ({"type": "fail", "status": 402}, "quota"),
    "404": ({"type": "fail", "status": 404}, "routing"),
    "429": ({"type": "fail", "status": 429, "retry_after": 1}, "throttled"),
    "500": ({"type": "fail", "status": 500}, "server_error"),
    "503": ({"type": "fail", "status": 503}, "overloaded"),
    "silence": ({"type": "delay", "seconds": 3}, "timeout"),
    "early end": ({"type": "stream_fault", "kind": "truncate"}, "stream_truncated"),
    "cut": ({"type": "stream_fault", "kind": "disconnect"}, "stream_truncated"),
    "no JSON": ({"type": "stream_fault", "kind": "malformed"}, "stream_invalid"),
    "pause": ({"type": "stream_fault", "kind": "stall"}, "stream_stalled"),
}


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockServer]:
    """Run the server, told how long to take."""
    folder = tmp_path_factory.mktemp("peer")
    with mock_server(folder, latency=LATENCY, gap=GAP) as server:
        yield server


@pytest.fixture(scope="module")
def daemon(
    peer: MockServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Daemon]:
    """Run the exporter, with that server as its target."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "config.yml").write_text(CONFIG.format(url=peer.url))
    with child(
        folder,
        *(TM_EXPORTER, "run", "--config", folder / "config.yml"),
        *("--listen", "127.0.0.1:0"),
    ) as process:
        yield listening(process)


@pytest.fixture
def healthy_peer(peer: MockServer) -> Iterator[MockServer]:
    """Put the server right again after a test that broke it."""
    yield peer
    peer.recover()


@pytest.mark.parametrize("probe", ["health", "models", "chat", "chat_stream"])
def test_what_it_can_do_passes(daemon: Daemon, probe: str) -> None:
    """Four kinds of probe find in it the service that it claims to be."""
    eventually(
        lambda: daemon.page().verdicts(target="foreign").get(("serverless", probe)),
        within=15,
        what=f"passing {probe}",
        context=lambda: daemon.child.stderr[-2000:],
    )


@pytest.mark.parametrize("probe", ["version", "tokenize"])
def test_a_route_which_it_lacks_is_a_matter_of_routing(
    daemon: Daemon, probe: str
) -> None:
    """It is no vLLM: it answers 404 there, which on this surface is `routing`."""
    _failure(daemon, target="foreign", probe=probe, reason="routing")


def test_a_model_which_it_does_not_list_is_noticed(daemon: Daemon) -> None:
    """A list without the configured model is a list, and not what was expected."""
    _failure(daemon, target="unlisted", probe="models", reason="assertion")

    (listed,) = daemon.page().select("tensormesh_model_listed", target="unlisted")
    assert listed.value == 0


def test_the_time_to_first_token_is_what_it_was_told_to_take(daemon: Daemon) -> None:
    """
    The role-only chunk does not count, so it is the latency and one gap.

    A busy machine can only add to it, so the best of some runs is judged.
    """
    seen: set[float] = set()

    def five_runs() -> bool:
        seen.update(
            sample.value
            for sample in daemon.page().select("tensormesh_canary_last_ttft_seconds")
        )
        return len(seen) >= 5

    eventually(five_runs, within=20, what="five streamed runs")

    assert min(seen) == pytest.approx(LATENCY + GAP, abs=0.015)
    assert min(seen) >= LATENCY + GAP - 0.001


def test_the_gaps_between_chunks_are_what_it_was_told_to_take(daemon: Daemon) -> None:
    """Chunks are stamped when they arrive, not when the stream has ended."""
    family = "tensormesh_canary_chunk_gap_seconds"
    eventually(
        lambda: daemon.page().total(f"{family}_count") >= 5, within=15, what="gaps"
    )

    page = daemon.page()

    mean = page.total(f"{family}_sum") / page.total(f"{family}_count")
    assert mean == pytest.approx(GAP, abs=0.015)


@pytest.mark.parametrize(("behaviour", "reason"), FAULTS.values(), ids=FAULTS)
def test_its_faults_get_their_reason(
    daemon: Daemon,
    healthy_peer: MockServer,
    behaviour: dict[str, object],
    reason: str,
) -> None:
    """A fault as somebody else understands it has the reason that we give it."""
    healthy_peer.behave(**behaviour)

    _failure(daemon, target="foreign", probe="chat_stream", reason=reason)


def _failure(daemon: Daemon, **labels: str) -> None:
    """Wait until one more run failed, for the reason among the labels."""

    def failures() -> float:
        return daemon.page().total("tensormesh_probe_failures_total", **labels)

    before = failures()
    eventually(
        lambda: failures() > before,
        within=15,
        what=str(labels),
        context=lambda: daemon.child.stderr[-2000:],
    )
