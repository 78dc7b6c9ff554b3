"""The routes of the tokenizer, as one service or another speaks them."""

from typing import Any

import pytest

from tests.simulator.conftest import Post
from tm_exporter.simulator import tokenizer
from tm_exporter.simulator.messages import LONGER_TEMPLATE
from tm_exporter.simulator.server import Simulator


MESSAGES: dict[str, Any] = {"messages": [{"role": "user", "content": "Say hello."}]}


async def test_a_template_that_changes_silently_is_seen_in_usage_alone(
    sim: Simulator, post: Post
) -> None:
    """The gateway's tokenizer still counts as before; the bill does not."""
    before = (await post("/v1/chat/completions", MESSAGES)).json()
    sim.switch("template_change")

    counted = (await post("/tokenize", MESSAGES)).json()["count"]
    after = (await post("/v1/chat/completions", MESSAGES)).json()

    assert before["usage"]["prompt_tokens"] == counted
    added = len(tokenizer.encode(LONGER_TEMPLATE))
    assert after["usage"]["prompt_tokens"] == counted + added


async def test_a_longer_template_is_no_part_of_a_prompt_without_one(
    sim: Simulator, post: Post
) -> None:
    """A text completion has no template."""
    body = {"prompt": "Say hello."}
    before = (await post("/v1/completions", body)).json()["usage"]
    sim.switch("template_change")

    after = (await post("/v1/completions", body)).json()["usage"]

    assert after["prompt_tokens"] == before["prompt_tokens"]


async def test_a_vendors_tokenizer_takes_only_a_prompt(
    sim: Simulator, post: Post
) -> None:
    """It answers no more than the ids, as the vendor's own client expects."""
    sim.switch("tokenize_prompt_only")

    of_prompt = await post("/tokenize", {"prompt": "Say hello."})
    of_messages = await post("/tokenize", MESSAGES)

    assert of_prompt.json() == {"tokens": tokenizer.encode("Say hello.")}
    assert of_messages.status_code == 422


@pytest.mark.parametrize("text", ["Say hello.", "", "東京"])
async def test_a_broken_detokenizer_answers_another_text(
    sim: Simulator, post: Post, text: str
) -> None:
    """Whatever the text is."""
    sim.switch("broken_detokenize")

    answer = await post("/detokenize", {"tokens": tokenizer.encode(text)})

    assert answer.status_code == 200
    assert answer.json()["prompt"] != text
