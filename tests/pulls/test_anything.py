"""Whatever JSON the Control Plane answers: a verdict, no crash, nothing private."""

import asyncio
import json
import math
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pulls.private_answers import ANSWERS, MARK, marked
from tests.pulls.scripted import Query, pulled
from tm_exporter.observation import Outcome
from tm_exporter.pulls.activities import ActivitiesPull, ActivitiesSection
from tm_exporter.pulls.api_keys import ApiKeysPull, ApiKeysSection
from tm_exporter.pulls.balance import BalancePull, BalanceSection
from tm_exporter.pulls.payment_methods import PaymentMethodsPull, PaymentMethodsSection
from tm_exporter.pulls.spending import SpendingPull, SpendingSection
from tm_exporter.pulls.tickets import TicketsPull, TicketsSection
from tm_exporter.pulls.transactions import TransactionsPull, TransactionsSection
from tm_exporter.pulls.usage import UsagePull, UsageSection


PULLS: dict[str, tuple[Any, Any]] = {
    "/v1/billing/balance": (BalancePull, BalanceSection()),
    "/v1/billing/spending/summary": (SpendingPull, SpendingSection()),
    "/v1/billing/spending/history": (SpendingPull, SpendingSection()),
    "/v1/billing/transactions": (TransactionsPull, TransactionsSection()),
    "/v1/billing/serverless-usage/history": (UsagePull, UsageSection()),
    "/v1/billing/stripe/customers/payment-methods": (
        PaymentMethodsPull,
        PaymentMethodsSection(),
    ),
    "/v1/users/api-keys": (ApiKeysPull, ApiKeysSection()),
    "/v1/activities": (ActivitiesPull, ActivitiesSection()),
    "/v1/support/tickets": (TicketsPull, TicketsSection()),
}
EXPORTED = {"status", "action", "modelId", "id"}
PAGING = {"page": 1, "size": 100, "total": 1, "nextPageToken": ""}
Path = tuple[Any, ...]

every_route = pytest.mark.parametrize("route", PULLS)

NUMBERS = (
    st.integers()
    | st.floats()
    | st.sampled_from(
        [2**63, -(2**63) - 1, 2**64, 10**40, 1e308, -0.0, 1e-320, 1e22, 253402300800]
    )
)
TEXTS = st.text(max_size=20) | st.sampled_from(
    [
        *("", "0", "-1", "1e400", "NaN", "Infinity", "9" * 30, "\u0661", "\ud800"),
        *("0001-01-01T00:00:00Z", "9999-12-31T23:59:60+23:59", "2026-02-30T00:00:00Z"),
        *("USD", "usd", "\u212aES", "a" * 5000, "\0", "true", MARK),
    ]
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS | st.just(MARK),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
    ),
    max_leaves=8,
)


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the way to each value within a value, and to itself."""
    yield path
    if isinstance(value, dict):
        for name, each in value.items():
            yield from paths(each, (*path, name))
    if isinstance(value, list):
        for at, each in enumerate(value):
            yield from paths(each, (*path, at))


def put(value: Any, path: Path, new: Any) -> Any:
    """Return a copy of the value with another one at the end of the way."""
    if not path:
        return new
    copy = deepcopy(value)
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = new
    return copy


@st.composite
def changed_answers(draw: st.DrawFn, route: str) -> tuple[bytes, bool]:
    """Draw an answer with one field changed, and whether a marker may be exported."""
    answer = {**ANSWERS[route], **PAGING}
    ways = [way for way in paths(answer) if ... not in way]
    way = draw(st.sampled_from(ways))
    new = draw(ANY_JSON)
    may_show = bool(way) and way[-1] in EXPORTED and isinstance(new, str)
    # Unlike orjson, this also writes NaN and numbers without bounds.
    return json.dumps(marked(put(answer, way, new))).encode(), may_show


@every_route
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_value_in_any_field(route: str, data: st.DataObject) -> None:
    """One field is anything, the others are as they should be."""
    content, may_show = data.draw(changed_answers(route))

    outcome = _outcome(route, content)

    _check(route, outcome, may_show=may_show)


@every_route
@given(content=ANY_JSON.map(json.dumps).map(str.encode) | st.binary(max_size=40))
@settings(max_examples=80, deadline=None)
def test_any_value_as_the_answer(route: str, content: bytes) -> None:
    """It need not even be JSON."""
    _check(route, _outcome(route, content), may_show=False)


@every_route
def test_the_answers_are_good_as_they_are(route: str) -> None:
    """So what fails above fails for the one field."""
    outcome = _outcome(route, json.dumps(marked(ANSWERS[route])).encode())

    assert outcome.verdict.passed
    assert outcome.samples or outcome.facts


def _outcome(route: str, content: bytes) -> Outcome:
    pull, section = PULLS[route]

    def script(path: str, _: Query) -> Any:
        return content if path == route else marked(ANSWERS[path])

    return asyncio.run(pulled(pull, section, script))


def _check(route: str, outcome: Outcome, *, may_show: bool) -> None:
    pull, _ = PULLS[route]
    verdict = outcome.verdict
    assert verdict.passed or verdict.reason in pull.reasons
    assert MARK not in verdict.detail
    assert all(math.isfinite(sample.value) for sample in outcome.samples)
    labels = [sample.labels for sample in outcome.samples]
    assert may_show or MARK not in str(labels) + str(outcome.facts)
