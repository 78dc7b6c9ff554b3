"""What tokens cost, and whose list is believed."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles import FakeClock
from tests.sinks.observations import observation
from tm_exporter.budget.prices import PriceBook, Rates
from tm_exporter.facts import PriceList, TokenKind, TokenPrice
from tm_exporter.observation import Observation, ProbeKey, Tokens


PRICING = ProbeKey("account", "control_plane", "pricing")
FALLBACK = Rates.per_million(Decimal(5), Decimal(15))
CHEAP: dict[TokenKind, str] = {"input": "0.00000004", "output": "0.0000002"}


def listed(
    prices: dict[TokenKind, str],
    *,
    model: str = "m",
    currency: str = "USD",
    account: str = "account",
    plausible: bool = True,
) -> Observation:
    """Return a run that read the price list of an account."""
    rows = (
        TokenPrice(model, kind, currency, Decimal(amount))
        for kind, amount in prices.items()
    )
    seen = observation(replace(PRICING, target=account))
    facts = (PriceList(tuple(rows), is_plausible=plausible),)
    return replace(seen, outcome=replace(seen.outcome, facts=facts))


@pytest.fixture
def clock() -> FakeClock:
    """Return the clock that lists grow old by."""
    return FakeClock()


@pytest.fixture
def book(clock: FakeClock) -> PriceBook:
    """Return a book of two targets, each with an account of its own, and of a third."""
    return PriceBook(
        fallback=FALLBACK,
        payers={"eu": "account", "us": "other", "nobody's": None},
        lifetimes={"account": 10_800.0, "other": 900.0},
        clock=clock,
    )


def test_without_a_list_tokens_cost_the_fallback(book: PriceBook) -> None:
    """Cached ones as much as others."""
    assert book.rates("eu", "m") == FALLBACK
    assert FALLBACK.cached == FALLBACK.input == Decimal("0.000005")


def test_a_fresh_list_is_believed(book: PriceBook) -> None:
    """Also where it is below the fallback; the observation is left as it is."""
    seen = listed({**CHEAP, "cached": "0.00000001"})

    assert book(seen) is seen
    rates = book.rates("eu", "m")
    assert rates.input == Decimal("0.00000004")
    assert rates.output == Decimal("0.0000002")
    assert rates.cached == Decimal("0.00000001")


def test_cached_tokens_that_are_not_listed_cost_as_much_as_others(
    book: PriceBook,
) -> None:
    """A discount that nobody promised is not counted on."""
    book(listed(CHEAP))

    assert book.rates("eu", "m").cached == Decimal("0.00000004")


@pytest.mark.parametrize(
    ("target", "model"), [("us", "m"), ("nobody's", "m"), ("new", "m"), ("eu", "n")]
)
def test_prices_of_others_do_not_count(
    book: PriceBook, target: str, model: str
) -> None:
    """Neither another account's nor another model's."""
    book(listed(CHEAP))

    assert book.rates(target, model) == FALLBACK


def test_an_old_list_can_only_make_dearer(book: PriceBook, clock: FakeClock) -> None:
    """Each kind costs the larger of list and fallback, once it is out of date."""
    book(listed({"input": "0.00000004", "output": "0.00004"}))
    clock.advance(10_800)
    fresh = book.rates("eu", "m")

    clock.advance(1)

    assert fresh.input == Decimal("0.00000004")
    assert book.rates("eu", "m") == Rates(
        FALLBACK.input, Decimal("0.00004"), FALLBACK.input
    )


@pytest.mark.parametrize("doubt", [{"currency": "EUR"}, {"plausible": False}])
def test_a_list_in_doubt_can_only_make_dearer(book: PriceBook, doubt: dict) -> None:  # type: ignore[type-arg]
    """Another currency, or prices that are read in the wrong unit."""
    book(listed({"input": "0.00000004", "output": "0.00004"}, **doubt))

    rates = book.rates("eu", "m")
    assert (rates.input, rates.output) == (FALLBACK.input, Decimal("0.00004"))


def test_of_several_currencies_dollars_count(book: PriceBook) -> None:
    """In whichever order they come."""
    for currencies in (("EUR", "USD"), ("USD", "EUR")):
        both = [listed({"input": "0.00000004"}, currency=one) for one in currencies]
        prices = [p for seen in both for p in seen.outcome.facts[0].prices]  # type: ignore[attr-defined]
        facts = (PriceList(tuple(prices)),)
        book(replace(both[0], outcome=replace(both[0].outcome, facts=facts)))

        assert book.rates("eu", "m").input == Decimal("0.00000004")


def test_a_withdrawn_model_costs_the_fallback_again(book: PriceBook) -> None:
    """The newest list is the list."""
    book(listed(CHEAP))
    book(listed(CHEAP, model="n"))

    assert book.rates("eu", "m") == FALLBACK


@given(
    tokens=st.builds(
        Tokens, *[st.integers(min_value=0, max_value=10**7) for _ in range(3)]
    ),
    rates=st.builds(
        Rates,
        *[
            st.integers(min_value=0, max_value=10**9).map(
                lambda n: n * Decimal("1e-15")
            )
            for _ in range(3)
        ],
    ),
)
def test_costs_are_exact_and_never_more_than_the_most(
    tokens: Tokens, rates: Rates
) -> None:
    """Whatever is cached, and whichever price is the larger."""
    cached = min(tokens.cached, tokens.input)
    exact = (
        (tokens.input - cached) * int(rates.input.scaleb(15))
        + cached * int(rates.cached.scaleb(15))
        + tokens.output * int(rates.output.scaleb(15))
    )

    assert rates.cost(tokens).scaleb(15) == exact
    assert rates.cost(tokens) <= rates.most(tokens)
