"""Every kind that lets a model generate, and canaries of one's own, over sockets."""

from typing import Any

import pytest

from tests.probes.conftest import Key
from tests.probes.test_free_probes import values
from tm_exporter.catalog import (
    CANARY_CHUNK_GAP_SECONDS,
    CANARY_ITL_SECONDS,
    CANARY_OUTPUT_TOKENS_PER_SECOND,
    CANARY_STREAM_VIOLATIONS,
    CANARY_TOKENS,
    CANARY_TTFT_SECONDS,
)
from tm_exporter.clients.client import InferenceClient
from tm_exporter.config.registry import KINDS
from tm_exporter.kinds import PROBES
from tm_exporter.observation import Outcome, Probe, ProbeKey, Reason, Tokens
from tm_exporter.simulator.server import Simulator


WHOLE = ("chat", "completions", "responses")
STREAMED = ("chat_stream", "completions_stream", "responses_stream")
REASONING_MODEL = "MiniMaxAI/MiniMax-M2.5"


def probe(kind: str, key: ProbeKey, client: InferenceClient, **keys: Any) -> Probe:
    """Return a probe of a kind, configured as a file would."""
    section = KINDS[kind].model_validate(keys)
    return PROBES[type(section)](section, key, client, ())


def found(outcome: Outcome) -> set[str]:
    """Return the kinds of violation that a run shows."""
    return {labels[0] for labels in values(outcome, CANARY_STREAM_VIOLATIONS)}


@pytest.mark.parametrize("kind", WHOLE + STREAMED)
async def test_an_answer_passes_and_its_tokens_are_counted_and_charged(
    service: Simulator, client: InferenceClient, key: Key, kind: str
) -> None:
    """As the service counts and bills them, within what was declared before."""
    canary = probe(kind, key(kind), client)
    before = service.world.account.balance

    outcome = await canary.run()

    tokens = values(outcome, CANARY_TOKENS)
    (used,), (demand,) = outcome.used, canary.demands
    assert outcome.verdict.passed, outcome.verdict
    assert used == Tokens(int(tokens[("input",)]), int(tokens[("output",)]), 0)
    assert used.output == demand.worst.output == demand.expected.output
    assert used.input <= demand.worst.input
    assert service.world.account.balance < before
    assert found(outcome) == set()


@pytest.mark.parametrize("kind", STREAMED)
async def test_a_stream_is_timed_on_every_route(
    service: Simulator, client: InferenceClient, key: Key, kind: str
) -> None:
    """From the request to the first text, and from one text to the next."""
    service.change(first_token_seconds=0.1, gap_seconds=0.01, opening="at_once")

    outcome = await probe(kind, key(kind), client, max_tokens=10).run()

    (ttft,) = values(outcome, CANARY_TTFT_SECONDS).values()
    (itl,) = values(outcome, CANARY_ITL_SECONDS).values()
    assert 0.099 <= ttft < 0.2
    assert itl == pytest.approx(0.01, abs=0.005)
    assert sum(s.family is CANARY_CHUNK_GAP_SECONDS for s in outcome.samples) == 9


@pytest.mark.parametrize("kind", ["completions_stream", "responses_stream"])
@pytest.mark.parametrize(
    ("scenario", "expected", "violation"),
    [
        ("broken_stream", Reason.STREAM_TRUNCATED, "no_done"),
        ("cut_stream", Reason.STREAM_TRUNCATED, "no_done"),
        ("missing_done", Reason.STREAM_TRUNCATED, "no_done"),
        ("error_in_stream", Reason.STREAM_ERROR, "error_event"),
        ("empty_output", Reason.EMPTY_OUTPUT, "no_content"),
        ("html_error", Reason.STREAM_INVALID, "content_type"),
        ("wrong_model", Reason.WRONG_MODEL, None),
        ("outage", Reason.OVERLOADED, None),
        ("overloaded", Reason.THROTTLED, None),
        ("empty_balance", Reason.QUOTA, None),
        ("bad_key", Reason.AUTH, None),
        ("connection_reset", Reason.CONNECTION_LOST, None),
    ],
)
async def test_a_stream_that_is_not_whole_fails_on_every_route(
    service: Simulator,
    client: InferenceClient,
    key: Key,
    kind: str,
    scenario: str,
    expected: Reason,
    violation: str | None,
) -> None:
    """For the reason that it has in chat."""
    service.switch(scenario)

    outcome = await probe(kind, key(kind), client).run()

    assert outcome.verdict.reason is expected
    assert violation is None or violation in found(outcome)


@pytest.mark.parametrize("kind", WHOLE + STREAMED)
@pytest.mark.parametrize(
    ("scenario", "charged"),
    [
        ("bad_key", (Tokens(),)),
        ("overloaded", (Tokens(),)),
        ("outage", (None,)),
        ("connection_reset", (None,)),
        ("html_error", (None,)),
    ],
)
async def test_a_failed_run_is_charged_with_nothing_or_nobody_knows(
    service: Simulator,
    client: InferenceClient,
    key: Key,
    kind: str,
    scenario: str,
    charged: tuple[Tokens | None],
) -> None:
    """Nothing only where the service refused the request itself."""
    service.switch(scenario)

    outcome = await probe(kind, key(kind), client).run()

    assert outcome.used == charged


@pytest.mark.parametrize("kind", ["completions", "responses"])
@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("empty_output", Reason.EMPTY_OUTPUT),
        ("html_error", Reason.BAD_PAYLOAD),
        ("wrong_model", Reason.WRONG_MODEL),
        ("model_withdrawn", Reason.ROUTING),
        ("unreachable_backend", Reason.SERVER_ERROR),
    ],
)
async def test_a_whole_answer_that_is_none_fails_on_every_route(
    service: Simulator,
    client: InferenceClient,
    key: Key,
    kind: str,
    scenario: str,
    expected: Reason,
) -> None:
    """For the reason that it has in chat."""
    service.switch(scenario)

    outcome = await probe(kind, key(kind), client).run()

    assert outcome.verdict.reason is expected


@pytest.mark.parametrize("usage", ["chat", "responses"])
@pytest.mark.parametrize("end", ["completed", "incomplete", "done"])
@pytest.mark.parametrize("tokens", [16, 100], ids=["cut-at-its-limit", "complete"])
async def test_a_response_may_end_in_several_ways(
    service: Simulator,
    client: InferenceClient,
    key: Key,
    usage: str,
    end: str,
    tokens: int,
) -> None:
    """As vLLM ends it, as the reference has it, and with the marker of the others."""
    service.change(responses_usage=usage, responses_end=end)
    canary = probe("responses_stream", key("r"), client, max_tokens=tokens)

    outcome = await canary.run()

    assert outcome.verdict.passed, outcome.verdict
    assert found(outcome) == set()
    assert values(outcome, CANARY_TOKENS)[("output",)] <= tokens


@pytest.mark.parametrize("kind", WHOLE + STREAMED)
async def test_reasoning_alone_is_an_answer_on_every_route(
    service: Simulator, client: InferenceClient, kind: str
) -> None:
    """With few tokens many models never come to what they would say."""
    service.switch("reasoning_only")
    canary = probe(
        kind, ProbeKey("target", "serverless", kind, REASONING_MODEL), client
    )

    outcome = await canary.run()

    assert outcome.verdict.passed, outcome.verdict


async def test_a_long_prompt_is_new_and_of_its_length(
    client: InferenceClient, key: Key
) -> None:
    """The first example of the reference; the second run finds nothing cached."""
    canary = probe(
        "chat_stream",
        key("chat_long"),
        client,
        prompt_tokens=8000,
        interval="30m",
        slo={"ttft": {"objective": 0.9, "threshold": "10s"}},
    )

    outcomes = [await canary.run(), await canary.run()]

    for outcome in outcomes:
        tokens = values(outcome, CANARY_TOKENS)
        assert outcome.verdict.passed
        assert tokens[("input",)] == pytest.approx(8000, rel=0.02)
        assert tokens[("cached",)] <= 16
        assert tokens[("input",)] <= canary.demands[0].worst.input <= 2 * 8000 + 64


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("chat", {"response_format": {"type": "json_object"}}),
        ("chat_stream", {"response_format": {"type": "json_object"}}),
        ("responses", {"text": {"format": {"type": "json_object"}}}),
        ("responses_stream", {"text": {"format": {"type": "json_object"}}}),
    ],
)
async def test_json_can_be_expected_on_every_route(
    client: InferenceClient, key: Key, kind: str, body: dict[str, Any]
) -> None:
    """The second example of the reference."""
    canary = probe(kind, key(kind), client, body=body, expect={"json": True})

    assert (await canary.run()).verdict.passed


async def test_text_is_no_json(client: InferenceClient, key: Key) -> None:
    """Without the mode that the expectation is about."""
    canary = probe("chat", key("chat_json"), client, expect={"json": True})

    assert (await canary.run()).verdict.reason is Reason.ASSERTION


@pytest.mark.parametrize(
    ("kind", "nested"),
    [
        ("chat", True),
        ("chat_stream", True),
        ("responses", False),
        ("responses_stream", False),
    ],
)
async def test_a_tool_call_can_be_expected_on_every_route(
    client: InferenceClient, key: Key, kind: str, *, nested: bool
) -> None:
    """The third example of the reference; no other function will do."""
    function = {"name": "get_time", "parameters": {"type": "object", "properties": {}}}
    tool = {"function": function} if nested else function
    keys = {"body": {"tools": [{"type": "function", **tool}], "tool_choice": "auto"}}

    called = probe(kind, key(kind), client, **keys, expect={"tool_call": "get_time"})
    other = probe(kind, key(kind), client, **keys, expect={"tool_call": "get_date"})

    assert (await called.run()).verdict.passed
    assert (await other.run()).verdict.reason is Reason.ASSERTION


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("chat", {"messages": [{"role": "user", "content": "sing"}]}),
        ("completions", {"prompt": "sing"}),
        ("completions_stream", {"prompt": "sing"}),
        ("responses", {"input": "sing"}),
    ],
)
async def test_a_body_may_ask_something_else(
    client: InferenceClient, key: Key, kind: str, body: dict[str, Any]
) -> None:
    """The simulated models repeat what they are asked."""
    keys = {"max_tokens": 50, "body": body, "expect": {"regex": '"sing"'}}

    assert (await probe(kind, key(kind), client, **keys).run()).verdict.passed


async def test_a_stream_in_one_burst_is_buffered(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """What lies between its chunks was made by whoever kept them back."""
    service.switch("buffered_stream")

    outcome = await probe("chat_stream", key("chat_stream"), client).run()

    assert outcome.verdict.passed
    assert found(outcome) == {"buffered"}
    assert values(outcome, CANARY_TTFT_SECONDS)
    for family in (
        CANARY_ITL_SECONDS,
        CANARY_OUTPUT_TOKENS_PER_SECOND,
        CANARY_CHUNK_GAP_SECONDS,
    ):
        assert not values(outcome, family)


async def test_a_pause_within_a_stream_is_a_long_gap(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """Longer than the last bound of the histogram; the run passes all the same."""
    service.change(pause_seconds=2.6)

    outcome = await probe("chat_stream", key("chat_stream"), client).run()

    assert outcome.verdict.passed
    assert found(outcome) == {"long_gap"}


async def test_a_slow_drip_is_ended_at_the_timeout(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """Each event comes in time, and the answer never ends."""
    service.change(gap_seconds=0.1)
    canary = probe(
        "chat_stream",
        key("chat_stream"),
        client,
        timeout="600ms",
        idle_timeout="500ms",
        max_tokens=100,
    )

    outcome = await canary.run()

    assert outcome.verdict.reason is Reason.STREAM_STALLED
    assert outcome.used == (None,)


@pytest.mark.parametrize("kind", STREAMED)
def test_every_kind_of_violation_is_there_from_the_start(
    client: InferenceClient, key: Key, kind: str
) -> None:
    """A counter that appears with its first breach would hide that breach."""
    starts = probe(kind, key(kind), client).starts

    assert {(sample.labels, sample.value) for sample in starts} == {
        ((name,), 0)
        for name in (
            *("content_type", "invalid_event", "error_event", "no_content"),
            *("no_finish_reason", "no_done", "content_after_finish"),
            *("data_after_done", "usage_missing", "long_gap", "buffered"),
        )
    }


async def test_usage_before_the_end_is_no_final_count(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """A stream that is cut after its usage was told has used what it told."""
    service.switch("missing_done")

    outcome = await probe("chat_stream", key("chat_stream"), client).run()

    (used,) = outcome.used
    assert outcome.verdict.reason is Reason.STREAM_TRUNCATED
    assert used is not None
    assert used.output == 32
