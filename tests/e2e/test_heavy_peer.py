"""
Verdicts and timings through a real gateway: LiteLLM's proxy, opt-in for its size.

Behind it are two mock servers, told how long to take. The gateway reads their
streams and writes its own, so what arrives here is nobody's test double: its
headers, its chunks, its way to end a stream, its words for what went wrong.
"""

from collections.abc import Iterator

import pytest

from tests.e2e.children import TM_EXPORTER, child
from tests.e2e.daemon import Daemon, listening
from tests.e2e.gateway import KEY, Gateway, gateway
from tests.e2e.mock_server import MockServer, mock_server
from tests.e2e.waiting import eventually


pytestmark = [pytest.mark.e2e, pytest.mark.heavy]

LATENCIES = {"brisk": 0.2, "slow": 0.6}
GAP = 0.04
OVERHEAD = 0.06
"""Seconds that the gateway may add; it was seen to add about 0.01."""
CONFIG = """\
targets:
  - name: gateway
    surface: on_demand
    base_url: {url}/v1
    api_key: {key}
    user_id: 00000000-0000-0000-0000-000000000000
    models: [brisk, slow]
    probes:
      health: {{interval: 2s, timeout: 2s}}
      version: {{interval: 2s, timeout: 2s}}
      models: {{interval: 2s, timeout: 2s}}
      tokenize: {{interval: 2s, timeout: 2s}}
      chat: {{interval: 2s, timeout: 2s}}
      chat_stream: {{interval: 2s, timeout: 2s, idle_timeout: 300ms}}
  - name: unlisted
    surface: on_demand
    base_url: {url}/v1
    api_key: {key}
    user_id: 00000000-0000-0000-0000-000000000000
    models: [a-model-which-it-does-not-have]
    probes: &four
      health: {{interval: 2s, timeout: 2s}}
      version: false
      models: {{interval: 2s, timeout: 2s}}
      tokenize: false
      chat: {{interval: 2s, timeout: 2s}}
      chat_stream: {{interval: 2s, timeout: 2s, idle_timeout: 300ms}}
  - name: stranger
    surface: on_demand
    base_url: {url}/v1
    api_key: sk-of-nobody
    user_id: 00000000-0000-0000-0000-000000000000
    models: [brisk]
    probes: *four
  - name: public
    surface: serverless
    base_url: {url}/v1
    api_key: {key}
    models: [brisk]
    probes: *four
"""
FAULTS: dict[str, tuple[dict[str, object], str]] = {
    "400": ({"type": "fail", "status": 400}, "bad_request"),
    "401": ({"type": "fail", "status": 401}, "auth"),
    "402": ({"type": "fail", "status": 402}, "quota"),
    "404": ({"type": "fail", "status": 404}, "routing"),
    "429": ({"type": "fail", "status": 429}, "throttled"),
    "500": ({"type": "fail", "status": 500}, "server_error"),
    "503": ({"type": "fail", "status": 503}, "overloaded"),
    "silence": ({"type": "delay", "seconds": 4}, "timeout"),
    "early end": ({"type": "stream_fault", "kind": "truncate"}, "empty_output"),
    "cut": ({"type": "stream_fault", "kind": "disconnect"}, "stream_error"),
    "no JSON": ({"type": "stream_fault", "kind": "malformed"}, "stream_error"),
    "pause": ({"type": "stream_fault", "kind": "stall"}, "stream_stalled"),
}
"""
What goes wrong behind the gateway, and what it is by what the gateway says then.

A stream that breaks off it ends with an error event, and one that only ends too
early it ends as if it were whole: without a token, for the first one was due then.
"""


@pytest.fixture(scope="module")
def upstreams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[MockServer]]:
    """Run the two servers behind the gateway, the brisk one first."""
    brisk, slow = (tmp_path_factory.mktemp(name) for name in LATENCIES)
    with (
        mock_server(brisk, latency=LATENCIES["brisk"], gap=GAP) as first,
        mock_server(slow, latency=LATENCIES["slow"], gap=GAP) as second,
    ):
        yield [first, second]


@pytest.fixture(scope="module")
def peer(
    upstreams: list[MockServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """Run the gateway, with one model from each of them."""
    urls = [upstream.url for upstream in upstreams]
    models = dict(zip(LATENCIES, urls, strict=True))
    with gateway(tmp_path_factory.mktemp("gateway"), models) as running:
        yield running


@pytest.fixture(scope="module")
def daemon(peer: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Run the exporter, with the gateway as its target."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "config.yml").write_text(CONFIG.format(url=peer.url, key=KEY))
    with child(
        folder,
        *(TM_EXPORTER, "run", "--config", folder / "config.yml"),
        *("--listen", "127.0.0.1:0"),
    ) as process:
        yield listening(process)


@pytest.fixture
def brisk(upstreams: list[MockServer]) -> Iterator[MockServer]:
    """Put the brisk server right again after a test that broke it."""
    yield upstreams[0]
    upstreams[0].recover()


@pytest.mark.parametrize("probe", ["health", "models", "chat", "chat_stream"])
def test_what_it_can_do_passes(daemon: Daemon, probe: str) -> None:
    """Four kinds of probe find in it the service that it claims to be."""
    _passes(daemon, probe)


@pytest.mark.parametrize("probe", ["version", "tokenize"])
def test_a_route_which_it_lacks_is_a_matter_of_routing(
    daemon: Daemon, probe: str
) -> None:
    """It answers 404 there, which on this surface is `routing`."""
    _fails(daemon, "routing", target="gateway", probe=probe)


@pytest.mark.parametrize(
    ("probe", "reason"),
    [("models", "assertion"), ("chat", "routing"), ("chat_stream", "routing")],
    ids=["models", "chat", "chat_stream"],
)
def test_a_model_which_it_does_not_have_is_noticed(
    daemon: Daemon, probe: str, reason: str
) -> None:
    """It says so by a 400, which is told from a bad request by its words alone."""
    _fails(daemon, reason, target="unlisted", probe=probe)


@pytest.mark.parametrize("probe", ["health", "models", "chat", "chat_stream"])
def test_a_key_which_it_does_not_know_is_a_bad_request(
    daemon: Daemon, probe: str
) -> None:
    """
    It answers 400, since it has no database to look the key up in.

    The status decides, so this is not `auth`, whatever was meant.
    """
    _fails(daemon, "bad_request", target="stranger", probe=probe)


@pytest.mark.parametrize("probe", ["health", "models"])
def test_a_route_which_is_public_elsewhere_needs_a_key(
    daemon: Daemon, probe: str
) -> None:
    """On serverless no key is sent there, and this server asks for one: 401."""
    _fails(daemon, "auth", target="public", probe=probe)


def test_its_health_does_not_speak_for_its_models(
    daemon: Daemon, brisk: MockServer
) -> None:
    """
    It asks the models, finds one broken, and says so in the body of a 200.

    Any 2xx passes as health; that the model is broken is for `chat` to find.
    """
    _passes(daemon, "health")
    brisk.behave(type="fail", status=500, match={})

    _fails(daemon, "server_error", target="gateway", probe="chat", model="brisk")
    before = _attempts(daemon, "health")
    eventually(
        lambda: _attempts(daemon, "health") > before + 1, within=15, what="health run"
    )

    verdicts = daemon.page().verdicts(target="gateway")
    assert verdicts["on_demand", "health"]
    assert not verdicts["on_demand", "chat"]


def test_the_time_to_first_token_is_what_was_told_to_those_behind(
    daemon: Daemon,
) -> None:
    """
    Latency and one gap of the model asked for, and little that the gateway adds.

    A busy machine can only add to it, so the best of some runs is judged.
    """
    seen: dict[str, set[float]] = {model: set() for model in LATENCIES}

    def five_runs_of_each() -> bool:
        family = "tensormesh_canary_last_ttft_seconds"
        for sample in daemon.page().select(family, target="gateway"):
            seen[sample.labels["model"]].add(sample.value)
        return all(len(values) >= 5 for values in seen.values())

    eventually(five_runs_of_each, within=40, what="five streamed runs of each model")

    for model, latency in LATENCIES.items():
        told = latency + GAP
        assert told - 0.001 <= min(seen[model]) <= told + OVERHEAD, (model, seen)


def test_the_gateway_passes_chunks_on_as_they_come(daemon: Daemon) -> None:
    """A gateway that gathered them would be noticed by the gaps between chunks."""
    family = "tensormesh_canary_chunk_gap_seconds"
    eventually(
        lambda: daemon.page().total(f"{family}_count", target="gateway") >= 30,
        within=30,
        what="gaps",
    )

    page = daemon.page()

    spent = page.total(f"{family}_sum", target="gateway")
    mean = spent / page.total(f"{family}_count", target="gateway")
    assert mean == pytest.approx(GAP, abs=0.015)


@pytest.mark.parametrize(("behaviour", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_fault_behind_it_gets_the_reason_of_what_it_says(
    daemon: Daemon, brisk: MockServer, behaviour: dict[str, object], reason: str
) -> None:
    """What reaches a user decides, and the model behind which all is well passes."""
    _passes(daemon, "chat_stream")
    brisk.behave(**behaviour)

    _fails(daemon, reason, target="gateway", probe="chat_stream", model="brisk")

    (slow,) = daemon.page().select(
        "tensormesh_probe_success", probe="chat_stream", model="slow"
    )
    assert slow.value == 1


def test_it_speaks_to_nobody_but_those_behind_it(peer: Gateway, daemon: Daemon) -> None:
    """No price list, news or report crosses the border of this machine."""
    _passes(daemon, "chat")

    assert not peer.tried_to_leave()


def _passes(daemon: Daemon, probe: str) -> None:
    """Wait until the last runs of a probe of the gateway passed."""
    eventually(
        lambda: daemon.page().verdicts(target="gateway").get(("on_demand", probe)),
        within=15,
        what=f"passing {probe}",
        context=lambda: daemon.child.stderr[-2000:],
    )


def _attempts(daemon: Daemon, probe: str) -> float:
    return daemon.page().total(
        "tensormesh_probe_attempts_total", target="gateway", probe=probe
    )


def _fails(daemon: Daemon, reason: str, **labels: str) -> None:
    """Wait until one more run failed for that reason."""

    def failures() -> float:
        return daemon.page().total(
            "tensormesh_probe_failures_total", reason=reason, **labels
        )

    before = failures()
    eventually(
        lambda: failures() > before,
        within=15,
        what=f"{reason} of {labels}",
        context=lambda: daemon.child.stderr[-2000:],
    )
