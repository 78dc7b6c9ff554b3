"""Whether it works for us, and if not, whose fault it is."""

from typing import Any

import pytest

from tests.web.statuses import MOMENT, model_status
from tm_exporter.views.board import state_of
from tm_exporter.views.overview import overview
from tm_exporter.views.status import ModelStatus, ProbeStatus, State, TargetStatus


def target(
    name: str = "eu", surface: str = "serverless", **probes: ModelStatus
) -> TargetStatus:
    """Return a target with these probes."""
    told = tuple(ProbeStatus(probe, (model,)) for probe, model in probes.items())
    return TargetStatus(name, surface, told, state=state_of(probes.values()))


def good(**changes: Any) -> ModelStatus:
    """Return a probe that passes."""
    return model_status(**changes)


def bad(reason: str = "timeout", **changes: Any) -> ModelStatus:
    """Return a probe that fails."""
    return model_status(state="failing", reason=reason, **changes)


def unknown(**changes: Any) -> ModelStatus:
    """Return a probe that nothing is known of."""
    return model_status(state="unknown", since=None, **changes)


ACCOUNT = target("account", "control_plane", balance=good(model=""))


@pytest.mark.parametrize(
    ("targets", "state", "summary"),
    [
        ([], "unknown", "Nothing is watched: no target is configured."),
        ([target(chat=good()), ACCOUNT], "ok", "Tensormesh works for us."),
        (
            [target(chat=bad()), ACCOUNT],
            "failing",
            "Tensormesh does not work for us: eu.",
        ),
        (
            [target(chat=good(), kv_cache=bad()), ACCOUNT],
            "failing",
            "Tensormesh works only in part for us: eu.",
        ),
        (
            [target(health=good(model=""), chat=bad())],
            "failing",
            "Tensormesh does not work for us: eu.",
        ),
        (
            [target(tokenize=good(), chat=bad("quota"))],
            "failing",
            "Tensormesh does not work for us: eu.",
        ),
        (
            [target(tokenize=good(), health=bad(model=""))],
            "failing",
            "Tensormesh works only in part for us: eu.",
        ),
        (
            [target("a", chat=bad()), target("b", chat=good())],
            "failing",
            "Tensormesh works only in part for us: a.",
        ),
        (
            [target(chat=good()), target("account", "control_plane", auth=bad())],
            "failing",
            "Inference works for us, the Control Plane does not: account.",
        ),
        (
            [target(chat=unknown())],
            "unknown",
            "Not known yet whether Tensormesh works for us: eu.",
        ),
        (
            [target(name, chat=bad()) for name in "abcde"],
            "failing",
            "Tensormesh does not work for us: a, b, c and 2 more.",
        ),
    ],
)
def test_one_sentence_says_how_everything_is(
    targets: list[TargetStatus], state: State, summary: str
) -> None:
    """What a user could ask for counts, not that a port answers."""
    told = overview(targets)

    assert (told.state, told.summary) == (state, summary)


@pytest.mark.parametrize(
    ("models", "state"),
    [
        ([], "unknown"),
        ([good(), unknown()], "ok"),
        ([good(model=""), unknown()], "unknown"),
        ([good(), bad(model="other"), unknown()], "failing"),
        ([good(), good(model="other")], "ok"),
        ([good(), unknown(model="other")], "unknown"),
    ],
)
def test_the_state_of_several_probes(models: list[ModelStatus], state: State) -> None:
    """A model that no probe passes for is not known to work."""
    assert state_of(models) == state


def test_failures_of_one_reason_are_one_problem() -> None:
    """With the names of all of them, and the time of the first."""
    since = MOMENT.replace(hour=9)
    failing = target(chat=bad(), chat_stream=bad(since=since), tokenize=bad("auth"))

    problems = {each.reason: each for each in overview([failing]).problems}

    assert problems["timeout"].probes == (
        "chat (openai/gpt-oss-20b)",
        "chat_stream (openai/gpt-oss-20b)",
    )
    assert problems["timeout"].since == since
    assert problems["auth"].party == "us"


@pytest.mark.parametrize(
    ("reason", "diagnosis", "party"),
    [
        ("timeout", None, "service"),
        ("timeout", "network_local", "us"),
        ("connect_failed", "network_remote", "network"),
        ("auth", "quota", "us"),
        ("routing", "edge", "service"),
        ("routing", "routing", "us"),
        ("wrong_model", "routing", "service"),
        ("server_error", "model", "service"),
        ("bad_request", "model", "us"),
        ("bad_request", "edge", "service"),
        ("internal", None, "exporter"),
    ],
)
def test_the_diagnosis_says_whose_fault_it_is(
    reason: str, diagnosis: str | None, party: str
) -> None:
    """Without one, what the reason usually means."""
    told = overview([target(chat=bad(reason, diagnosis=diagnosis))])

    assert told.party == party


def test_what_explains_the_most_comes_first() -> None:
    """And the Control Plane last: no user waits for it."""
    targets = [
        target("account", "control_plane", auth=bad("auth", diagnosis="auth")),
        target("b", chat_stream=bad("stream_stalled", diagnosis="stream")),
        target("c", chat=bad("connect_failed", diagnosis="network_local")),
    ]

    told = overview(targets)

    assert [each.target for each in told.problems] == ["c", "b", "account"]
    assert told.party == "us"
