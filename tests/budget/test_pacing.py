"""How often probes may run: the arithmetic."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.budget.ledger import Left
from tm_exporter.budget.pacing import (
    DAY,
    FULL,
    Paid,
    Until,
    lacking,
    paces,
    ranked,
    wanted_above,
)
from tm_exporter.observation import ProbeKey


PLENTY = Decimal(1000)


def paid(
    name: str,
    *,
    cost: str = "0.001",
    interval: float = 120.0,
    model: str = "m",
    target: str = "eu",
) -> Paid:
    """Return a probe whose runs all cost the same."""
    dollars = Decimal(cost)
    key = ProbeKey(target, "serverless", name, model)
    return Paid(key, interval, dollars, dollars, dollars)


def test_ranks_are_in_the_order_of_the_contract() -> None:
    """Built-in names first, then custom ones, whatever order they come in."""
    names = ("mine", "kv_cache", "completions_stream", "responses", "chat", "aaa")
    probes = [paid(name) for name in (*names, "completions", "chat_stream")]

    assert [rank.name for rank in ranked(probes)] == [
        *("chat_stream", "chat", "responses", "completions", "kv_cache"),
        *("aaa", "mine"),
    ]


def test_streams_and_their_whole_forms_are_one_rank() -> None:
    """As are all targets and models."""
    probes = [
        paid("responses", model=model, target=target)
        for model in ("m", "n")
        for target in ("eu", "us")
    ]
    (rank,) = ranked([*probes, paid("responses_stream")])

    assert len(rank.keys) == 5
    assert rank.names == ("responses", "responses_stream")


def test_a_custom_probe_is_no_built_in_one() -> None:
    """Whatever its name begins with."""
    ranks = ranked([paid("chat_long"), paid("responses_mine"), paid("kv_cache")])

    assert [rank.name for rank in ranks] == ["kv_cache", "chat_long", "responses_mine"]


def test_custom_probes_come_by_cost() -> None:
    """The cheapest to keep running first."""
    ranks = ranked(
        [
            paid("dear", cost="0.01"),
            paid("rare", cost="0.01", interval=36_000.0),
            paid("cheap", cost="0.001"),
        ]
    )

    assert [rank.name for rank in ranks] == ["rare", "cheap", "dear"]


def test_what_is_wanted_above_grows_with_rank_and_time() -> None:
    """The first wants nothing above it; a custom probe is below all others."""
    ranks = ranked([paid("chat_stream"), paid("chat"), paid("mine")])

    assert wanted_above(ranks, "chat_stream", FULL) == Left(Decimal(0), Decimal(0))
    chat = wanted_above(ranks, "chat", FULL)
    assert chat.day == Decimal("0.72") + 2 * Decimal("0.001")
    assert chat.month == 31 * Decimal("0.72") + 2 * Decimal("0.001")
    mine = wanted_above(ranks, "mine", FULL)
    assert mine.day == 2 * chat.day
    assert wanted_above(ranks, "not there yet", FULL).day == 3 * chat.day


def test_where_the_money_suffices_no_interval_stretches() -> None:
    """Day and month alike."""
    ranks = ranked([paid("chat_stream"), paid("chat")])
    left = Left(Decimal("1.45"), Decimal(45))

    assert paces(ranks, left, FULL, {}) == {"chat_stream": 1.0, "chat": 1.0}
    assert not lacking(ranks, left, FULL)


@pytest.mark.parametrize(
    ("left", "pace"),
    [
        pytest.param(Left(Decimal("0.36"), PLENTY), 2.05, id="day"),
        pytest.param(Left(PLENTY, Decimal("11.16")), 2.05, id="month"),
        pytest.param(Left(Decimal("0.36"), Decimal("7.44")), 3.05, id="the-larger"),
    ],
)
def test_what_does_not_suffice_is_spread(left: Left, pace: float) -> None:
    """Over what is left of the window, with a run to spare."""
    ranks = ranked([paid("chat_stream"), paid("chat")])

    assert paces(ranks, left, FULL, {}) == {"chat_stream": pace, "chat": 1.0}
    assert lacking(ranks, left, FULL) == {"chat"}


def test_the_least_important_starve_first() -> None:
    """One rank in the middle gets what is left over, and those below nothing."""
    names = ("chat_stream", "chat", "responses", "kv_cache", "mine")
    ranks = ranked([paid(name) for name in names])

    found = paces(ranks, Left(Decimal("1.8"), PLENTY), FULL, {})

    assert found.pop("responses") > 1.9
    assert set(found.values()) == {1.0}
    assert lacking(ranks, Left(Decimal("1.8"), PLENTY), FULL) == {"kv_cache", "mine"}


def test_probes_of_one_rank_have_one_pace() -> None:
    """Two targets share it, also where their intervals differ."""
    ranks = ranked(
        [paid("chat_stream"), paid("chat_stream", target="us", interval=240.0)]
    )

    assert paces(ranks, Left(Decimal("0.54"), PLENTY), FULL, {})["chat_stream"] > 2


def test_nothing_left_leaves_the_interval() -> None:
    """What cannot be paid is skipped, and seen to be, at its own interval."""
    ranks = ranked([paid("chat_stream")])
    for left in (Left(Decimal(0), PLENTY), Left(PLENTY, Decimal(-3))):
        assert paces(ranks, left, FULL, {"chat_stream": 5.0}) == {"chat_stream": 1.0}
        assert lacking(ranks, left, FULL) == {"chat_stream"}


def test_no_interval_stretches_beyond_a_day() -> None:
    """So that there is a run on every day, as long as there is money."""
    ranks = ranked([paid("kv_cache", cost="0.01", interval=3600.0)])
    left = Left(PLENTY, Decimal("0.10"))

    assert paces(ranks, left, FULL, {}) == {"kv_cache": DAY / 3600.0}


def test_a_pace_stays_while_it_will_do() -> None:
    """Within its room; it goes up when that is gone, and down when it is too much."""
    ranks = ranked([paid("chat_stream")])
    found = [
        paces(ranks, Left(Decimal(left), PLENTY), FULL, {"chat_stream": 2.0})
        for left in ("0.40", "0.3625", "0.35", "0.60", "0.90")
    ]

    assert [each["chat_stream"] for each in found] == [2.0, 2.0, 2.1, 1.25, 1.0]


def test_the_end_of_a_window_changes_nothing() -> None:
    """When less than an interval of it is left, noise is all that it has to say."""
    ranks = ranked([paid("chat_stream")])
    until = Until(day=200.0, month=DAY)
    left = Left(Decimal(0), PLENTY)

    assert paces(ranks, left, until, {"chat_stream": 2.0}) == {"chat_stream": 2.0}


def test_what_costs_nothing_is_never_stretched() -> None:
    """A price of zero is a price."""
    ranks = ranked([paid("chat_stream", cost="0")])

    assert paces(ranks, Left(Decimal(1), Decimal(1)), FULL, {}) == {"chat_stream": 1.0}


@pytest.mark.parametrize(
    ("moment", "day", "month"),
    [
        (datetime(2026, 12, 1, tzinfo=UTC), DAY, 31 * DAY),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), 1.0, 1.0),
        (datetime(2028, 2, 28, 12, tzinfo=UTC), DAY / 2, 1.5 * DAY),
    ],
)
def test_windows_end_with_day_and_month(
    moment: datetime, day: float, month: float
) -> None:
    """By UTC, leap years included."""
    assert Until.at(moment.timestamp()) == Until(day, month)


costs = st.decimals(min_value=0, max_value=10, places=6)
probes = st.lists(
    st.builds(
        lambda name, interval, planned, worst, model: Paid(
            ProbeKey("eu", "serverless", name, model),
            interval,
            planned,
            planned,
            planned + worst,
        ),
        st.sampled_from(["chat_stream", "chat", "kv_cache", "mine", "yours"]),
        st.floats(min_value=0.1, max_value=10 * DAY),
        costs,
        costs,
        st.sampled_from("mno"),
    ),
    max_size=8,
)
money = st.decimals(min_value=-100, max_value=1000, places=6)


@given(
    probes=probes,
    left=st.builds(Left, money, money),
    until=st.builds(
        Until,
        st.floats(min_value=0, max_value=DAY),
        st.floats(min_value=0, max_value=31 * DAY),
    ),
    now=st.floats(min_value=1, max_value=1000),
)
def test_whatever_comes_a_pace_is_a_pace(
    probes: list[Paid], left: Left, until: Until, now: float
) -> None:
    """Finite and at least 1, for every rank; setting it again changes nothing."""
    ranks = ranked(probes)
    found = paces(ranks, left, until, {rank.name: now for rank in ranks})

    assert found.keys() == {rank.name for rank in ranks}
    assert all(1 <= pace <= 10**6 for pace in found.values())
    assert paces(ranks, left, until, found) == found
