"""Lists that come in pages, and services that page strangely."""

from typing import Any

import httpx
import pytest

from tests.doubles import FakeClock
from tests.pulls.scripted import Query, Script, ScriptedPlane, answered
from tm_exporter.observation import Outcome, Reason
from tm_exporter.pulls.pages import (
    LONGEST_TOKEN,
    MOST_PAGES,
    PAGE_SIZE,
    Listing,
    Paging,
    read_pages,
)
from tm_exporter.pulls.reading import Reading
from tm_exporter.wire.payloads import ShapeError


ROUTE = "/v1/activities"
Rows = tuple[int, ...] | None


def _number(row: Any, where: str) -> int:
    if not isinstance(row, int):
        raise ShapeError(f"{where} is no number")
    return row


async def read(
    script: Script, paging: Paging = "numbered", *, may_be_bare: bool = False
) -> tuple[Rows, Outcome, list[Query]]:
    """Read a list of numbers; return it, the outcome, and what was asked."""
    plane: Any = ScriptedPlane(script)
    reading = Reading(plane, 20.0, FakeClock())
    listing = Listing(
        ROUTE,
        ("items", "data"),
        _number,
        paging,
        {"action": "x"},
        may_be_bare=may_be_bare,
    )
    rows = await read_pages(reading, listing)
    return rows, reading.outcome(), [query for _, query in plane.asked]


def numbered(count: int, per_page: int = PAGE_SIZE, **members: Any) -> Script:
    """Return a service with so many items, that many on a page."""

    def script(_: str, query: Query) -> Any:
        start = (int(query.get("page", 1)) - 1) * per_page
        return {"items": list(range(count))[start : start + per_page], **members}

    return script


@pytest.mark.parametrize(
    ("members", "size"),
    [
        pytest.param({"total": 250, "size": 100}, 100, id="all-said"),
        pytest.param({"total": "250"}, 100, id="total-as-text"),
        pytest.param({}, 100, id="nothing-said"),
        pytest.param({"total": 250, "size": 20}, 20, id="smaller-pages"),
        pytest.param({"total": 250}, 20, id="smaller-pages-unsaid"),
        pytest.param({"size": "20"}, 20, id="smaller-pages-without-total"),
        pytest.param({"total": None, "size": []}, 100, id="strange-numbers"),
    ],
)
async def test_numbered_pages_are_read_to_the_end(members: Any, size: int) -> None:
    """Whatever the service says of size and total, and in which form."""
    rows, outcome, asked = await read(numbered(250, size, **members))

    assert rows == tuple(range(250))
    assert outcome.verdict.passed
    assert [query.get("page") for query in asked] == [
        None,
        *(str(page) for page in range(2, len(asked) + 1)),
    ]
    assert {(query["size"], query["action"]) for query in asked} == {("100", "x")}


@pytest.mark.parametrize(
    ("count", "members", "requests"),
    [
        pytest.param(0, {}, 1, id="empty"),
        pytest.param(99, {}, 1, id="short"),
        pytest.param(100, {"total": 100}, 1, id="total-reached"),
        pytest.param(100, {}, 2, id="full-and-nothing-said"),
        pytest.param(3, {"size": 20, "total": 500}, 1, id="short-by-its-own-size"),
    ],
)
async def test_no_page_is_asked_for_beyond_the_last(
    count: int, members: Any, requests: int
) -> None:
    """Short, empty, or all that there is."""
    rows, _, asked = await read(numbered(count, **members))

    assert rows == tuple(range(count))
    assert len(asked) == requests


async def test_a_cursor_is_followed() -> None:
    """The token goes back as it came, until there is none."""
    pages = {
        "": {"items": [1], "nextPageToken": "b=/&"},
        "b=/&": {"items": [], "nextPageToken": "c"},
        "c": {"items": [2]},
    }

    rows, outcome, asked = await read(
        lambda _, query: pages[query.get("pageToken", "")], "cursor"
    )

    assert rows == (1, 2)
    assert outcome.verdict.passed
    assert len(outcome.exchanges) == 3
    assert {query["pageSize"] for query in asked} == {"100"}


async def test_a_numbered_route_may_turn_out_to_have_a_cursor() -> None:
    """Where the answer numbers nothing, its token is the only way on."""

    def script(_: str, query: Query) -> Any:
        return (
            {"items": [2]}
            if query.get("pageToken")
            else {
                "items": [1],
                "nextPageToken": "b",
            }
        )

    rows, _, _ = await read(script)

    assert rows == (1, 2)


async def test_a_token_that_repeats_is_the_end() -> None:
    """Else the reading would never end."""
    items = iter(range(1000))

    rows, outcome, asked = await read(
        lambda _, __: {"items": [next(items)], "nextPageToken": "same"}, "cursor"
    )

    assert rows == (0, 1)
    assert outcome.verdict.passed
    assert len(asked) == 2


@pytest.mark.parametrize("paging", ["numbered", "cursor"])
async def test_a_page_that_comes_again_counts_once(paging: Paging) -> None:
    """A service that does not know the parameter answers the same for ever."""
    tokens = iter(range(1000))

    rows, outcome, asked = await read(
        lambda _, __: {
            "items": list(range(100)),
            "nextPageToken": str(next(tokens)) if paging == "cursor" else "",
        },
        paging,
    )

    assert rows == tuple(range(100))
    assert outcome.verdict.passed
    assert len(asked) == 2


@pytest.mark.parametrize("paging", ["numbered", "cursor"])
async def test_a_list_without_end_is_cut(paging: Paging) -> None:
    """What is read of it is bounded."""
    count = iter(range(10_000))

    def script(_: str, __: Query) -> Any:
        token = str(next(count)) if paging == "cursor" else ""
        items = [next(count) for _ in range(100)]
        return {"items": items, "nextPageToken": token}

    rows, outcome, asked = await read(script, paging)

    assert rows is not None
    assert len(rows) == MOST_PAGES * PAGE_SIZE
    assert outcome.verdict.passed
    assert len(asked) == MOST_PAGES


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        pytest.param(answered({}, 503), Reason.OVERLOADED, id="status"),
        pytest.param(answered(b"{"), Reason.BAD_PAYLOAD, id="no-json"),
        pytest.param({"items": ["x"]}, Reason.BAD_PAYLOAD, id="shape"),
    ],
)
async def test_half_a_list_is_no_list(second: Any, reason: Reason) -> None:
    """A later page that fails fails the run."""
    first = {"items": list(range(100))}

    rows, outcome, _ = await read(
        lambda _, query: second if query.get("page") else first
    )

    assert rows is None
    assert outcome.verdict.reason is reason
    assert len(outcome.exchanges) == 2


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        pytest.param({}, (), id="left-out"),
        pytest.param({"items": None, "data": None}, (), id="null"),
        pytest.param({"data": [1]}, (1,), id="other-member"),
        pytest.param([1, 2], (1, 2), id="bare"),
    ],
)
async def test_envelopes(payload: Any, expected: Rows) -> None:
    """A list that is left out is empty; it may be the whole answer."""
    rows, _, _ = await read(lambda _, __: payload, may_be_bare=True)

    assert rows == expected


@pytest.mark.parametrize("payload", [[], 5, None, {"items": {}}, {"items": "text"}])
async def test_what_is_no_list(payload: Any) -> None:
    """Where a bare list is not expected, it is not taken."""
    rows, outcome, _ = await read(lambda _, __: payload)

    assert rows is None
    assert outcome.verdict.reason is Reason.BAD_PAYLOAD


def told_once(token: str) -> Script:
    """Return a service with a second page, of that token."""

    def script(_: str, query: Query) -> Any:
        return {"items": [1], "nextPageToken": "" if "pageToken" in query else token}

    return script


@pytest.mark.parametrize("letter", ["x", "\N{BEAR FACE}"])
async def test_a_token_that_fits_no_address_is_none(letter: str) -> None:
    """The longest that is taken can be sent."""
    token = letter * LONGEST_TOKEN

    _, good, asked = await read(told_once(token), "cursor")
    _, bad, _ = await read(told_once(token + letter), "cursor")

    assert asked[1]["pageToken"] == token
    assert str(httpx.Request("GET", "https://service.test/", params=asked[1]).url)
    assert (good.verdict.reason, bad.verdict.reason) == (None, Reason.BAD_PAYLOAD)


async def test_all_pages_share_one_timeout() -> None:
    """A list of slow pages cannot hold its slot for longer than it may."""
    clock = FakeClock()
    count = iter(range(10_000))

    def script(_: str, __: Query) -> Any:
        clock.advance(8)
        return {"items": [next(count) for _ in range(100)]}

    plane: Any = ScriptedPlane(script)
    reading = Reading(plane, 20.0, clock)
    rows = await read_pages(reading, Listing(ROUTE, ("items",), _number))

    assert rows is None
    assert reading.verdict.reason is Reason.TIMEOUT
    assert plane.timeouts == [20.0, 12.0, 4.0]
