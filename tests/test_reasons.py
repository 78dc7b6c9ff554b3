"""Every reason is explained, and says what to do next."""

import re

import pytest

from tests.verdict.answers import exchange
from tm_exporter.observation import ProbeKey, Reason
from tm_exporter.reasons import EXPLANATIONS, GENERATED, STREAMED, next_step
from tm_exporter.section import Surface


SENTENCE = re.compile(r"[A-Z][^.?!]*(?:[.](?=\S)[^.?!]*)*[.?!](?=\s|$)")


def sentences(text: str) -> int:
    """Return how many sentences a text is; 0 if it is something else."""
    found = SENTENCE.findall(text)
    return len(found) if " ".join(found) == text else 0


def test_every_reason_is_explained() -> None:
    """In the order in which a run can fail, so that the page reads well."""
    assert list(EXPLANATIONS) == list(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_an_explanation_is_one_or_two_sentences(reason: Reason) -> None:
    """It stands in a log line and in a table's cell."""
    explanation = EXPLANATIONS[reason]

    assert sentences(explanation.meaning) in (1, 2)
    assert sentences(explanation.next_step) in (1, 2)
    assert explanation.party in ("us", "service", "network", "exporter")


@pytest.mark.parametrize("surface", ["serverless", "on_demand", "control_plane"])
@pytest.mark.parametrize("reason", Reason)
def test_every_surface_has_a_next_step(surface: Surface, reason: Reason) -> None:
    """Also where no request was made, and where the service asked to wait."""
    key = ProbeKey("t", surface, "chat", "tiny")

    assert sentences(next_step(key, reason, None)) in (1, 2)
    assert sentences(next_step(key, reason, exchange(retry_after="30"))) in (1, 2)


@pytest.mark.parametrize(
    ("surface", "reason", "words"),
    [
        pytest.param(
            "control_plane",
            Reason.AUTH,
            (
                *("Control Plane token", "expired", "Refresh", "replace"),
                *("file", "command", "at most once a minute", "value", "restart"),
            ),
            id="401-control-plane",
        ),
        pytest.param(
            "control_plane",
            Reason.CONFIGURATION,
            ("Read the detail", "file", "command", "HTTPS_PROXY", "limit"),
            id="nothing-sent",
        ),
        pytest.param("serverless", Reason.AUTH, ("API key",), id="401-serverless"),
        pytest.param(
            "on_demand", Reason.AUTH, ("API key", "user_id"), id="401-on-demand"
        ),
        pytest.param(
            "on_demand",
            Reason.ROUTING,
            ("X-User-Id", "served gateway name", "Control Plane"),
            id="404-on-demand",
        ),
        pytest.param(
            "serverless", Reason.ROUTING, ("/v1/models",), id="404-serverless"
        ),
        pytest.param(
            "serverless",
            Reason.THROTTLED,
            ("First see whether it is our own traffic on this account", "wait as told"),
            id="429",
        ),
        pytest.param(
            "control_plane",
            Reason.THROTTLED,
            ("First see whether it is our own traffic on this account",),
            id="429-control-plane",
        ),
        pytest.param(
            "on_demand",
            Reason.THROTTLED,
            ("First see whether it is our own traffic", "replicas", "not shared"),
            id="429-on-demand",
        ),
        pytest.param(
            "serverless",
            Reason.STREAM_STALLED,
            ("transcript", "slow", "`timeout`", "`max_tokens`", "request id"),
            id="stalled",
        ),
        pytest.param(
            "control_plane",
            Reason.BAD_REQUEST,
            ("Check base_url", "without a path", "probes pass", "this route"),
            id="404-control-plane",
        ),
        pytest.param("serverless", Reason.QUOTA, ("balance", "top up"), id="402"),
        pytest.param("serverless", Reason.REDIRECT, ("base_url",), id="302"),
    ],
)
def test_the_next_step_fits_the_surface(
    surface: Surface, reason: Reason, words: tuple[str, ...]
) -> None:
    """The same status means another thing to do on another surface."""
    step = next_step(ProbeKey("t", surface, "chat"), reason, None)

    assert [word for word in words if word not in step] == []


def test_what_was_not_as_expected_is_to_be_corrected_or_reported() -> None:
    """To read the detail is the half of what can be done."""
    step = next_step(ProbeKey("t", "serverless", "chat", "m"), Reason.ASSERTION, None)

    assert "Read the detail" in step
    assert "or report it with the request id" in step


def test_the_model_list_has_one_thing_to_expect() -> None:
    """What other probes may expect is no advice on it."""
    key = ProbeKey("t", "serverless", "models")

    step = next_step(key, Reason.ASSERTION, None)

    assert "not on the list" in step
    assert "`models`" in step
    assert "tokenizer" not in step
    assert sentences(step) in (1, 2)


@pytest.mark.parametrize(
    ("header", "end"),
    [
        ("30", " Asked to wait 30 s."),
        (" 30 ", " Asked to wait 30 s."),
        ("Thu, 01 Jan 2026 12:00:30 GMT", "wait as told."),
        ("<script>", "wait as told."),
    ],
    ids=["seconds", "spaces", "date", "junk"],
)
def test_a_throttled_run_says_how_long_to_wait(header: str, end: str) -> None:
    """Only a number is repeated: a header may hold anything."""
    key = ProbeKey("t", "serverless", "chat")

    step = next_step(key, Reason.THROTTLED, exchange(status=429, retry_after=header))

    assert step.startswith("First see whether it is our own traffic")
    assert step.endswith(end)


def test_each_reason_can_be_given_by_some_probe() -> None:
    """But for `internal`, which the runner alone gives."""
    assert {*GENERATED, *STREAMED} == {*Reason} - {Reason.INTERNAL}
