"""What is wrong with a request is told by status and in the form of vLLM."""

import httpx
import pytest

from tests.simulator.conftest import Post
from tm_exporter.simulator.server import Simulator


CHAT = "/v1/chat/completions"
HELLO = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 8}
GENERATING = [
    pytest.param("/v1/chat/completions", HELLO, id="chat"),
    pytest.param("/v1/completions", {"prompt": "Say hello."}, id="completions"),
    pytest.param("/v1/responses", {"input": "Say hello."}, id="responses"),
]


@pytest.mark.parametrize(
    ("path", "body"),
    [*GENERATING, ("/tokenize", {"prompt": "a"}), ("/detokenize", {"tokens": [1]})],
)
async def test_an_unknown_model_is_a_404(
    post: Post, path: str, body: dict[str, object]
) -> None:
    """In the words of vLLM."""
    answer = await post(path, {**body, "model": "x"})

    assert answer.status_code == 404
    assert answer.json() == {
        "error": {
            "message": "The model `x` does not exist.",
            "type": "NotFoundError",
            "param": "model",
            "code": 404,
        }
    }


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param(CHAT, {}, 422, id="no messages"),
        pytest.param(CHAT, {"messages": []}, 422, id="empty messages"),
        pytest.param(CHAT, {"messages": "hi"}, 422, id="messages are a text"),
        pytest.param(CHAT, {"messages": [{"content": "hi"}]}, 422, id="no role"),
        pytest.param(CHAT, HELLO | {"model": 1}, 422, id="model is a number"),
        pytest.param(CHAT, HELLO | {"max_tokens": "8"}, 422, id="bound is a text"),
        pytest.param(CHAT, HELLO | {"max_tokens": 0}, 400, id="bound is zero"),
        pytest.param(CHAT, HELLO | {"max_tokens": 200_000}, 400, id="too long"),
        pytest.param(CHAT, HELLO | {"n": 2, "temperature": 0}, 400, id="greedy twice"),
        pytest.param(
            CHAT,
            HELLO | {"stream_options": {"include_usage": True}},
            400,
            id="options of no stream",
        ),
        pytest.param(
            CHAT,
            HELLO | {"stream": True, "stream_options": "usage"},
            422,
            id="options are a text",
        ),
        pytest.param("/v1/completions", {}, 422, id="no prompt"),
        pytest.param("/v1/completions", {"prompt": ""}, 400, id="empty prompt"),
        pytest.param("/v1/completions", {"prompt": ["a", "b"]}, 422, id="two prompts"),
        pytest.param("/v1/responses", {}, 422, id="no input"),
        pytest.param("/v1/responses", {"input": 5}, 422, id="input is a number"),
        pytest.param("/tokenize", {}, 422, id="nothing to tokenize"),
        pytest.param("/detokenize", {"tokens": "a"}, 422, id="tokens are a text"),
        pytest.param("/detokenize", {"tokens": [-1]}, 400, id="no such token"),
    ],
)
async def test_a_wrong_request_is_refused(
    post: Post, path: str, body: dict[str, object], status: int
) -> None:
    """What is missing or of a wrong type is 422, a wrong value 400."""
    answer = await post(path, body)

    assert answer.status_code == status
    assert "detail" in answer.json() if status == 422 else "error" in answer.json()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(b"{", 400, id="not JSON"),
        pytest.param(b"[]", 422, id="not an object"),
        pytest.param(b"{}", 422, id="no model"),
    ],
)
async def test_a_body_must_be_a_json_object(
    sim: Simulator, client: httpx.AsyncClient, content: bytes, status: int
) -> None:
    """It names a model at least."""
    headers = {"authorization": f"Bearer {sim.api_key}"}

    answer = await client.post(
        sim.serverless_url + "/v1/completions", content=content, headers=headers
    )

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/v1/nothing", 404, id="no such route"),
        pytest.param("GET", "/v1/models/", 404, id="a slash too many"),
        pytest.param("DELETE", "/health", 405, id="no such method"),
    ],
)
async def test_other_routes_do_not_exist(
    sim: Simulator, client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    """Nothing is redirected."""
    answer = await client.request(method, sim.serverless_url + path)

    assert (answer.status_code, list(answer.json())) == (status, ["detail"])
