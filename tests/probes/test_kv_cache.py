"""kv_cache against a simulated service, whose cache is known to the token."""

from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any

import pytest

from tests.doubles import FakeClock
from tests.probes.conftest import Key
from tests.probes.meddling import meddling
from tests.probes.test_free_probes import values
from tm_exporter.catalog import (
    CACHE_CANARY_CACHED_TOKEN_RATIO,
    CACHE_CANARY_DETAILS_AVAILABLE,
    CACHE_CANARY_PERSISTENT_CACHED_TOKEN_RATIO,
    CACHE_CANARY_TTFT_RATIO,
    CANARY_STREAM_VIOLATIONS,
    CANARY_TOKENS,
    CANARY_TTFT_SECONDS,
    Family,
)
from tm_exporter.clients.client import InferenceClient
from tm_exporter.observation import Outcome, Reason, Tokens
from tm_exporter.probes.cache_pairs import PAIRS_JUDGED
from tm_exporter.probes.kv_cache import KvCacheProbe, KvCacheSection
from tm_exporter.runner import run
from tm_exporter.simulator.kv_cache import BLOCK_TOKENS
from tm_exporter.simulator.server import Simulator


CHAT = "/v1/chat/completions"


def kv_cache(client: InferenceClient, key: Key, **section: Any) -> KvCacheProbe:
    """Return the probe, which waits for nothing long."""
    told: dict[str, Any] = {"settle": "10ms"} | section
    return KvCacheProbe(KvCacheSection(**told), key("kv_cache"), client)


def total(outcome: Outcome, family: Family, *labels: str) -> float:
    """Return what a counter grows by."""
    return sum(
        sample.value
        for sample in outcome.samples
        if (sample.family, sample.labels) == (family, labels)
    )


def input_of(outcome: Outcome, at: int) -> Tokens:
    """Return the tokens of a request, which are known."""
    tokens = outcome.used[at]
    assert tokens is not None
    return tokens


async def test_the_cached_ratio_is_exact(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """All whole blocks but what the answer starts from, and nothing of the cold."""
    outcome = await kv_cache(client, key).run()

    cold, warm = input_of(outcome, 0), input_of(outcome, 1)
    cached = (warm.input - 1) // BLOCK_TOKENS * BLOCK_TOKENS
    assert outcome.verdict.passed
    assert (cold.cached, warm.cached) == (0, cached)
    assert values(outcome, CACHE_CANARY_CACHED_TOKEN_RATIO) == {(): cached / warm.input}
    assert values(outcome, CACHE_CANARY_DETAILS_AVAILABLE) == {(): 1}
    assert [record.path for record in service.requests] == [CHAT, CHAT]


async def test_a_warm_request_is_faster(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """The ratio is of the times to first token, warm over cold."""
    service.change(first_token_seconds=0.4)

    outcome = await kv_cache(client, key).run()

    (ratio,) = values(outcome, CACHE_CANARY_TTFT_RATIO).values()
    cold, warm = service.requests
    truth = (warm.sent[1] - warm.started) / (cold.sent[1] - cold.started)
    assert ratio == pytest.approx(truth, abs=0.2)
    assert ratio < 0.7


async def test_the_prompt_is_long_enough_to_be_cached(
    client: InferenceClient, key: Key
) -> None:
    """Caches with large blocks keep nothing of a shorter one."""
    outcome = await kv_cache(client, key, prefix_tokens=2000).run()

    assert 2000 <= input_of(outcome, 0).input <= 2000 + 64
    assert input_of(outcome, 0).input == input_of(outcome, 1).input


async def test_every_run_begins_cold(client: InferenceClient, key: Key) -> None:
    """Each has a prompt of its own."""
    probe = kv_cache(client, key)

    outcomes = [await probe.run(), await probe.run()]

    assert [input_of(outcome, 0).cached for outcome in outcomes] == [0, 0]


async def test_tokens_of_both_requests_are_counted(
    client: InferenceClient, key: Key
) -> None:
    """They cost money, and are none of the other canaries' numbers."""
    outcome = await kv_cache(client, key, max_tokens=3).run()

    both = [input_of(outcome, 0), input_of(outcome, 1)]
    assert total(outcome, CANARY_TOKENS, "output") == 6
    assert total(outcome, CANARY_TOKENS, "input") == sum(t.input for t in both)
    assert total(outcome, CANARY_TOKENS, "cached") == both[1].cached
    assert values(outcome, CANARY_TTFT_SECONDS) == {}


async def test_it_says_before_what_it_may_cost(
    client: InferenceClient, key: Key
) -> None:
    """Two prompts, neither longer than announced, and about what was expected."""
    probe = kv_cache(client, key)

    outcome = await probe.run()

    assert len(probe.demands) == len(outcome.used) == 2
    for demand, tokens in zip(probe.demands, outcome.used, strict=True):
        assert tokens is not None
        assert tokens.input <= demand.worst.input
        assert tokens.output <= demand.worst.output == 8
        assert tokens.input == pytest.approx(demand.expected.input, rel=0.05)


async def test_settling_is_no_part_of_the_duration(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """It is a pause of ours, but the cache has it."""
    start = monotonic()
    seen = await run(kv_cache(client, key, settle="300ms"))
    whole = monotonic() - start

    cold, warm = service.requests
    assert cold.finished is not None
    assert warm.started - cold.finished >= 0.29
    assert seen.outcome.paused >= 0.29
    assert seen.duration <= whole - 0.29


@pytest.mark.parametrize(
    ("scenario", "ratio", "available"),
    [
        pytest.param("cache_untold", None, 0, id="no-details"),
        pytest.param("no_usage", None, 0, id="no-usage"),
        pytest.param("cache_off", 0, 1, id="nothing-cached"),
    ],
)
async def test_unknown_is_not_zero(
    service: Simulator,
    client: InferenceClient,
    key: Key,
    scenario: str,
    ratio: float | None,
    available: float,
) -> None:
    """Only a service that tells its cached tokens can tell that there are none."""
    service.switch(scenario)

    outcome = await kv_cache(client, key).run()

    known = {} if ratio is None else {(): ratio}
    assert outcome.verdict.passed
    assert values(outcome, CACHE_CANARY_CACHED_TOKEN_RATIO) == known
    assert values(outcome, CACHE_CANARY_DETAILS_AVAILABLE) == {(): available}
    assert values(outcome, CACHE_CANARY_TTFT_RATIO)


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        pytest.param("overloaded", Reason.THROTTLED, id="throttled"),
        pytest.param("missing_done", Reason.STREAM_TRUNCATED, id="truncated"),
        pytest.param("wrong_model", Reason.WRONG_MODEL, id="another-model"),
        pytest.param("hang", Reason.TIMEOUT, id="no-answer"),
    ],
)
async def test_a_cold_request_that_fails_ends_the_run(
    service: Simulator,
    client: InferenceClient,
    key: Key,
    scenario: str,
    expected: Reason,
) -> None:
    """A second one would cost as much and tell nothing."""
    service.switch(scenario)

    outcome = await kv_cache(client, key, timeout="1s").run()

    assert outcome.verdict.reason is expected
    assert len(service.requests) == len(outcome.exchanges) == len(outcome.used) == 1
    assert values(outcome, CACHE_CANARY_DETAILS_AVAILABLE) == {}


async def test_a_warm_request_that_fails_decides(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """The pair is not whole, so that nothing is said of the cache."""
    broken = meddling(client, {2: partial(service.switch, "missing_done")})
    probe = kv_cache(broken, key)

    outcome = await probe.run()

    assert outcome.verdict.reason is Reason.STREAM_TRUNCATED
    assert len(outcome.exchanges) == 2
    assert total(outcome, CANARY_STREAM_VIOLATIONS, "no_done") == 1
    assert values(outcome, CACHE_CANARY_CACHED_TOKEN_RATIO) == {}
    assert not probe.memory.pairs
    assert outcome.paused > 0


async def test_a_slow_cold_request_leaves_time_to_ask_again(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """Else the warm request would fail for want of time to connect."""
    service.change(first_token_seconds=0.97)

    outcome = await kv_cache(client, key, timeout="1s").run()

    assert outcome.verdict.reason in (Reason.TIMEOUT, Reason.STREAM_STALLED)
    assert len(outcome.exchanges) == 1


@pytest.mark.parametrize(
    ("expectation", "scenario", "expected"),
    [
        pytest.param("hit", "healthy", None, id="hit-met"),
        pytest.param("hit", "cache_off", Reason.ASSERTION, id="hit-not-met"),
        pytest.param("miss", "cache_off", None, id="miss-met"),
        pytest.param("miss", "healthy", Reason.ASSERTION, id="miss-not-met"),
        pytest.param("observe", "cache_off", None, id="observe"),
        pytest.param("hit", "cache_untold", None, id="never-without-details"),
    ],
)
async def test_the_expectation_is_judged_from_the_fifth_pair_on(
    service: Simulator,
    client: InferenceClient,
    key: Key,
    expectation: str,
    scenario: str,
    expected: Reason | None,
) -> None:
    """One pair may have met a replica that was just started."""
    service.switch(scenario)
    probe = kv_cache(client, key, expectation=expectation)

    outcomes = [await probe.run() for _ in range(PAIRS_JUDGED)]

    assert all(outcome.verdict.passed for outcome in outcomes[:-1])
    assert outcomes[-1].verdict.reason is expected
    assert values(outcomes[-1], CACHE_CANARY_DETAILS_AVAILABLE)


async def test_an_earlier_prompt_is_sent_again_after_a_long_time(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """It shows whether the cache persists; each prompt is sent again only once."""
    clock = FakeClock()
    probe = replace(
        kv_cache(client, key, warm_again_after="6h", settle="1ms"), clock=clock
    )

    first = await probe.run()
    clock.advance(5 * 3600)
    too_early = await probe.run()
    clock.advance(3600)
    in_time = await probe.run()
    at_once = await probe.run()

    assert [len(o.used) for o in (first, too_early, in_time, at_once)] == [2, 2, 3, 2]
    assert len(probe.demands) == 3
    again = input_of(in_time, 2)
    assert values(in_time, CACHE_CANARY_PERSISTENT_CACHED_TOKEN_RATIO) == {
        (): again.cached / again.input
    }
    assert again.cached > 1000
    assert not values(at_once, CACHE_CANARY_PERSISTENT_CACHED_TOKEN_RATIO)
    assert len(service.requests) == 9


async def test_a_cache_that_forgot_is_zero_and_not_unknown(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """The request passes: it is a number, and no expectation."""
    service.change(cache_seconds=0.05)
    clock = FakeClock()
    probe = replace(kv_cache(client, key, warm_again_after="1h"), clock=clock)
    await probe.run()
    clock.advance(3600)
    service.change(cache=False)

    outcome = await probe.run()

    assert outcome.verdict.passed
    assert values(outcome, CACHE_CANARY_PERSISTENT_CACHED_TOKEN_RATIO) == {(): 0}


async def test_a_second_look_that_fails_decides_nothing(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """The pair was good; how long its cache persists is unknown."""
    broken = meddling(client, {5: partial(service.switch, "missing_done")})
    clock = FakeClock()
    probe = replace(kv_cache(broken, key, warm_again_after="1h"), clock=clock)
    await probe.run()
    clock.advance(3600)

    outcome = await probe.run()

    assert outcome.verdict.passed
    assert len(outcome.used) == 3
    assert values(outcome, CACHE_CANARY_CACHED_TOKEN_RATIO)
    assert not values(outcome, CACHE_CANARY_PERSISTENT_CACHED_TOKEN_RATIO)
    assert total(outcome, CANARY_STREAM_VIOLATIONS, "no_done") == 1


async def test_a_second_look_waits_for_a_run_that_has_time_for_it(
    client: InferenceClient, key: Key
) -> None:
    """It would fail for want of time to connect."""
    clock = FakeClock()
    slow = meddling(client, {4: partial(clock.advance, 55.0)})
    probe = replace(kv_cache(slow, key, warm_again_after="1h"), clock=clock)
    runs = []
    for _ in range(3):
        runs.append(await probe.run())
        clock.advance(3600)

    assert [len(outcome.used) for outcome in runs] == [2, 2, 3]
    assert all(outcome.verdict.passed for outcome in runs)


def test_without_a_second_look_no_prompt_is_remembered(
    client: InferenceClient, key: Key
) -> None:
    """Two requests are announced, then, and two are sent."""
    assert len(kv_cache(client, key).demands) == 2


def test_the_pause_fits_into_a_short_interval() -> None:
    """Where it is not written: the cold request must have the most of the time."""
    short = KvCacheSection(interval="2s")

    assert (short.timeout, short.settle) == (2.0, 0.5)
    assert KvCacheSection(interval="10s", timeout="4s").settle == 2.0
    assert KvCacheSection().every(1.0).settle == 0.25
    assert KvCacheSection(settle="1s").every(60.0).settle == 1.0


@pytest.mark.parametrize(
    ("section", "words"),
    [
        pytest.param({"prefix_tokens": 1023}, "1024", id="short-prefix"),
        pytest.param({"prompt_tokens": 2000}, "prefix_tokens", id="prompt-tokens"),
        pytest.param({"body": {"messages": []}}, "messages", id="another-prompt"),
        pytest.param({"settle": "31s"}, "half of timeout", id="long-settle"),
        pytest.param({"expectation": "maybe"}, "observe", id="unknown-expectation"),
    ],
)
def test_what_makes_no_sense_is_refused(section: dict[str, Any], words: str) -> None:
    """With the reason."""
    with pytest.raises(ValueError, match=words):
        KvCacheSection(**section)
