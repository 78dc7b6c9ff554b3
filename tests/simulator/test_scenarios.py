"""Every scenario does what its line in the table says."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.simulator.conftest import Post, Read
from tm_exporter.simulator.scenarios import SCENARIOS, scenarios
from tm_exporter.simulator.server import Simulator
from tm_exporter.simulator.surfaces import SURFACES


CHAT = "/v1/chat/completions"
HELLO: dict[str, Any] = {
    "messages": [{"role": "user", "content": "word " * 30}],
    "max_tokens": 4,
}


Ask = Callable[[], Awaitable[tuple[int, ...]]]


@pytest.fixture
def ask(sim: Simulator, client: httpx.AsyncClient, post: Post, read: Read) -> Ask:
    """Return a function that asks three things and returns the statuses."""

    async def statuses() -> tuple[int, ...]:
        answers = (
            await client.get(sim.serverless_url + "/v1/models"),
            await post(CHAT, HELLO),
            await read("/auth/profile"),
        )
        return tuple(answer.status_code for answer in answers)

    return statuses


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        pytest.param("healthy", (200, 200, 200), id="healthy"),
        pytest.param("overloaded", (200, 429, 200), id="overloaded"),
        pytest.param("outage", (503, 503, 200), id="outage"),
        pytest.param("unreachable_backend", (502, 502, 200), id="unreachable_backend"),
        pytest.param("html_error", (200, 200, 200), id="html_error"),
        pytest.param("redirect", (302, 302, 200), id="redirect"),
        pytest.param("expired_token", (200, 200, 401), id="expired_token"),
        pytest.param("bad_key", (200, 401, 200), id="bad_key"),
        pytest.param("empty_balance", (200, 402, 200), id="empty_balance"),
        pytest.param("model_withdrawn", (200, 404, 200), id="model_withdrawn"),
        pytest.param("model_renamed", (200, 404, 200), id="model_renamed"),
        pytest.param(
            "control_plane_outage", (200, 200, 503), id="control_plane_outage"
        ),
    ],
)
async def test_a_scenario_decides_the_statuses(
    sim: Simulator, ask: Ask, name: str, statuses: tuple[int, int, int]
) -> None:
    """Of a read of inference, a paid request, and a read of the Control Plane."""
    sim.switch(name)

    assert await ask() == statuses


async def test_overload_asks_to_wait(sim: Simulator, post: Post) -> None:
    """In whole seconds, as was seen of the service."""
    sim.switch("overloaded")

    answer = await post(CHAT, HELLO)

    assert answer.headers["retry-after"] == "5"
    assert answer.json()["error"]["message"] == "Server is overloaded"


@pytest.mark.parametrize("name", ["html_error", "unreachable_backend"])
async def test_a_proxy_answers_with_a_page(
    sim: Simulator, post: Post, name: str
) -> None:
    """No JSON, whatever the status."""
    sim.switch(name)

    answer = await post(CHAT, HELLO)

    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<html>")


async def test_slow_multiplies_both_times(post: Post, sim: Simulator) -> None:
    """Thirty times the first token's and thirty times the gap."""
    sim.switch("slow")
    slow = sim.world.panel.switches["serverless"]
    sim.change(first_token_seconds=0.002, gap_seconds=0.001)

    await post(CHAT, HELLO)

    record = sim.requests[-1]
    assert slow.slowdown == 30
    assert record.sent[0] - record.started >= 30 * 0.002 + 3 * 30 * 0.001


@pytest.mark.parametrize(
    ("name", "route"),
    [
        pytest.param("hang", "/health", id="hang"),
        pytest.param("slow_model_list", "/v1/models", id="slow_model_list"),
    ],
)
async def test_an_answer_does_not_come(
    sim: Simulator, client: httpx.AsyncClient, name: str, route: str
) -> None:
    """Not within this time at least; the request is seen all the same."""
    sim.switch(name)

    with pytest.raises(httpx.ReadTimeout):
        await client.get(sim.serverless_url + route, timeout=0.1)

    assert sim.requests[-1].path == route
    assert sim.requests[-1].status is None


async def test_a_connection_is_reset(sim: Simulator, client: httpx.AsyncClient) -> None:
    """After the request was read, and without a byte of an answer."""
    sim.switch("connection_reset")

    with pytest.raises(httpx.ReadError):
        await client.get(sim.serverless_url + "/health")


async def test_an_empty_balance_is_told(sim: Simulator, read: Read) -> None:
    """A Money message without parts is zero."""
    sim.switch("empty_balance")

    answer = await read("/v1/billing/balance")

    assert answer.json() == {"balance": {"currencyCode": "USD"}}


async def test_a_withdrawn_model_is_not_listed(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """The others stay."""
    sim.switch("model_withdrawn")

    answer = (await client.get(sim.serverless_url + "/v1/models")).json()

    assert tuple(model["id"] for model in answer["data"]) == sim.models[1:]


async def test_another_version_answers(
    sim: Simulator, client: httpx.AsyncClient, post: Post
) -> None:
    """The fingerprint of answers changes with it."""
    sim.switch("version_change")

    version = (await client.get(sim.serverless_url + "/version")).json()
    chat = (await post(CHAT, HELLO)).json()

    assert version == {"version": "0.12.0"}
    assert chat["system_fingerprint"] == "fp_simulated_next"


async def test_output_can_be_reasoning_alone(sim: Simulator, post: Post) -> None:
    """Tokens were generated, but none of them is content."""
    sim.switch("reasoning_only")

    answer = (await post(CHAT, HELLO)).json()

    message = answer["choices"][0]["message"]
    assert (message["content"], bool(message["reasoning"])) == (None, True)


async def test_output_can_be_empty(sim: Simulator, post: Post) -> None:
    """It ends of itself, with no token."""
    sim.switch("empty_output")

    answer = (await post(CHAT, HELLO)).json()

    assert answer["choices"][0]["message"]["content"] == ""
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"]["completion_tokens"] == 0


async def test_another_model_is_named(sim: Simulator, post: Post) -> None:
    """As if the request had been routed wrong."""
    sim.switch("wrong_model")

    answer = (await post(CHAT, HELLO)).json()

    assert answer["model"] == "someone/another-model"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("healthy", '"choices":[],"usage":{', id="healthy"),
        pytest.param("merged_usage", '"length"}],"usage":{', id="merged_usage"),
        pytest.param("no_usage", None, id="no_usage"),
    ],
)
async def test_usage_of_a_stream_comes_in_either_form(
    sim: Simulator, post: Post, name: str, told: str | None
) -> None:
    """Or not at all, though it was asked for."""
    sim.switch(name)
    options = {"stream": True, "stream_options": {"include_usage": True}}

    text = (await post(CHAT, HELLO | options)).text

    assert ('"usage"' in text) is (told is not None)
    assert told is None or told in text


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("healthy", 64, id="healthy"),
        pytest.param("cache_off", 0, id="cache_off"),
        pytest.param("cache_untold", None, id="cache_untold"),
    ],
)
async def test_the_cache_can_be_off_or_untold(
    sim: Simulator, post: Post, name: str, told: int | None
) -> None:
    """Nothing cached and nothing known are not the same."""
    sim.switch(name)
    await post(CHAT, HELLO)

    usage = (await post(CHAT, HELLO)).json()["usage"]

    assert usage.get("prompt_tokens_details", {}).get("cached_tokens") == told


async def test_limits_are_told_in_headers(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """Only in this scenario."""
    name = "x-ratelimit-remaining-requests"

    before = await client.get(sim.serverless_url + "/health")
    sim.switch("rate_limit_headers")
    after = await client.get(sim.serverless_url + "/health")

    assert (name in before.headers, name in after.headers) == (False, True)


async def test_undocumented_routes_can_be_missing(sim: Simulator, read: Read) -> None:
    """The documented ones stay."""
    sim.switch("unsupported_routes")
    missing = (
        "/v1/models",
        "/v1/billing/serverless-pricing",
        "/v1/billing/serverless-usage/history",
        "/v1/support/tickets",
        "/v1/activities",
        "/v1/observability/users/metrics",
    )

    statuses = [(await read(path)).status_code for path in missing]
    documented = (await read("/v1/billing/balance")).status_code

    assert (set(statuses), documented) == ({404}, 200)


async def test_deployments_can_fail(sim: Simulator, read: Read) -> None:
    """All of them."""
    sim.switch("deployment_failed")

    models = (await read("/v1/models")).json()["models"]

    assert {model["status"] for model in models} == {"MODEL_STATUS_FAILED"}


async def test_the_card_can_be_past_its_date(sim: Simulator, read: Read) -> None:
    """By a year."""
    path = "/v1/billing/stripe/customers/payment-methods"
    good = (await read(path)).json()["paymentMethods"][0]["expYear"]
    sim.switch("card_expired")

    past = (await read(path)).json()["paymentMethods"][0]["expYear"]

    assert past == good - 4


@pytest.mark.parametrize("name", SCENARIOS)
async def test_every_scenario_can_be_begun_with(name: str) -> None:
    """And applies where it says."""
    simulator = Simulator(scenario=name)

    applied = {s for s, n in simulator.world.panel.scenario.items() if n == name}

    assert applied == set(SCENARIOS[name].surfaces)


def test_every_scenario_has_a_line() -> None:
    """One line, in lower case, for the list on the command line."""
    lines = scenarios().values()

    assert all(line and "\n" not in line for line in lines)
    assert len(scenarios()) == len(SCENARIOS)


def test_a_scenario_can_be_for_one_surface() -> None:
    """Wherever it is asked for; the other surfaces stay as they are."""
    simulator = Simulator(scenario="slow")

    simulator.switch("outage", "control_plane")

    assert simulator.world.panel.scenario == dict.fromkeys(SURFACES, "slow") | {
        "control_plane": "outage"
    }


def test_an_unknown_scenario_is_refused() -> None:
    """With the names that there are."""
    with pytest.raises(ValueError, match="no scenario 'sunny': one of healthy"):
        Simulator(scenario="sunny")


def test_a_new_scenario_forgets_single_switches() -> None:
    """What the simulator was started with stays."""
    simulator = Simulator(first_token_seconds=0.5)
    simulator.change(first_token_seconds=9, version="9")

    simulator.switch("healthy")

    switches = simulator.world.panel.switches["serverless"]
    assert (switches.first_token_seconds, switches.version) == (0.5, "0.11.2")
