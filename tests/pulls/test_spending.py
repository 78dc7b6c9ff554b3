"""What was spent and saved, over rolling windows and by day."""

from typing import Any

import pytest

from tests.probes.test_free_probes import values
from tests.pulls.scripted import KEY, NOW, TODAY, Query, answered, pulled
from tm_exporter.catalog import (
    BILLING_CACHE_SAVING_RATIO,
    BILLING_CACHE_SAVINGS,
    BILLING_SPEND,
)
from tm_exporter.clients.client import ControlPlaneClient
from tm_exporter.facts import SpendingHistory, SpendingRead
from tm_exporter.observation import Outcome, Reason
from tm_exporter.pulls.spending import SpendingPull, SpendingSection
from tm_exporter.simulator.server import Simulator
from tm_exporter.timestamps import rfc3339


DAY = 86_400
HISTORY = "/v1/billing/spending/history"
SUMMARY = {"spend24h": {"units": "1"}, "spend7d": {"units": "5", "nanos": 500_000_000}}


def usd(units: int, currency: str = "USD") -> dict[str, Any]:
    """Return a Money message."""
    return {"currencyCode": currency, "units": str(units), "nanos": 0}


def bucket(days_ago: int, amount: Any = None, saving: Any = None) -> dict[str, Any]:
    """Return a day of the history."""
    start = rfc3339(TODAY - days_ago * DAY)
    return {"bucketStart": start, "amount": amount, "costSaving": saving}


async def spending(history: Any, summary: Any = SUMMARY) -> Outcome:
    """Read the two routes."""

    def script(path: str, _: Query) -> Any:
        return history if path == HISTORY else summary

    return await pulled(SpendingPull, SpendingSection(), script)


async def test_it_agrees_with_the_account(
    service: Simulator, client: ControlPlaneClient
) -> None:
    """The savings are those that the simulated account credited."""
    outcome = await SpendingPull(SpendingSection(), KEY, client).run()

    tallies = list(service.world.account.tallies())
    saved = sum(tally.saving for tally in tallies)
    spent = sum(tally.cost for tally in tallies)
    assert outcome.verdict.passed
    assert values(outcome, BILLING_CACHE_SAVINGS) == {("30d", "USD"): float(saved)}
    assert values(outcome, BILLING_CACHE_SAVING_RATIO) == {
        (): float(saved / (saved + spent))
    }


async def test_savings_are_those_of_thirty_days() -> None:
    """A bucket counts as long as a part of it does, however old the list is."""
    outcome = await spending(
        {
            "buckets": [
                bucket(0, usd(1), usd(1)),
                bucket(32, usd(100), usd(100)),
                bucket(30, usd(1), usd(2)),
                bucket(31, usd(100), usd(100)),
            ]
        }
    )

    assert values(outcome, BILLING_CACHE_SAVINGS) == {("30d", "USD"): 3}
    assert values(outcome, BILLING_CACHE_SAVING_RATIO) == {(): 3 / 5}


async def test_currencies_are_kept_apart() -> None:
    """There is no rate between them, so there is no ratio either."""
    outcome = await spending(
        {"buckets": [bucket(0, usd(1), usd(1)), bucket(1, usd(1), usd(2, "eur"))]}
    )

    assert values(outcome, BILLING_CACHE_SAVINGS) == {
        ("30d", "USD"): 1,
        ("30d", "EUR"): 2,
    }
    assert values(outcome, BILLING_CACHE_SAVING_RATIO) == {}


@pytest.mark.parametrize(
    ("buckets", "savings", "ratio"),
    [
        pytest.param([], {}, {}, id="no-buckets"),
        pytest.param([bucket(0, usd(4))], {}, {}, id="saving-never-given"),
        pytest.param(
            [bucket(0, usd(4)), bucket(1, usd(4), usd(2))],
            {("30d", "USD"): 2},
            {(): 0.2},
            id="saving-given-once",
        ),
        pytest.param(
            [bucket(0, usd(0), usd(0))], {("30d", "USD"): 0}, {}, id="nothing-spent"
        ),
        pytest.param(
            [bucket(0, None, usd(3))], {("30d", "USD"): 3}, {}, id="amount-never-given"
        ),
        pytest.param(
            [bucket(0, usd(4), usd(-1))], {("30d", "USD"): -1}, {}, id="negative"
        ),
        pytest.param([{"amount": usd(4), "costSaving": usd(1)}], {}, {}, id="no-time"),
    ],
)
async def test_what_is_unknown_is_absent(
    buckets: list[Any], savings: Any, ratio: Any
) -> None:
    """Zero savings would be read as a cache that does not work."""
    outcome = await spending({"buckets": buckets})

    assert outcome.verdict.passed
    assert values(outcome, BILLING_CACHE_SAVINGS) == savings
    assert values(outcome, BILLING_CACHE_SAVING_RATIO) == ratio


@pytest.mark.parametrize(
    ("history", "reason"),
    [
        pytest.param(answered({}, 404), Reason.BAD_REQUEST, id="not-there"),
        pytest.param(answered({}, 503), Reason.OVERLOADED, id="outage"),
        pytest.param({"buckets": 5}, Reason.BAD_PAYLOAD, id="shape"),
        pytest.param(
            {"buckets": [{"bucketStart": "soon"}]}, Reason.BAD_PAYLOAD, id="no-time"
        ),
    ],
)
async def test_the_windows_outlive_a_history_that_fails(
    history: Any, reason: Reason
) -> None:
    """They were read; and that something is wrong is told all the same."""
    outcome = await spending(history)

    assert outcome.verdict.reason is reason
    assert values(outcome, BILLING_SPEND) == {("24h", "USD"): 1, ("7d", "USD"): 5.5}
    assert [type(fact) for fact in outcome.facts] == [SpendingRead]


async def test_a_summary_that_fails_ends_the_run() -> None:
    """Nothing is set, so that what was known a moment ago is kept for a while."""
    outcome = await spending({"buckets": []}, answered({}, 500))

    assert outcome.verdict.reason is Reason.SERVER_ERROR
    assert (outcome.samples, outcome.facts) == ((), ())
    assert len(outcome.exchanges) == 1


async def test_the_facts() -> None:
    """Windows as they are named, and buckets in order of time."""
    outcome = await spending(
        {"buckets": [bucket(0, usd(1)), bucket(40, usd(2)), bucket(1, usd(3))]}
    )

    read, history = outcome.facts
    assert isinstance(read, SpendingRead)
    assert isinstance(history, SpendingHistory)
    assert [window for window, _ in read.windows] == ["24h", "7d"]
    assert [each.start for each in history.buckets] == [
        TODAY - 40 * DAY,
        TODAY - DAY,
        TODAY,
    ]
    assert TODAY < NOW
