"""The round trip through the tokenizer, and the count of the chat prompt."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles import FakeClock
from tests.probes.conftest import Key
from tests.probes.meddling import meddling
from tests.probes.test_free_probes import values
from tm_exporter.catalog import (
    TOKENIZER_PROMPT_TOKENS_DELTA,
    TOKENIZER_ROUNDTRIP_SUCCESS,
)
from tm_exporter.clients.client import InferenceClient
from tm_exporter.derivations.tokenizer_delta import TokenizerDelta
from tm_exporter.facts import PromptCounted
from tm_exporter.observation import Outcome, Reason
from tm_exporter.probes.chat import ChatProbe, ChatSection
from tm_exporter.probes.chat_stream import ChatStreamProbe, ChatStreamSection
from tm_exporter.probes.completions import CompletionsProbe, CompletionsSection
from tm_exporter.probes.tokenize import (
    ASK_AGAIN_AFTER,
    TEXT,
    TokenizeProbe,
    TokenizeSection,
    read_count,
    read_text,
)
from tm_exporter.runner import run
from tm_exporter.simulator import tokenizer
from tm_exporter.simulator.messages import LONGER_TEMPLATE
from tm_exporter.simulator.server import Simulator
from tm_exporter.wire.payloads import ShapeError


def tokenize(client: InferenceClient, key: Key, **changes: Any) -> TokenizeProbe:
    """Return the probe."""
    section = TokenizeSection(**changes.pop("section", {}))
    return TokenizeProbe(section, key("tokenize"), client, **changes)


def asked(service: Simulator) -> list[str]:
    """Return the routes that were asked for, in order."""
    return [record.path for record in service.requests]


def counts(outcome: Outcome) -> list[int]:
    """Return how many tokens the chat prompt has, as far as it was told."""
    return [fact.tokens for fact in outcome.facts if isinstance(fact, PromptCounted)]


async def test_a_text_comes_back(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """There and back, over two routes, without a token generated."""
    before = service.world.account.balance

    outcome = await tokenize(client, key).run()

    assert outcome.verdict.passed
    assert values(outcome, TOKENIZER_ROUNDTRIP_SUCCESS) == {(): 1}
    assert asked(service)[:2] == ["/tokenize", "/detokenize"]
    assert [e.url.rpartition("/")[2] for e in outcome.exchanges] == [
        "tokenize",
        "detokenize",
    ]
    assert service.world.account.balance == before


def test_the_text_has_characters_of_every_length() -> None:
    """A tokenizer that cuts within a character must put it together again."""
    assert {len(character.encode()) for character in TEXT} == {1, 2, 3, 4}
    assert len(tokenizer.encode(TEXT)) < 64


async def test_a_text_that_changed_on_its_way_is_an_assertion(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """Both routes answered well, and not together."""
    service.switch("broken_detokenize")

    outcome = await tokenize(client, key).run()

    assert outcome.verdict.reason is Reason.ASSERTION
    assert "round trip" in outcome.verdict.detail
    assert values(outcome, TOKENIZER_ROUNDTRIP_SUCCESS) == {(): 0}
    assert asked(service)[-1] == "/detokenize"


async def test_no_tokens_for_a_text_are_no_round_trip(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """An empty list is well-formed, and nothing comes back from it."""
    service.rule("/tokenize", status=200, body='{"tokens": []}')

    outcome = await tokenize(client, key).run()

    assert outcome.verdict.reason is Reason.ASSERTION
    assert values(outcome, TOKENIZER_ROUNDTRIP_SUCCESS) == {(): 0}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param({"status": 404}, Reason.ROUTING, id="no-such-route"),
        pytest.param({"status": 500}, Reason.SERVER_ERROR, id="error"),
        pytest.param({"status": 200, "body": "{}"}, Reason.BAD_PAYLOAD, id="no-text"),
        pytest.param(
            {"status": 200, "body": '{"prompt": 1}'}, Reason.BAD_PAYLOAD, id="a-number"
        ),
        pytest.param({"cut": True}, Reason.CONNECTION_LOST, id="reset"),
    ],
)
async def test_what_is_wrong_with_the_way_back_is_told(
    service: Simulator,
    client: InferenceClient,
    key: Key,
    answer: dict[str, Any],
    expected: Reason,
) -> None:
    """And nothing is said of a round trip that did not end."""
    service.rule("/detokenize", **answer)

    outcome = await tokenize(client, key).run()

    assert outcome.verdict.reason is expected
    assert outcome.exchanges[-1].url.endswith("/detokenize")
    assert values(outcome, TOKENIZER_ROUNDTRIP_SUCCESS) == {}
    assert counts(outcome) == []


async def test_every_reason_it_gives_is_announced(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """Whose series starts at zero."""
    service.switch("broken_detokenize")
    probe = tokenize(client, key)

    outcome = await probe.run()

    assert outcome.verdict.reason in probe.reasons


async def test_both_ways_share_one_timeout(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """Two slow answers are as slow for a user as one that takes the sum."""
    service.rule("/tokenize", delay_seconds=0.4)
    service.rule("/detokenize", delay_seconds=0.4)

    outcome = await tokenize(client, key, section={"timeout": "700ms"}).run()

    assert outcome.verdict.reason is Reason.TIMEOUT
    assert outcome.exchanges[-1].url.endswith("/detokenize")


async def test_the_chat_prompt_is_counted_as_usage_counts_it(
    client: InferenceClient, key: Key
) -> None:
    """Chat template included: so that a difference means something."""
    counted = await tokenize(client, key).run()
    chat = await ChatProbe(ChatSection(), key("chat"), client).run()

    (fact,) = counted.facts
    (used,) = [fact for fact in chat.facts if isinstance(fact, PromptCounted)]
    assert fact == PromptCounted(used.tokens, "tokenizer")
    assert used.by == "usage"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param('{"count": 17, "tokens": [1]}', [17], id="count"),
        pytest.param('{"tokens": [1, 2, 3]}', [3], id="tokens"),
        pytest.param('{"count": "x", "tokens": [1, 2]}', [2], id="strange-count"),
        pytest.param('{"count": 0, "tokens": []}', [], id="nothing"),
        pytest.param("{}", [], id="neither"),
        pytest.param("[]", [], id="a-list"),
        pytest.param("", [], id="empty"),
    ],
)
async def test_a_count_is_read_where_there_is_one(
    service: Simulator,
    client: InferenceClient,
    key: Key,
    body: str,
    expected: list[int],
) -> None:
    """Some services tell the ids, some only their number."""
    answer: dict[str, Any] = {
        "status": 200,
        "headers": {"content-type": "application/json"},
    }
    before_the_count = partial(service.rule, "/tokenize", body=body, **answer)
    probe = tokenize(meddling(client, {3: before_the_count}), key)

    outcome = await probe.run()

    assert outcome.verdict.passed
    assert counts(outcome) == expected


async def test_a_service_that_takes_only_a_prompt_is_well(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """The vendor documents no more than that."""
    service.switch("tokenize_prompt_only")

    outcome = await tokenize(client, key).run()

    assert outcome.verdict.passed
    assert counts(outcome) == []
    assert all(exchange.status == 200 for exchange in outcome.exchanges)


async def test_messages_that_were_refused_are_not_sent_again_for_an_hour(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """A service which cannot count them need not say so every minute."""
    service.switch("tokenize_prompt_only")
    clock = FakeClock()
    probe = tokenize(client, key, clock=clock)

    await probe.run()
    await probe.run()
    asked_twice = len(asked(service))
    clock.advance(ASK_AGAIN_AFTER)
    service.switch("healthy")
    outcome = await probe.run()

    assert asked_twice == 3 + 2
    assert len(counts(outcome)) == 1


async def test_a_count_that_did_not_come_is_asked_for_again(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """A busy service may have time the next minute; the round trip was good."""
    probe = tokenize(meddling(client, {3: partial(service.switch, "overloaded")}), key)

    busy = await probe.run()
    service.switch("healthy")
    outcome = await probe.run()

    assert busy.verdict.passed
    assert counts(busy) == []
    assert len(counts(outcome)) == 1


@pytest.mark.parametrize(
    ("probe", "section"),
    [
        pytest.param(ChatProbe, ChatSection(prompt_tokens=100), id="filler"),
        pytest.param(ChatProbe, ChatSection(body={"seed": 1}), id="body"),
        pytest.param(CompletionsProbe, CompletionsSection(), id="no-template"),
    ],
)
async def test_only_the_built_in_chat_prompt_is_compared(
    client: InferenceClient, key: Key, probe: Any, section: Any
) -> None:
    """Anything else has another length by right."""
    outcome = await probe(section, key("other"), client).run()

    assert outcome.verdict.passed
    assert counts(outcome) == []


@pytest.mark.parametrize("scenario", ["wrong_model", "no_usage"])
async def test_only_what_the_model_itself_counted_is_compared(
    service: Simulator, client: InferenceClient, key: Key, scenario: str
) -> None:
    """A failed run may be another model's, and no usage is no count."""
    service.switch(scenario)

    outcome = await ChatStreamProbe(ChatStreamSection(), key("c"), client).run()

    assert counts(outcome) == []


async def test_a_silent_change_of_the_template_shows(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """From the wire to the metric: usage counts more than the tokenizer."""
    delta = TokenizerDelta(lambda _: 120.0)
    chat = ChatStreamProbe(ChatStreamSection(), key("chat_stream"), client)
    found = []
    for scenario in ("healthy", "template_change"):
        service.switch(scenario)
        delta(await run(chat))
        seen = delta(await run(tokenize(client, key)))
        found.append(seen.value_of(TOKENIZER_PROMPT_TOKENS_DELTA))

    assert found == [0, len(tokenizer.encode(LONGER_TEMPLATE))]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize("read", [read_text, read_count])
@given(payload=JSON | st.fixed_dictionaries({"count": JSON, "prompt": JSON}))
def test_any_answer_is_read_or_refused(
    read: Callable[[Any], object], payload: Any
) -> None:
    """Nothing that a service answers is our own fault."""
    with suppress(ShapeError):
        read(payload)
