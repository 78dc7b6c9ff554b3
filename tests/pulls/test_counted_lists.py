"""Transactions, tickets and activities: how many, by the service's own words."""

from typing import Any

import pytest

from tests.probes.test_free_probes import values
from tests.pulls.scripted import KEY, NOW, ScriptedPlane, answered, pulled
from tm_exporter.catalog import ACTIVITIES, TICKETS, TRANSACTIONS, Family
from tm_exporter.clients.client import ControlPlaneClient
from tm_exporter.observation import Reason
from tm_exporter.pulls.activities import ActivitiesPull, ActivitiesSection
from tm_exporter.pulls.tickets import TicketsPull, TicketsSection
from tm_exporter.pulls.transactions import TransactionsPull, TransactionsSection
from tm_exporter.simulator.server import Simulator


Case = tuple[Any, Any, Family, str, str]
CASES: dict[str, Case] = {
    "transactions": (
        *(TransactionsPull, TransactionsSection(), TRANSACTIONS),
        *("status", "TRANSACTION_STATUS_UNSPECIFIED"),
    ),
    "tickets": (
        *(TicketsPull, TicketsSection(), TICKETS),
        *("status", "TICKET_STATUS_UNSPECIFIED"),
    ),
    "activities": (
        *(ActivitiesPull, ActivitiesSection(), ACTIVITIES),
        *("action", "ACTION_UNSPECIFIED"),
    ),
}
every_list = pytest.mark.parametrize("name", CASES)


async def test_transactions_of_the_simulated_account(
    service: Simulator, client: ControlPlaneClient
) -> None:
    """All pages of them: 24 top-ups, one of which failed, and one charge a month."""
    service.change(page_limit=5)

    outcome = await TransactionsPull(TransactionsSection(), KEY, client).run()

    found = values(outcome, TRANSACTIONS)
    assert outcome.verdict.passed
    assert found["TRANSACTION_STATUS_FAILED",] == 1
    assert found["TRANSACTION_STATUS_SUCCEEDED",] in (24, 25)


async def test_tickets_of_the_simulated_account(
    service: Simulator, client: ControlPlaneClient
) -> None:
    """All pages of them."""
    service.change(page_limit=2)

    outcome = await TicketsPull(TicketsSection(), KEY, client).run()

    assert values(outcome, TICKETS) == {
        ("TICKET_STATUS_OPEN",): 2,
        ("TICKET_STATUS_CLOSED",): 3,
    }


async def test_activities_of_the_simulated_account(
    service: Simulator, client: ControlPlaneClient
) -> None:
    """Those of the last 24 hours, of two days that there are."""
    service.change(page_limit=5)

    outcome = await ActivitiesPull(ActivitiesSection(), KEY, client).run()

    found = values(outcome, ACTIVITIES)
    assert outcome.verdict.passed
    assert set(found) == {("model.deploy",), ("api_key.create",), ("user.login",)}
    assert 11 <= sum(found.values()) <= 12


async def test_activities_are_asked_for_by_time() -> None:
    """So the list is short, however old the account is."""
    plane: Any = ScriptedPlane(lambda _, __: {})
    await ActivitiesPull(ActivitiesSection(), KEY, plane, now=lambda: NOW).run()

    ((_, query),) = plane.asked
    assert query["startTime"] == "2026-11-21T17:30:00Z"
    assert query["endTime"] == "2026-11-22T17:30:00Z"


@every_list
async def test_words_are_passed_on_as_they_are(name: str) -> None:
    """Nobody knows all of them; the zero value of an enumeration is left out."""
    pull, section, family, field, unspecified = CASES[name]
    words = ("A", "A", 7, 7.0, "with spaces", None, "")
    rows = [{field: word} for word in words]

    outcome = await pulled(pull, section, {name: [*rows, {}]})

    assert outcome.verdict.passed
    assert values(outcome, family) == {
        ("A",): 2,
        ("7",): 2,
        ("with spaces",): 1,
        (unspecified,): 3,
    }


@every_list
async def test_nothing_is_there(name: str) -> None:
    """An empty list may be left out; then no word is known, and none is counted."""
    pull, section, *_ = CASES[name]

    outcome = await pulled(pull, section, {})

    assert outcome.verdict.passed
    assert outcome.samples == ()


@every_list
@pytest.mark.parametrize(
    "wrong", [[], {}, True, 1.5], ids=["list", "object", "boolean", "fraction"]
)
async def test_what_is_no_word(name: str, wrong: Any) -> None:
    """It is not turned into a label."""
    pull, section, _, field, _ = CASES[name]

    outcome = await pulled(pull, section, {name: [{field: wrong}]})

    assert outcome.verdict.reason is Reason.BAD_PAYLOAD
    assert outcome.samples == ()


@every_list
@pytest.mark.parametrize("status", [404, 501])
async def test_whether_the_route_may_be_missing(name: str, status: int) -> None:
    """Transactions are documented; the two others are known from use."""
    pull, section, *_ = CASES[name]

    outcome = await pulled(pull, section, answered({}, status))

    assert not outcome.verdict.passed
    assert outcome.supported == (name == "transactions")
