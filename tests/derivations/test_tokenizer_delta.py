"""What usage counts for a prompt, against what the tokenizer counts."""

from dataclasses import replace

import pytest

from tests.doubles import FakeClock
from tests.sinks.observations import observation
from tm_exporter.catalog import TOKENIZER_PROMPT_TOKENS_DELTA
from tm_exporter.derivations.tokenizer_delta import TokenizerDelta
from tm_exporter.facts import ModelsServed, PromptCounted, VersionNamed
from tm_exporter.observation import Fact, ProbeKey
from tm_exporter.wire.payloads import ServedModel


MODEL = "openai/gpt-oss-20b"
OTHER = "google/gemma-4-31B-it"
CHAT_INTERVAL = 120.0


def key(probe: str, model: str = MODEL, target: str = "eu") -> ProbeKey:
    """Return the key of a probe."""
    return ProbeKey(target, "serverless", probe, model)


class Compared:
    """The derivation, with a clock, and with chats every two minutes."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.withdrawn: set[ProbeKey] = set()
        self.derivation = TokenizerDelta(self.interval_of, clock=self.clock)

    def interval_of(self, key: ProbeKey) -> float | None:
        """Return the interval of a probe that is scheduled."""
        return None if key in self.withdrawn else CHAT_INTERVAL

    def see(self, key: ProbeKey, *facts: Fact) -> float | None:
        """Let a run end, and return the difference that follows from it."""
        run = observation(key)
        seen = replace(run, outcome=replace(run.outcome, facts=facts))
        return self.derivation(seen).value_of(TOKENIZER_PROMPT_TOKENS_DELTA)

    def chat(self, tokens: int, key: ProbeKey = key("chat_stream")) -> None:  # noqa: B008
        """Let a chat count the prompt; only the tokenizer's runs get a difference."""
        assert self.see(key, PromptCounted(tokens, "usage")) is None

    def tokenize(self, tokens: int, key: ProbeKey = key("tokenize")) -> float | None:  # noqa: B008
        """Let the tokenizer count it."""
        return self.see(key, PromptCounted(tokens, "tokenizer"))


@pytest.fixture
def compared() -> Compared:
    """Return one that has seen nothing."""
    return Compared()


@pytest.mark.parametrize(("used", "delta"), [(17, 0), (30, 13), (15, -2)])
def test_the_difference_is_usage_minus_the_tokenizers_count(
    compared: Compared, used: int, delta: int
) -> None:
    """More than nothing: the bill counts what the tokenizer does not know."""
    compared.chat(used)

    assert compared.tokenize(17) == delta


def test_without_a_chat_there_is_no_difference(compared: Compared) -> None:
    """Unknown is absent, and not zero."""
    assert compared.tokenize(17) is None


def test_without_the_tokenizers_count_there_is_no_difference(
    compared: Compared,
) -> None:
    """A service that takes only a prompt tells none."""
    compared.chat(17)

    assert compared.see(key("tokenize")) is None


@pytest.mark.parametrize(
    "chat",
    [
        pytest.param(key("chat_stream", OTHER), id="another-model"),
        pytest.param(key("chat_stream", target="us"), id="another-target"),
    ],
)
def test_only_the_same_model_of_the_same_target_is_compared(
    compared: Compared, chat: ProbeKey
) -> None:
    """Each has a tokenizer of its own."""
    compared.chat(30, chat)

    assert compared.tokenize(17) is None


def test_the_last_chat_counts(compared: Compared) -> None:
    """Whichever probe it was of."""
    compared.chat(30)
    compared.chat(17, key("chat"))

    assert compared.tokenize(17) == 0


@pytest.mark.parametrize(("age", "known"), [(3 * CHAT_INTERVAL, True), (361.0, False)])
def test_a_chat_that_is_too_long_ago_is_forgotten(
    compared: Compared, age: float, *, known: bool
) -> None:
    """After three of its intervals nobody knows what it would count now."""
    compared.chat(30)
    compared.clock.advance(age)

    assert (compared.tokenize(17) is not None) == known


def test_a_chat_that_is_no_longer_scheduled_is_forgotten(compared: Compared) -> None:
    """Its count would stay for ever."""
    compared.chat(30)
    compared.withdrawn.add(key("chat_stream"))

    assert compared.tokenize(17) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            ModelsServed((ServedModel(MODEL, 1000),)),
            ModelsServed((ServedModel(MODEL, 2000),)),
            id="another-length",
        ),
        pytest.param(
            ModelsServed((ServedModel(MODEL, 1000),)), ModelsServed(()), id="withdrawn"
        ),
        pytest.param(VersionNamed("1"), VersionNamed("2"), id="another-version"),
    ],
)
def test_what_was_counted_before_a_known_change_is_forgotten(
    compared: Compared, before: Fact, after: Fact
) -> None:
    """The count of the old model says nothing of the new one's tokenizer."""
    compared.see(key("models", ""), before)
    compared.chat(30)

    still_known = compared.tokenize(17)
    compared.see(key("models", ""), after)
    forgotten = compared.tokenize(17)
    compared.chat(17)

    assert (still_known, forgotten, compared.tokenize(17)) == (13, None, 0)


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(
            ModelsServed((ServedModel(OTHER, 5), ServedModel(MODEL, 1000))),
            id="another-model-came",
        ),
        pytest.param(VersionNamed("1"), id="same-version"),
    ],
)
def test_what_changes_nothing_forgets_nothing(compared: Compared, fact: Fact) -> None:
    """A list that is read every minute is mostly the same."""
    compared.see(key("models", ""), ModelsServed((ServedModel(MODEL, 1000),)))
    compared.see(key("version", ""), VersionNamed("1"))
    compared.chat(30)

    compared.see(key("models", ""), fact)

    assert compared.tokenize(17) == 13


def test_a_change_at_another_target_forgets_nothing(compared: Compared) -> None:
    """Their services have nothing to do with each other."""
    compared.see(key("version", "", "us"), VersionNamed("1"))
    compared.chat(30)

    compared.see(key("version", "", "us"), VersionNamed("2"))

    assert compared.tokenize(17) == 13
