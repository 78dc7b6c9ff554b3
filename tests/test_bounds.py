"""How many tokens a request can come to, and what it is charged with."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tm_exporter.exchange import Exchange
from tm_exporter.observation import Demand, ProbeKey, Tokens
from tm_exporter.probes.bounds import PROMPT, used
from tm_exporter.probes.chat import ChatProbe, ChatSection
from tm_exporter.probes.chat_stream import ChatStreamProbe, ChatStreamSection
from tm_exporter.probes.completions import CompletionsProbe, CompletionsSection
from tm_exporter.probes.generation import long_prompt
from tm_exporter.probes.responses import ResponsesProbe, ResponsesSection
from tm_exporter.probes.responses_stream import (
    ResponsesStreamProbe,
    ResponsesStreamSection,
)
from tm_exporter.simulator import tokenizer
from tm_exporter.simulator.messages import rendered
from tm_exporter.wire.payloads import Usage


KINDS: dict[str, tuple[Any, Any]] = {
    "chat": (ChatProbe, ChatSection),
    "chat_stream": (ChatStreamProbe, ChatStreamSection),
    "completions": (CompletionsProbe, CompletionsSection),
    "responses": (ResponsesProbe, ResponsesSection),
    "responses_stream": (ResponsesStreamProbe, ResponsesStreamSection),
}


def demand(kind: str, **section: Any) -> Demand:
    """Return what a run of a probe may use, which is one request."""
    probe, keys = KINDS[kind]
    (only,) = probe(
        keys(**section), ProbeKey("t", "serverless", kind, "m"), None
    ).demands
    assert isinstance(only, Demand)
    return only


@pytest.mark.parametrize(("kind", "output"), [("chat", 16), ("chat_stream", 32)])
def test_the_built_in_prompt_has_a_bound_of_its_own(kind: str, output: int) -> None:
    """The published one; an answer may be as long as its limit."""
    assert demand(kind).worst == Tokens(input=64, output=output)
    assert demand(kind).expected.output == output


@pytest.mark.parametrize("kind", ["chat", "completions", "responses"])
def test_what_is_expected_of_the_built_in_prompt_is_near_the_truth(kind: str) -> None:
    """So that the planned cost of a day is about what is paid for it."""
    messages = [{"role": "user", "content": PROMPT}]
    text = PROMPT if kind == "completions" else rendered(messages)

    truth = len(tokenizer.encode(text))

    assert abs(demand(kind).expected.input - truth) <= 5
    assert truth <= 64


def test_a_filler_prompt_is_bounded_by_its_bytes() -> None:
    """No tokenizer makes more than one token of a byte; templates add a little."""
    found = demand("chat_stream", prompt_tokens=8000)

    assert found.worst.input <= 2 * 8000 + 64
    assert found.expected.input == pytest.approx(8000, rel=0.01)


def test_a_body_counts_with_all_its_bytes() -> None:
    """Whatever it changes of the prompt, and however a template shows it."""
    messages = [{"role": "user", "content": "é" * 500}]

    found = demand("chat", body={"messages": messages})

    assert found.worst.input >= 1000 + 64
    assert 200 <= found.expected.input <= 400


def test_tools_are_part_of_the_prompt() -> None:
    """Templates show them to the model, with a text of their own around them."""
    tools: list[Any] = [{"type": "function", "function": {"name": "get_time"}}]

    found, without = demand("chat", body={"tools": tools}), demand("chat")

    assert found.worst.input > without.worst.input + 512
    assert found.expected.input > without.expected.input


@pytest.mark.parametrize(
    ("kind", "body", "output"),
    [
        ("chat", {"max_tokens": 5}, 5),
        ("chat", {"max_completion_tokens": 7}, 7),
        ("chat", {"max_completion_tokens": 7, "max_tokens": 9}, 9),
        ("chat", {"max_completion_tokens": None}, 16),
        ("chat", {"n": 3}, 48),
        ("chat", {"n": None}, 16),
        ("completions", {"n": 2, "best_of": 4}, 64),
        ("completions", {"prompt": ["a", "b", "c"], "n": 2}, 96),
        ("completions", {"prompt": [[1, 2], [3]]}, 32),
        ("completions", {"prompt": [1, 2, 3]}, 16),
        ("responses", {"max_output_tokens": 20}, 20),
        ("responses", {"max_tokens": 20}, 16),
    ],
)
def test_the_output_is_bounded_by_the_merged_request(
    kind: str, body: dict[str, Any], output: int
) -> None:
    """What `body` says of limits and numbers of answers counts."""
    assert demand(kind, body=body).worst.output == output


def test_another_name_of_the_limit_stands_alone() -> None:
    """What a service makes of two limits is not defined."""
    section = ChatSection(body={"max_completion_tokens": 7})
    probe = ChatProbe(section, ProbeKey("t", "serverless", "chat", "m"), None)  # type: ignore[arg-type]  # it is not asked

    request = probe.request("hello")

    assert request["max_completion_tokens"] == 7
    assert "max_tokens" not in request


@pytest.mark.parametrize("tokens", [1, 15, 16, 35, 36, 37, 100, 1024, 8000])
def test_a_filler_prompt_has_the_length_asked_for(tokens: int) -> None:
    """In words, which are tokens here; and never more than two bytes for each."""
    prompt = long_prompt(tokens)

    assert len(prompt.encode()) <= 2 * tokens
    assert abs(len(prompt.split()) - tokens) <= 12


def test_a_filler_prompt_is_new_every_time_from_its_beginning() -> None:
    """A cache that knew its first block would answer sooner than to users."""
    begun = {long_prompt(100)[:31] for _ in range(50)}

    assert len(begun) == 50
    assert all(long_prompt(100).endswith(PROMPT) for _ in range(3))


def seen(sent: float | None, status: int | None) -> Exchange:
    """Return an exchange that came so far."""
    return Exchange(method="POST", url="https://h/", sent=sent, status=status)


@pytest.mark.parametrize(
    ("exchange", "usage", "tokens"),
    [
        pytest.param(seen(None, None), None, Tokens(), id="never-left"),
        pytest.param(seen(1.0, 400), None, Tokens(), id="bad-request"),
        pytest.param(seen(1.0, 401), None, Tokens(), id="refused"),
        pytest.param(seen(1.0, 402), None, Tokens(), id="no-money"),
        pytest.param(seen(1.0, 429), None, Tokens(), id="throttled"),
        pytest.param(seen(1.0, 408), None, None, id="request-timeout"),
        pytest.param(seen(1.0, 425), None, None, id="too-early"),
        pytest.param(seen(1.0, 499), None, None, id="client-gone"),
        pytest.param(seen(1.0, 302), None, None, id="redirected"),
        pytest.param(seen(1.0, 500), None, None, id="failed"),
        pytest.param(seen(1.0, None), None, None, id="no-answer"),
        pytest.param(seen(1.0, 200), None, None, id="no-usage"),
        pytest.param(seen(1.0, 200), Usage(9, 4, 8), Tokens(9, 4, 8), id="counted"),
        pytest.param(seen(1.0, 200), Usage(9, 4), Tokens(9, 4, 0), id="not-cached"),
        pytest.param(seen(1.0, 200), Usage(9, 0), Tokens(9, 0, 0), id="said-nothing"),
        pytest.param(seen(1.0, 200), Usage(9, 4, 99), Tokens(9, 4, 9), id="too-cached"),
        pytest.param(seen(1.0, 200), Usage(input=9), None, id="input-only"),
        pytest.param(seen(1.0, 200), Usage(output=9), None, id="output-only"),
        pytest.param(seen(1.0, 200), Usage(0, 0), None, id="counted-nothing"),
    ],
)
def test_a_request_is_charged_with(
    exchange: Exchange, usage: Usage | None, tokens: Tokens | None
) -> None:
    """Nothing, what was counted, or nobody knows."""
    assert used(exchange, usage) == tokens


KEYS = st.sampled_from(
    ("messages", "prompt", "input", "tools", "type", "content", "n", "best_of")
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | KEYS, inner, max_size=4)
    ),
    max_leaves=10,
)
NAMES = KEYS | st.sampled_from(
    ("max_tokens", "max_completion_tokens", "max_output_tokens", "stream_options")
)


@given(kind=st.sampled_from(sorted(KINDS)), body=st.dictionaries(NAMES, JSON))
@settings(max_examples=150, deadline=None)
def test_any_body_is_bounded_or_refused(kind: str, body: dict[str, Any]) -> None:
    """What the configuration takes has a bound; nothing else raises."""
    try:
        found = demand(kind, body=body)
    except ValueError:
        return

    assert found.worst.output >= 0
    assert found.worst.input >= 64
    assert found.expected.output == found.worst.output
