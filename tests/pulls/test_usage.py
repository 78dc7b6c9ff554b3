"""Tokens and requests by model, of the day by UTC."""

from typing import Any

import pytest

from tests.probes.test_free_probes import values
from tests.pulls.scripted import KEY, NOW, TODAY, ScriptedPlane, answered, pulled
from tm_exporter.catalog import USAGE_TODAY_REQUESTS, USAGE_TODAY_TOKENS
from tm_exporter.clients.client import ControlPlaneClient
from tm_exporter.facts import UsageRead, UsageRow
from tm_exporter.observation import Outcome, Reason
from tm_exporter.pulls.usage import UsagePull, UsageSection
from tm_exporter.simulator.served import SERVERLESS_MODELS
from tm_exporter.simulator.server import Simulator
from tm_exporter.timestamps import rfc3339


DAY = 86_400


def row(days_ago: int = 0, model: str = "a", **counts: Any) -> dict[str, Any]:
    """Return what a model was used for on a day."""
    return {
        "bucketStart": rfc3339(TODAY - days_ago * DAY),
        "modelId": model,
        "inputTokens": "100",
        "outputTokens": "20",
        "cachedTokens": "16",
        "requestCount": "3",
    } | counts


async def usage(payload: Any) -> Outcome:
    """Read the use."""
    return await pulled(UsagePull, UsageSection(), payload)


async def test_the_use_of_today_by_model(
    service: Simulator, client: ControlPlaneClient
) -> None:
    """What was billed since midnight is shown, and nothing of the month before."""
    model = SERVERLESS_MODELS[0]
    service.world.account.charge(model, prompt=100, output=7, cached=64, factor=1)

    outcome = await UsagePull(UsageSection(), KEY, client).run()

    midnight = service.world.now() // DAY * DAY
    tallies = service.world.account.tallies()
    today = [t for t in tallies if t.model == model.name and t.start >= midnight]
    tokens = values(outcome, USAGE_TODAY_TOKENS)
    assert outcome.verdict.passed
    assert tokens[model.name, "input"] == sum(tally.input for tally in today) >= 100
    assert tokens[model.name, "output"] == sum(tally.output for tally in today)
    assert tokens[model.name, "cached"] == sum(tally.cached for tally in today)
    requests = values(outcome, USAGE_TODAY_REQUESTS)
    assert requests[model.name,] == sum(tally.requests for tally in today)


async def test_whole_days_are_asked_for() -> None:
    """Today and more than a month before, so that every closed month is whole."""
    plane: Any = ScriptedPlane(lambda _, __: {})
    await UsagePull(UsageSection(), KEY, plane, now=lambda: NOW).run()

    assert plane.asked == [
        (
            "/v1/billing/serverless-usage/history",
            {
                "bucket": "USAGE_BUCKET_DAY",
                "startTime": "2026-10-19T00:00:00Z",
                "endTime": "2026-11-23T00:00:00Z",
            },
        )
    ]


async def test_rows_of_one_model_are_added_up() -> None:
    """A model may have more than one row in a bucket."""
    outcome = await usage(
        {"rows": [row(), row(inputTokens=5), row(model="b", inputTokens="0"), row(1)]}
    )

    assert values(outcome, USAGE_TODAY_TOKENS) == {
        ("a", "input"): 105,
        ("a", "output"): 40,
        ("a", "cached"): 32,
        ("b", "input"): 0,
        ("b", "output"): 20,
        ("b", "cached"): 16,
    }
    assert values(outcome, USAGE_TODAY_REQUESTS) == {("a",): 6, ("b",): 3}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("18446744073709551615", 2**64 - 1, id="greatest"),
        pytest.param(7, 7, id="number"),
        pytest.param(7.0, 7, id="whole-float"),
        pytest.param(None, 0, id="null"),
        pytest.param("", 0, id="empty"),
    ],
)
async def test_forms_of_a_count(value: Any, expected: int) -> None:
    """64-bit integers come as strings, and zeros may be left out."""
    outcome = await usage({"rows": [row(requestCount=value)]})

    assert values(outcome, USAGE_TODAY_REQUESTS) == {("a",): float(expected)}


@pytest.mark.parametrize(
    "payload",
    [
        {"rows": [row(inputTokens="18446744073709551616")]},
        {"rows": [row(inputTokens="-1")]},
        {"rows": [row(inputTokens=1.5)]},
        {"rows": [row(inputTokens="NaN")]},
        {"rows": [row(inputTokens=True)]},
        {"rows": [row(bucketStart="soon")]},
        {"rows": [row(modelId=5)]},
        {"rows": [5]},
        {"rows": {}},
        [],
    ],
)
async def test_what_is_no_use(payload: Any) -> None:
    """An answer that cannot be read is one of a service that speaks otherwise."""
    outcome = await usage(payload)

    assert (outcome.verdict.reason, outcome.supported) == (Reason.BAD_PAYLOAD, False)
    assert outcome.samples == ()


@pytest.mark.parametrize(
    ("status", "reason", "supported"),
    [
        pytest.param(404, Reason.BAD_REQUEST, False, id="not-there"),
        pytest.param(501, Reason.SERVER_ERROR, False, id="not-implemented"),
        pytest.param(500, Reason.SERVER_ERROR, True, id="broken"),
        pytest.param(429, Reason.THROTTLED, True, id="throttled"),
        pytest.param(401, Reason.AUTH, True, id="token"),
    ],
)
async def test_a_route_that_may_not_be_there(
    status: int,
    reason: Reason,
    supported: bool,  # noqa: FBT001
) -> None:
    """Only its absence says that it is not supported."""
    outcome = await usage(answered({}, status))

    assert (outcome.verdict.reason, outcome.supported) == (reason, supported)


async def test_the_fact() -> None:
    """All rows that have a day and a model, in order of time."""
    outcome = await usage(
        {"rows": [row(), row(2), row(bucketStart=None), row(model="")]}
    )

    assert outcome.facts == (
        UsageRead(
            (
                UsageRow(TODAY - 2 * DAY, "a", 100, 20, 16, 3),
                UsageRow(TODAY, "a", 100, 20, 16, 3),
            )
        ),
    )
    assert values(outcome, USAGE_TODAY_REQUESTS) == {("a",): 3}
