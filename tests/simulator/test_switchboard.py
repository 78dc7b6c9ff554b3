"""The simulator is looked at and changed over HTTP while it runs."""

from typing import Any

import httpx
import pytest

from tm_exporter.simulator.server import Simulator


async def test_scenarios_are_listed(sim: Simulator, client: httpx.AsyncClient) -> None:
    """By name, each with its line."""
    table = (await client.get(sim.url + "/simulator/scenarios")).json()["scenarios"]

    assert table[0] == {"name": "healthy", "description": "everything works"}
    assert {"outage", "overloaded", "broken_stream"} < {row["name"] for row in table}


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_a_scenario_is_switched(
    sim: Simulator, client: httpx.AsyncClient, method: str
) -> None:
    """The answer is what is in force then."""
    url = sim.url + "/simulator/scenario"

    answer = await client.request(method, url, json={"name": "outage"})

    health = await client.get(sim.serverless_url + "/health")
    assert answer.json()["scenario"] == {
        "serverless": "outage",
        "on_demand": "outage",
        "control_plane": "healthy",
    }
    assert health.status_code == 503


async def test_a_scenario_is_switched_on_one_surface(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """The surface may be written as in its address."""
    wanted = {"name": "outage", "surface": "on-demand"}

    await client.put(sim.url + "/simulator/scenario", json=wanted)

    assert sim.world.panel.scenario["on_demand"] == "outage"
    assert sim.world.panel.scenario["serverless"] == "healthy"


async def test_single_switches_are_set(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """On one surface; the rest of it stays as it is."""
    wanted = {"surface": "serverless", "gap_seconds": 1, "version": "9.9"}

    await client.patch(sim.url + "/simulator/switches", json=wanted)

    switches = sim.world.panel.switches
    assert switches["serverless"].gap_seconds == 1
    assert switches["serverless"].version == "9.9"
    assert switches["on_demand"].version != "9.9"


async def test_a_route_is_given_an_answer(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """Status, headers and body; null takes it back."""
    url, health = sim.url + "/simulator/switches", sim.serverless_url + "/health"
    rule = {
        "route": "/health",
        "status": 418,
        "headers": {"x-tea": "green"},
        "body": '{"a": 1}',
    }

    await client.patch(url, json=rule)
    ruled = await client.get(health)
    await client.patch(url, json={"route": "/health", "status": None})
    free = await client.get(health)

    assert (ruled.status_code, ruled.headers["x-tea"]) == (418, "green")
    assert ruled.headers["content-type"] == "application/json"
    assert ruled.json() == {"a": 1}
    assert free.status_code == 200


async def test_a_rule_can_be_for_one_method_and_many_routes(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """And only wait."""
    sim.rule("/v1/*", method="POST", status=500)
    sim.rule("/version", delay_seconds=0.05)

    models = await client.get(sim.serverless_url + "/v1/models")
    chat = await client.post(sim.serverless_url + "/v1/chat/completions")
    await client.get(sim.serverless_url + "/version")

    record = sim.requests[-1]
    assert (models.status_code, chat.status_code) == (200, 500)
    assert record.sent[0] - record.started >= 0.05


@pytest.mark.parametrize(
    ("route", "body", "says"),
    [
        pytest.param("/scenario", {"name": "sunny"}, "no scenario", id="scenario"),
        pytest.param("/scenario", {}, "no scenario", id="no name"),
        pytest.param(
            "/scenario", {"name": "slow", "surface": "moon"}, "no surface", id="surface"
        ),
        pytest.param("/scenario", [], "an object", id="a list"),
        pytest.param("/switches", {"gap": 1}, "no switch 'gap'", id="switch"),
        pytest.param("/switches", {"gap_seconds": -1}, "cannot be -1", id="negative"),
        pytest.param("/switches", {"gap_seconds": "1s"}, "cannot be", id="a text"),
        pytest.param("/switches", {"cache": 1}, "cannot be 1", id="not a truth"),
        pytest.param("/switches", {"stream": "odd"}, "cannot be 'odd'", id="choice"),
        pytest.param("/switches", {"withdrawn": "x"}, "cannot be", id="not a list"),
        pytest.param(
            "/switches", {"route": "/health", "code": 1}, "no switch", id="rule member"
        ),
        pytest.param(
            "/switches", {"route": "/health", "status": "503"}, "cannot be", id="status"
        ),
        pytest.param(
            "/switches", {"route": "/health", "headers": []}, "headers", id="headers"
        ),
    ],
)
async def test_a_wrong_value_is_explained(
    sim: Simulator, client: httpx.AsyncClient, route: str, body: Any, says: str
) -> None:
    """In a sentence, and nothing changes."""
    before = dict(sim.world.panel.switches)
    method = "PUT" if route == "/scenario" else "PATCH"

    answer = await client.request(method, sim.url + "/simulator" + route, json=body)

    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert sim.world.panel.switches == before


async def test_models_are_withdrawn_by_name(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """A list in JSON is as good as a tuple in Python."""
    wanted = {"withdrawn": list(sim.models[1:])}

    await client.patch(sim.url + "/simulator/switches", json=wanted)

    listed = (await client.get(sim.serverless_url + "/v1/models")).json()["data"]
    assert [model["id"] for model in listed] == [sim.models[0]]


async def test_models_are_added_by_name(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """They are listed behind the others."""
    wanted = {"surface": "serverless", "added": ["someone/m6", "someone/m7"]}

    await client.patch(sim.url + "/simulator/switches", json=wanted)

    listed = (await client.get(sim.serverless_url + "/v1/models")).json()["data"]
    assert [model["id"] for model in listed] == [*sim.models, *wanted["added"]]


async def test_state_tells_requests_without_secrets(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """Names of headers are kept, values are not."""
    headers = {"authorization": f"Bearer {sim.api_key}"}
    await client.get(sim.serverless_url + "/health", headers=headers)

    answer = await client.get(sim.url + "/simulator/state")

    (request,) = answer.json()["requests"]
    assert (request["surface"], request["method"], request["path"]) == (
        "serverless",
        "GET",
        "/health",
    )
    assert "authorization" in request["header_names"]
    assert request["status"] == 200
    assert answer.json()["requests_total"] == 1
    assert sim.api_key not in answer.text


async def test_only_the_last_requests_are_kept(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """The count goes on; the switchboard's own routes are not in it."""
    for _ in range(103):
        await client.get(sim.serverless_url + "/health")

    state = (await client.get(sim.url + "/simulator/state")).json()

    assert (state["requests_total"], len(state["requests"])) == (103, 100)
