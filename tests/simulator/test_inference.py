"""The inference surface: the shape of every route."""

import httpx
import orjson
import pytest

from tests.simulator.conftest import Post
from tm_exporter.simulator.server import Simulator


CHAT = "/v1/chat/completions"
HELLO = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 8}
TOOL = {
    "name": "get_time",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": "string", "enum": ["utc", "local"]},
            "hours": {"type": "integer"},
        },
    },
}


async def test_health_has_an_empty_body(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """So has vLLM's; a reader must not expect JSON."""
    answer = await client.get(sim.serverless_url + "/health")

    assert (answer.status_code, answer.content) == (200, b"")


async def test_version_is_told(sim: Simulator, client: httpx.AsyncClient) -> None:
    """The version is one string."""
    answer = await client.get(sim.serverless_url + "/version")

    assert answer.json() == {"version": "0.11.2"}


async def test_models_are_listed_as_vllm_does(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """Every model is there, with the length of its context."""
    answer = (await client.get(sim.serverless_url + "/v1/models")).json()

    listed = {model["id"]: model["max_model_len"] for model in answer["data"]}
    assert answer["object"] == "list"
    assert tuple(listed) == sim.models
    assert listed["openai/gpt-oss-20b"] == 131_072


async def test_every_answer_has_a_date_and_an_id_of_its_own(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """The one shows a skewed clock, the other finds a request again."""
    answers = [await client.get(sim.serverless_url + "/health") for _ in range(2)]

    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == 2
    assert all("date" in answer.headers for answer in answers)
    assert all("server" not in answer.headers for answer in answers)


async def test_chat_answers_whole(post: Post) -> None:
    """The answer, why it ended, and what was used."""
    answer = (await post("/v1/chat/completions", HELLO)).json()

    (choice,) = answer["choices"]
    assert (answer["object"], answer["model"]) == (
        "chat.completion",
        "openai/gpt-oss-20b",
    )
    assert choice["message"]["role"] == "assistant"
    assert choice["message"]["content"].startswith("A simulated")
    assert choice["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 8
    assert answer["system_fingerprint"] == "fp_simulated"


async def test_chat_ends_by_itself_without_a_bound(post: Post) -> None:
    """Then the finish reason is `stop`, and the answer repeats what was said."""
    body = {"messages": HELLO["messages"]}

    answer = (await post("/v1/chat/completions", body)).json()

    (choice,) = answer["choices"]
    assert choice["finish_reason"] == "stop"
    assert '"Say hello."' in choice["message"]["content"]


async def test_content_may_come_in_parts(post: Post) -> None:
    """They count as the text they make together."""
    parts = [{"type": "text", "text": "Say "}, {"type": "text", "text": "hello."}]
    messages = [{"role": "user", "content": parts}]

    in_parts = (await post("/tokenize", {"messages": messages})).json()
    whole = (await post("/tokenize", {"messages": HELLO["messages"]})).json()

    assert in_parts == whole


async def test_max_completion_tokens_is_an_alias(post: Post) -> None:
    """Newer clients send that name."""
    body = {"messages": HELLO["messages"], "max_completion_tokens": 3}

    answer = (await post("/v1/chat/completions", body)).json()

    assert answer["usage"]["completion_tokens"] == 3


async def test_usage_agrees_with_tokenize(post: Post) -> None:
    """The same messages have the same number of tokens on both routes."""
    chat = (await post("/v1/chat/completions", HELLO)).json()
    counted = (await post("/tokenize", {"messages": HELLO["messages"]})).json()

    assert chat["usage"]["prompt_tokens"] == counted["count"] == len(counted["tokens"])


async def test_the_answer_has_as_many_tokens_as_usage_says(post: Post) -> None:
    """The answer is counted by the same tokenizer as the prompt."""
    chat = (await post("/v1/chat/completions", {"messages": HELLO["messages"]})).json()
    text = chat["choices"][0]["message"]["content"]

    counted = (await post("/tokenize", {"prompt": text})).json()

    assert counted["count"] == chat["usage"]["completion_tokens"]


async def test_a_reasoning_model_thinks_first(sim: Simulator, post: Post) -> None:
    """With a small bound there is no content at all."""
    body = {**HELLO, "model": "MiniMaxAI/MiniMax-M2.5"}

    answer = (await post("/v1/chat/completions", body)).json()

    message = answer["choices"][0]["message"]
    assert body["model"] in sim.models
    assert message["content"] is None
    assert message["reasoning"].startswith("The user")
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens_details"] == {"reasoning_tokens": 8}


@pytest.mark.parametrize(
    "switch",
    [
        pytest.param({"reasoning_effort": "none"}, id="effort"),
        pytest.param(
            {"chat_template_kwargs": {"enable_thinking": False}}, id="template"
        ),
    ],
)
async def test_reasoning_can_be_switched_off(
    post: Post, switch: dict[str, object]
) -> None:
    """Both ways seen in the wild work."""
    body = {**HELLO, "model": "MiniMaxAI/MiniMax-M2.5", **switch}

    answer = (await post("/v1/chat/completions", body)).json()

    assert answer["choices"][0]["message"]["content"]


async def test_another_model_calls_its_reasoning_otherwise(post: Post) -> None:
    """Both spellings exist, so both can be tried."""
    body = {**HELLO, "model": "deepseek-ai/DeepSeek-V4-Flash"}

    answer = (await post("/v1/chat/completions", body)).json()

    assert answer["choices"][0]["message"]["reasoning_content"]


@pytest.mark.parametrize(
    "choice",
    [
        pytest.param({}, id="left out"),
        pytest.param({"tool_choice": "auto"}, id="auto"),
        pytest.param(
            {"tool_choice": {"type": "function", "function": {"name": "get_time"}}},
            id="named",
        ),
    ],
)
async def test_a_tool_is_called(post: Post, choice: dict[str, object]) -> None:
    """Its arguments fit the schema."""
    other = {"type": "function", "function": {"name": "get_time_not"}}
    tools = [{"type": "function", "function": TOOL}, other]

    answer = (
        await post(
            "/v1/chat/completions",
            {"messages": HELLO["messages"], "tools": tools, **choice},
        )
    ).json()

    (call,) = answer["choices"][0]["message"]["tool_calls"]
    assert answer["choices"][0]["finish_reason"] == "tool_calls"
    assert call["function"]["name"] == "get_time"
    assert orjson.loads(call["function"]["arguments"]) == {
        "city": "simulated",
        "unit": "utc",
        "hours": 1,
    }


async def test_no_tool_is_called_where_none_is_wanted(post: Post) -> None:
    """`tool_choice: none` forbids it."""
    tools = [{"type": "function", "function": TOOL}]

    answer = (
        await post(
            "/v1/chat/completions", {**HELLO, "tools": tools, "tool_choice": "none"}
        )
    ).json()

    assert answer["choices"][0]["message"]["tool_calls"] == []


async def test_json_is_answered_where_it_is_asked_for(post: Post) -> None:
    """The text is then a JSON object."""
    form = {"response_format": {"type": "json_object"}}

    answer = (
        await post("/v1/chat/completions", {"messages": HELLO["messages"], **form})
    ).json()

    assert orjson.loads(answer["choices"][0]["message"]["content"])["ok"] is True


async def test_completions_answer_whole(post: Post) -> None:
    """A prompt is a text, its tokens or a list of one text; 16 tokens are the bound."""
    by_text = (await post("/v1/completions", {"prompt": "Say hello."})).json()
    tokens = (await post("/tokenize", {"prompt": "Say hello."})).json()["tokens"]
    by_tokens = (await post("/v1/completions", {"prompt": tokens})).json()
    by_list = (await post("/v1/completions", {"prompt": ["Say hello."]})).json()

    assert by_text["object"] == "text_completion"
    assert by_text["choices"] == by_tokens["choices"] == by_list["choices"]
    assert by_text["usage"]["completion_tokens"] == 16


async def test_responses_answer_whole(post: Post) -> None:
    """Usage has the names of chat, as the service was seen to do."""
    answer = (await post("/v1/responses", {"input": "Say hello."})).json()

    (item,) = answer["output"]
    assert (answer["object"], answer["status"]) == ("response", "completed")
    assert item["content"][0]["text"].startswith("A simulated")
    assert answer["usage"]["prompt_tokens"] > 0


async def test_responses_are_incomplete_at_their_bound(post: Post) -> None:
    """And say why."""
    body = {"input": [{"role": "user", "content": "Hi"}], "max_output_tokens": 2}

    answer = (await post("/v1/responses", body)).json()

    assert answer["status"] == "incomplete"
    assert answer["incomplete_details"] == {"reason": "max_output_tokens"}


async def test_responses_can_count_with_their_own_names(
    sim: Simulator, post: Post
) -> None:
    """Both spellings are to be accepted, so both can be tried."""
    sim.change(responses_usage="responses")

    usage = (await post("/v1/responses", {"input": "Hi"})).json()["usage"]

    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


async def test_a_round_trip_through_the_tokenizer_is_exact(post: Post) -> None:
    """Tokenize, then detokenize: the same text."""
    text = "Grüße,  from\ta \N{SNOWMAN}!\n"
    tokenized = (await post("/tokenize", {"prompt": text})).json()

    back = (await post("/detokenize", {"tokens": tokenized["tokens"]})).json()

    assert back == {"prompt": text}
    assert tokenized["max_model_len"] == 131_072


async def test_tokens_can_be_shown_as_text(post: Post) -> None:
    """Only if asked for; otherwise there is null."""
    body = {"prompt": "a b", "return_token_strs": True}

    asked = (await post("/tokenize", body)).json()
    not_asked = (await post("/tokenize", {"prompt": "a b"})).json()

    assert "".join(asked["token_strs"]) == "a b"
    assert not_asked["token_strs"] is None


async def test_a_repeated_prompt_is_told_as_cached(post: Post) -> None:
    """In whole blocks, which the second request does not pay for."""
    body = {"messages": [{"role": "user", "content": "word " * 40}], "max_tokens": 1}

    usages = [(await post(CHAT, body)).json()["usage"] for _ in range(2)]

    cold, warm = (usage["prompt_tokens_details"]["cached_tokens"] for usage in usages)
    assert cold == 0
    assert 0 < warm < usages[0]["prompt_tokens"]
    assert warm % 16 == 0


@pytest.mark.parametrize(
    ("form", "told"),
    [
        pytest.param(
            "zero", {"cached_tokens": 0, "created_cache_tokens": 0}, id="zero"
        ),
        pytest.param("null", None, id="null"),
        pytest.param("absent", "missing", id="absent"),
    ],
)
async def test_cache_details_come_in_every_form(
    sim: Simulator, post: Post, form: str, told: object
) -> None:
    """Zero, null and nothing are three things to a reader."""
    sim.change(cache_details=form)

    usage = (await post(CHAT, HELLO)).json()["usage"]

    assert usage.get("prompt_tokens_details", "missing") == told


async def test_one_model_never_reports_its_cache(post: Post) -> None:
    """It says zero although it was faster."""
    message = {"role": "user", "content": "word " * 40}
    body = {"messages": [message], "model": "zai-org/GLM-5.2-NVFP4", "max_tokens": 1}
    await post(CHAT, body)

    usage = (await post(CHAT, body)).json()["usage"]

    assert usage["prompt_tokens_details"]["cached_tokens"] == 0
