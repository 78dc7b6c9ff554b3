"""Whether a card is on file, and until when it is good."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.probes.test_free_probes import values
from tests.pulls.scripted import KEY, pulled
from tm_exporter.catalog import (
    BILLING_CARD_EXPIRY_TIMESTAMP_SECONDS,
    BILLING_CARD_ON_FILE,
)
from tm_exporter.clients.client import ControlPlaneClient
from tm_exporter.observation import Outcome, Reason
from tm_exporter.pulls.payment_methods import PaymentMethodsPull, PaymentMethodsSection
from tm_exporter.simulator.server import Simulator


def card(month: Any, year: Any) -> dict[str, Any]:
    """Return a card."""
    return {"expMonth": month, "expYear": year, "brand": "visa", "last4": "4242"}


def end(year: int, month: int) -> float:
    """Return a month's first moment: the end of cards of the month before."""
    return datetime(year, month, 1, tzinfo=UTC).timestamp()


async def cards(*rows: Any) -> Outcome:
    """Read the cards, in November 2026."""
    payload = {"paymentMethods": list(rows)}
    return await pulled(PaymentMethodsPull, PaymentMethodsSection(), payload)


def found(outcome: Outcome) -> tuple[float | None, float | None]:
    """Return whether a card is on file, and its end."""
    on_file = values(outcome, BILLING_CARD_ON_FILE).get(())
    return on_file, values(outcome, BILLING_CARD_EXPIRY_TIMESTAMP_SECONDS).get(())


@pytest.mark.parametrize("expired", [False, True])
async def test_the_card_of_the_simulated_account(
    service: Simulator,
    client: ControlPlaneClient,
    expired: bool,  # noqa: FBT001
) -> None:
    """Good for three years, or past its date."""
    service.change(card_expired=expired)

    outcome = await PaymentMethodsPull(PaymentMethodsSection(), KEY, client).run()

    on_file, expiry = found(outcome)
    assert on_file == (not expired)
    assert expiry is not None
    assert (expiry > service.world.now()) != expired


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([], (0, None), id="none"),
        pytest.param([card(11, 2026)], (1, end(2026, 12)), id="this-month"),
        pytest.param([card(12, 2026)], (1, end(2027, 1)), id="turn-of-the-year"),
        pytest.param([card(10, 2026)], (0, end(2026, 11)), id="last-month"),
        pytest.param([card("1", "2028")], (1, end(2028, 2)), id="text"),
        pytest.param(
            [card(1, 2029), card(3, 2027), card(1, 2020)],
            (1, end(2027, 4)),
            id="the-first-of-those-that-are-good",
        ),
        pytest.param(
            [card(1, 2020), card(3, 2025)],
            (0, end(2025, 4)),
            id="the-last-of-those-that-were",
        ),
    ],
)
async def test_cards_and_their_ends(rows: list[Any], expected: Any) -> None:
    """A card is good until the month that it names is over, in UTC."""
    assert found(await cards(*rows)) == expected


@pytest.mark.parametrize(
    "row",
    [
        card(13, 2030),
        card(0, 2030),
        card(None, 2030),
        card(5, None),
        card(5, 30),
        card(5, 1e30),
        card("May", 2030),
        card(1.5, 2030),
        card([], {}),
        {},
    ],
)
async def test_what_names_no_month_is_no_card(row: Any) -> None:
    """There are ways to pay that never end; and none of them is a fault."""
    outcome = await cards(row)

    assert outcome.verdict.passed
    assert found(outcome) == (0, None)
    assert found(await cards(row, card(1, 2028))) == (1, end(2028, 2))


async def test_what_is_no_list_of_cards() -> None:
    """Whether there is a card is unknown then."""
    outcome = await cards("visa")

    assert outcome.verdict.reason is Reason.BAD_PAYLOAD
    assert found(outcome) == (None, None)


async def test_a_list_that_is_left_out_is_empty() -> None:
    """As protobuf leaves it out."""
    outcome = await pulled(PaymentMethodsPull, PaymentMethodsSection(), {})

    assert found(outcome) == (0, None)
