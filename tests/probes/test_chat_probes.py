"""chat and chat_stream against a simulated service."""

from typing import Any

import pytest

from tests.probes.conftest import Key
from tests.probes.test_free_probes import values
from tm_exporter.catalog import (
    CANARY_CHUNK_GAP_SECONDS,
    CANARY_ITL_SECONDS,
    CANARY_LAST_TTFT_SECONDS,
    CANARY_OUTPUT_TOKENS_PER_SECOND,
    CANARY_STREAM_VIOLATIONS,
    CANARY_TOKENS,
    CANARY_TTFT_SECONDS,
)
from tm_exporter.clients.client import InferenceClient
from tm_exporter.observation import ProbeKey, Reason
from tm_exporter.probes.chat import ChatProbe, ChatSection
from tm_exporter.probes.chat_stream import ChatStreamProbe, ChatStreamSection
from tm_exporter.probes.expectation import Expectation, unmet
from tm_exporter.probes.generation import merged
from tm_exporter.runner import run
from tm_exporter.simulator.server import Simulator
from tm_exporter.verdict import MOST_PARTS
from tm_exporter.wire.payloads import Completion


REASONING_MODEL = "MiniMaxAI/MiniMax-M2.5"
LISTS = f"[{'[],' * MOST_PARTS}[]]"


def chat(client: InferenceClient, key: Key, **section: Any) -> ChatProbe:
    """Return a chat probe."""
    return ChatProbe(ChatSection(**section), key("chat"), client)


def stream(client: InferenceClient, key: Key, **section: Any) -> ChatStreamProbe:
    """Return a streaming chat probe."""
    return ChatStreamProbe(ChatStreamSection(**section), key("chat_stream"), client)


async def test_a_whole_answer_passes_and_its_tokens_are_counted(
    client: InferenceClient, key: Key
) -> None:
    """The output is what we allowed: the model is told to use all of it."""
    outcome = await chat(client, key, max_tokens=7).run()

    tokens = values(outcome, CANARY_TOKENS)
    assert outcome.verdict.passed
    assert tokens[("output",)] == 7
    assert 0 < tokens[("input",)] <= 64


async def test_what_is_not_reported_is_no_sample(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """Cached tokens that nobody reported are not zero cached tokens."""
    service.switch("cache_untold")

    outcome = await chat(client, key).run()

    assert ("cached",) not in values(outcome, CANARY_TOKENS)


async def test_a_stream_is_timed(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """The first token came when the service says that it sent it."""
    service.change(first_token_seconds=0.2, gap_seconds=0.02, cache=False)

    outcome = await stream(client, key, max_tokens=10).run()

    sent = service.requests[-1].sent
    truth = sent[1] - service.requests[-1].started
    (ttft,) = values(outcome, CANARY_TTFT_SECONDS).values()
    assert outcome.verdict.passed
    assert ttft == pytest.approx(truth, abs=0.02)
    assert ttft >= 0.199
    assert values(outcome, CANARY_LAST_TTFT_SECONDS) == {(): ttft}
    (itl,) = values(outcome, CANARY_ITL_SECONDS).values()
    assert itl == pytest.approx(0.02, abs=0.005)
    assert values(outcome, CANARY_OUTPUT_TOKENS_PER_SECOND) == {
        (): pytest.approx(1 / itl)
    }
    gaps = [s for s in outcome.samples if s.family is CANARY_CHUNK_GAP_SECONDS]
    assert len(gaps) == 9


async def test_the_role_chunk_is_no_first_token(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """A chunk that only says who speaks comes before the model has thought."""
    service.change(first_token_seconds=0.2, opening="at_once", cache=False)

    outcome = await stream(client, key).run()

    (ttft,) = values(outcome, CANARY_TTFT_SECONDS).values()
    assert ttft >= 0.199


async def test_a_model_that_only_reasons_is_well(
    service: Simulator, client: InferenceClient
) -> None:
    """With few tokens it never comes to its answer; that is no outage."""
    service.switch("reasoning_only")
    probe = ChatStreamProbe(
        ChatStreamSection(),
        ProbeKey("target", "serverless", "chat_stream", REASONING_MODEL),
        client,
    )

    outcome = await probe.run()

    assert outcome.verdict.passed
    assert values(outcome, CANARY_TTFT_SECONDS)


@pytest.mark.parametrize(
    ("scenario", "expected", "violation"),
    [
        pytest.param(
            "broken_stream", Reason.STREAM_TRUNCATED, "no_done", id="cut-short"
        ),
        pytest.param(
            "missing_finish",
            Reason.STREAM_TRUNCATED,
            "no_finish_reason",
            id="no-finish-reason",
        ),
        pytest.param(
            "missing_done", Reason.STREAM_TRUNCATED, "no_done", id="no-terminator"
        ),
        pytest.param(
            "error_in_stream", Reason.STREAM_ERROR, "error_event", id="error-event"
        ),
        pytest.param("empty_output", Reason.EMPTY_OUTPUT, "no_content", id="empty"),
        pytest.param("wrong_model", Reason.WRONG_MODEL, None, id="another-model"),
        pytest.param("cut_stream", Reason.STREAM_TRUNCATED, "no_done", id="reset"),
        pytest.param("html_error", Reason.STREAM_INVALID, "content_type", id="a-page"),
        pytest.param("no_usage", None, "usage_missing", id="usage-missing-passes"),
        pytest.param("merged_usage", None, None, id="usage-in-the-last-chunk"),
    ],
)
async def test_a_stream_that_is_not_whole_fails(
    service: Simulator,
    client: InferenceClient,
    key: Key,
    scenario: str,
    expected: Reason | None,
    violation: str | None,
) -> None:
    """Status 200 and some content are not enough."""
    service.switch(scenario)

    outcome = await stream(client, key).run()

    found = {labels[0] for labels in values(outcome, CANARY_STREAM_VIOLATIONS)}
    assert outcome.verdict.reason is expected
    assert violation is None or violation in found
    assert bool(values(outcome, CANARY_TTFT_SECONDS)) == (expected is None)


async def test_the_last_ttft_is_that_of_a_failed_run_too(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """A user saw that first token; only the histogram is of runs that passed."""
    service.switch("missing_done")

    outcome = await stream(client, key).run()

    assert not outcome.verdict.passed
    assert values(outcome, CANARY_LAST_TTFT_SECONDS)
    assert not values(outcome, CANARY_TTFT_SECONDS)


async def test_a_stream_that_goes_silent_is_stalled_after_the_idle_timeout(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """Waiting for the whole timeout would tell no more."""
    service.switch("stalled_stream")

    outcome = await stream(client, key, idle_timeout="300ms").run()

    assert outcome.verdict.reason is Reason.STREAM_STALLED
    assert "0.3s" in outcome.verdict.detail


async def test_an_empty_account_is_no_outage(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """Whoever is paged must top up, and not call the service."""
    service.switch("empty_balance")

    outcome = await chat(client, key).run()

    assert outcome.verdict.reason is Reason.QUOTA


async def test_body_is_merged_over_the_request(
    client: InferenceClient, key: Key
) -> None:
    """What an operator adds counts more than what the probe would send."""
    body = {"n": 2, "temperature": 0}  # which the service refuses

    outcome = await chat(client, key, body=body).run()

    assert outcome.verdict.reason is Reason.BAD_REQUEST


async def test_json_mode_can_be_expected(client: InferenceClient, key: Key) -> None:
    """The examples of the configuration's reference work."""
    outcome = await chat(
        client,
        key,
        body={"response_format": {"type": "json_object"}},
        expect={"json": True},
    ).run()

    assert outcome.verdict.passed


async def test_an_expectation_that_does_not_hold_is_an_assertion(
    client: InferenceClient, key: Key
) -> None:
    """The answer is good; it is not what was asked for."""
    outcome = await chat(client, key, expect={"regex": "^never this$"}).run()

    assert outcome.verdict.reason is Reason.ASSERTION


async def test_a_search_without_end_costs_one_run_its_verdict(
    client: InferenceClient, key: Key
) -> None:
    """What the service was paid for stays counted, and its time is its own."""
    probe = chat(client, key, expect={"regex": r"((.|\s)+)+\0$"})

    observed = await run(probe)

    assert observed.verdict.reason is Reason.ASSERTION
    assert "too long" in observed.verdict.detail
    assert observed.outcome.used[0] is not None
    assert observed.outcome.paused > 0
    assert observed.span is not None
    assert observed.duration < observed.span.end - observed.span.start


@pytest.mark.parametrize(
    ("expect", "said", "met"),
    [
        pytest.param({"regex": "rea"}, Completion(text="ready"), True, id="found"),
        pytest.param({"regex": "^a"}, Completion(text="ready"), False, id="not-found"),
        pytest.param(
            {"regex": "rea"},
            Completion(reasoning="ready", finish_reason="length"),
            True,
            id="in-the-reasoning-when-cut-short",
        ),
        pytest.param(
            {"regex": "rea"},
            Completion(reasoning="ready", finish_reason="stop"),
            False,
            id="not-in-the-reasoning-of-a-finished-answer",
        ),
        pytest.param({"json": True}, Completion(text="[1]"), True, id="json"),
        pytest.param({"json": True}, Completion(text="[1"), False, id="no-json"),
        pytest.param({"json": True}, Completion(text=LISTS), False, id="a-json-bomb"),
        pytest.param({"json": False}, Completion(text=LISTS), False, id="and-no-json"),
        pytest.param(
            {"json": False}, Completion(text="[1]"), False, id="no-json-please"
        ),
        pytest.param(
            {"tool_call": "f"}, Completion(tool_calls=("f",)), True, id="called"
        ),
        pytest.param(
            {"tool_call": "f"},
            Completion(tool_calls=("g",)),
            False,
            id="another-called",
        ),
    ],
)
async def test_expectations(
    expect: dict[str, Any], said: Completion, *, met: bool
) -> None:
    """Each kind of expectation, met and not met."""
    assert (await unmet(Expectation(**expect), said) is None) == met


def test_merging_goes_as_deep_as_both_are_objects() -> None:
    """Adding one stream option must not lose the other."""
    base = {"a": 1, "options": {"usage": True, "deep": {"x": 1}}}

    both = merged(base, {"options": {"deep": {"y": 2}}, "b": [1]})

    assert both == {
        "a": 1,
        "options": {"usage": True, "deep": {"x": 1, "y": 2}},
        "b": [1],
    }
    assert base == {"a": 1, "options": {"usage": True, "deep": {"x": 1}}}


async def test_post_is_sent_once(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """A request that costs money is never repeated, whatever happened to it."""
    service.switch("connection_reset")

    outcome = await chat(client, key).run()

    assert outcome.verdict.reason is Reason.CONNECTION_LOST
    assert [r.path for r in service.requests].count("/v1/chat/completions") == 1
