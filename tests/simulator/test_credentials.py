"""Who may call the inference surfaces, and what the others are told."""

import httpx
import pytest

from tests.simulator.conftest import Post
from tm_exporter.simulator.server import Simulator


HELLO = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 8}
GENERATING = [
    pytest.param("/v1/chat/completions", HELLO, id="chat"),
    pytest.param("/v1/completions", {"prompt": "Say hello."}, id="completions"),
    pytest.param("/v1/responses", {"input": "Say hello."}, id="responses"),
]


@pytest.mark.parametrize("route", ["/health", "/version", "/v1/models"])
async def test_serverless_reads_accept_anybody(
    sim: Simulator, client: httpx.AsyncClient, route: str
) -> None:
    """They need no key, and a wrong one does no harm."""
    wrong = {"authorization": "Bearer ak-wrong"}

    bare = await client.get(sim.serverless_url + route)
    keyed = await client.get(sim.serverless_url + route, headers=wrong)

    assert (bare.status_code, keyed.status_code) == (200, 200)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"authorization": "Bearer ak-wrong"}, id="wrong"),
        pytest.param({"authorization": "Basic YTpi"}, id="another scheme"),
    ],
)
@pytest.mark.parametrize(
    ("path", "body"),
    [*GENERATING, ("/tokenize", {"prompt": "a"}), ("/detokenize", {"tokens": [1]})],
)
async def test_serverless_posts_need_the_key(
    post: Post, path: str, body: dict[str, object], headers: dict[str, str]
) -> None:
    """The error has the form of OpenAI's."""
    answer = await post(path, body, headers=headers)

    error = answer.json()["error"]
    assert answer.status_code == 401
    assert (error["code"], error["type"]) == (401, "AuthenticationError")


@pytest.mark.parametrize(
    ("key", "user", "status"),
    [
        pytest.param("right", "right", 200, id="both"),
        pytest.param("none", "right", 401, id="no key"),
        pytest.param("wrong", "right", 401, id="wrong key"),
        pytest.param("right", "none", 404, id="no user"),
        pytest.param("right", "wrong", 404, id="wrong user"),
    ],
)
async def test_on_demand_reads_need_key_and_user(
    sim: Simulator, client: httpx.AsyncClient, key: str, user: str, status: int
) -> None:
    """Its gateway routes by user, so a wrong one is a 404."""
    keys = {"right": sim.api_key, "wrong": "ak-wrong"}
    users = {"right": sim.user_id, "wrong": "somebody"}
    headers = {"authorization": f"Bearer {keys[key]}"} if key in keys else {}
    headers |= {"x-user-id": users[user]} if user in users else {}

    answers = [
        await client.get(sim.on_demand_url + route, headers=headers)
        for route in ("/health", "/version", "/v1/models")
    ]

    assert [answer.status_code for answer in answers] == [status] * 3


async def test_on_demand_serves_its_own_model(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """The name is that of the gateway; a serverless name is unknown there."""
    headers = {"authorization": f"Bearer {sim.api_key}", "x-user-id": sim.user_id}
    url = sim.on_demand_url + "/v1/chat/completions"
    names = (sim.on_demand_models[0], sim.models[0])

    answers = [
        await client.post(url, headers=headers, json=HELLO | {"model": name})
        for name in names
    ]

    assert [answer.status_code for answer in answers] == [200, 404]
