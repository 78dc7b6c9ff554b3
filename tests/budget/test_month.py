"""A whole month at the default configuration, on a clock that jumps."""

from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.budget.month import DAY, DECEMBER, Book, Month
from tests.doubles import FakeClock
from tm_exporter.assembly.assembly import Assembly
from tm_exporter.budget.forecast import Forecast, forecast
from tm_exporter.budget.ledger import Caps, Ledger
from tm_exporter.config.budget import caps, price_book
from tm_exporter.config.load import load
from tm_exporter.config.settings import Settings


PAID = {
    *("chat_stream", "chat", "kv_cache"),
    *("completions", "completions_stream", "responses", "responses_stream"),
}
"""The paid kinds of the default configuration."""


def configured(models: int = 1, **top: Any) -> Settings:
    """Return the default configuration of one target with so many models."""
    target = {
        "name": "serverless",
        "surface": "serverless",
        "api_key": "k",
        "models": [f"model-{number}" for number in range(models)],
    }
    overrides = {"targets": [target], **top}
    return load(file=None, environ={}, isolated=True, overrides=overrides).settings


def month(settings: Settings, start: float = DECEMBER, **changes: Any) -> Month:
    """Return a daemon of this configuration before its start, the ledger being new."""
    clock = FakeClock(start)
    probes = Assembly(tell_secret=lambda _: None).probes(settings)
    return Month(
        probes=[probe for probe in probes if probe.section.paid],
        prices=price_book(settings, clock),
        book=Book(caps(settings), clock),
        clock=clock,
        **changes,
    )


def foreseen(settings: Settings) -> Forecast:
    """Return what `check` says of a configuration."""
    probes = Assembly(tell_secret=lambda _: None).probes(settings)
    return forecast(probes, price_book(settings), caps(settings))


async def lived(made: Month, days: int = 31) -> Month:
    """Let a month pass from its start."""
    start = made.clock()
    await made.begin()
    await made.until(start + days * DAY)
    return made


def check_caps(made: Month, settings: Settings) -> None:
    """No day and no month cost more than it may."""
    most = caps(settings)
    assert max(made.book.days.values()) <= most.daily
    assert max(made.book.months.values()) <= most.monthly


def spent(made: Month) -> Decimal:
    """Return what was spent in all."""
    return sum(made.book.months.values(), Decimal(0))


def test_every_paid_kind_of_the_default_configuration_is_there() -> None:
    """What follows would prove little if one were missing."""
    settings = configured()
    probes = Assembly(tell_secret=lambda _: None).probes(settings)

    assert {probe.key.probe for probe in probes if probe.section.paid} == PAID
    assert all(probe.demands for probe in probes if probe.section.paid)


def test_the_defaults_fit_the_default_caps() -> None:
    """At the fallback price with one model, `check` has nothing to warn of."""
    expected = foreseen(configured())

    assert expected.caps == Caps(Decimal("1.00"), Decimal("31.00"))
    assert expected.warnings == ()
    assert expected.daily_usd < expected.caps.daily
    assert expected.monthly_usd < expected.caps.monthly


async def test_a_month_costs_what_check_said() -> None:
    """Every slot of every paid probe is paid for, from the first day to the last."""
    settings = configured()

    made = await lived(month(settings))

    check_caps(made, settings)
    assert len(made.runs) == 31
    assert all(ran.keys() >= PAID for ran in made.runs.values())
    assert not made.counted.skips
    assert not made.moves.total()
    said = foreseen(settings).monthly_usd
    assert abs(spent(made) - said) <= said / 10
    assert made.cost == spent(made)


@pytest.mark.parametrize("models", [2, 5])
async def test_more_models_than_money_are_asked_less_often(models: int) -> None:
    """To the last of each day, and the least important probes go first."""
    settings = configured(models)

    made = await lived(month(settings))

    check_caps(made, settings)
    runs = [ran["chat_stream"] for ran in made.runs.values()]
    assert len(runs) == 31
    assert min(runs) >= 0.9 * min(720 * models, 1500)
    assert spent(made) >= Decimal("0.95") * 31
    assert made.skipped("kv_cache") > 30 * 24 * models
    assert made.skipped("chat_stream") == 0
    assert made.moves[made.probes[0].key] <= 31  # a grid that always moves is none


@pytest.mark.parametrize("models", [2, 5])
async def test_all_models_of_a_rank_are_asked_equally_often(models: int) -> None:
    """They share one fate."""
    made = await lived(month(configured(models)), days=3)

    runs = [
        made.counted.slots[key] - made.counted.skips.total()
        for key in made.counted.slots
        if key.probe == "chat_stream"
    ]
    assert max(runs) - min(runs) <= 6


async def test_a_price_ten_times_as_high() -> None:
    """Four slots of five fall away, and none of those that are left is skipped."""
    prices = {"input": 50.0, "output": 150.0}
    settings = configured(canary_budget={"fallback_price_per_million_tokens": prices})

    made = await lived(month(settings))

    check_caps(made, settings)
    assert min(ran["chat_stream"] for ran in made.runs.values()) >= 130
    assert made.skipped("chat_stream") == 0
    assert spent(made) >= Decimal("0.9") * 31


async def test_a_ledger_made_amid_a_month() -> None:
    """It has the unexpired share, and that lasts as well."""
    start = datetime(2026, 12, 16, 13, tzinfo=UTC).timestamp()
    settings = configured()

    made = await lived(month(settings, start), days=15)

    check_caps(made, settings)
    assert made.book.days["2026-12-16"] <= Decimal(11) / 24
    assert made.book.months["2026-12"] <= 31 * Decimal("15.46") / 31
    assert all(ran["chat_stream"] for ran in made.runs.values())
    assert made.skipped("chat_stream") == 0


async def test_answers_that_cost_more_than_planned() -> None:
    """The plan learns: only the least important probe runs less often."""
    settings = configured()

    made = await lived(month(settings, times=1.4))

    check_caps(made, settings)
    assert all(ran.keys() >= PAID for ran in made.runs.values())
    assert made.skipped("chat_stream") == made.skipped("chat") == 0
    assert spent(made) > foreseen(settings).monthly_usd


async def test_a_month_that_ends_gives_way_to_the_next() -> None:
    """Over midnight the intervals shrink again at once."""
    budget = {"daily_usd": 1.0, "monthly_usd": 5.0}
    made = month(configured(canary_budget=budget))

    await lived(made, days=30)
    interval = made.pacer.interval(made.probes[0])
    await made.until(DECEMBER + 32 * DAY)

    assert made.probes[0].key.probe == "chat_stream"
    assert interval > 200
    assert made.book.months["2026-12"] <= 5
    assert made.runs["2026-12-31"]["chat_stream"] > 100
    assert made.book.days["2027-01-01"] > 0


async def test_a_clock_set_back_over_midnight_does_not_spend_twice() -> None:
    """What tomorrow spent is missing today."""
    settings = configured()
    made = month(settings)
    await lived(made, days=2)
    spent_before = made.book.days["2026-12-02"]

    made.clock.seconds -= 3600.0
    for entry in made.schedule._entries.values():  # its own clock does not step
        entry.next_at -= 3600.0
    made._look_at -= 3600.0
    await made.until(DECEMBER + 3 * DAY)

    assert spent_before > 0
    check_caps(made, settings)


async def test_a_ledger_that_cannot_be_used_for_an_hour() -> None:
    """At noon nothing is paid for; an hour later everything goes on."""
    made = month(configured())
    await made.begin()
    await made.until(DECEMBER + DAY / 2)
    ran = made.runs["2026-12-01"]["chat_stream"]

    made.book.broken = True
    await made.until(DECEMBER + DAY / 2 + 3600)
    during = made.runs["2026-12-01"]["chat_stream"] - ran
    skipped = made.skipped("chat_stream")
    made.book.broken = False
    await made.until(DECEMBER + DAY)

    assert (during, skipped) == (0, 30)
    assert made.skipped("chat_stream") == 30
    assert made.runs["2026-12-01"]["chat_stream"] >= 688


async def test_the_book_of_these_tests_counts_like_the_ledger(
    tmp_path: Path,
) -> None:
    """Half an hour with each of them comes to the same."""
    settings = configured(5)
    in_memory, on_disk = month(settings), month(settings)
    with closing(Ledger(tmp_path, caps(settings), on_disk.clock)) as on_disk.book:
        for made in (in_memory, on_disk):
            await made.begin()
            await made.until(DECEMBER + DAY / 48)

        assert on_disk.cost == in_memory.cost
        assert on_disk.book.left() == in_memory.book.left()
        assert on_disk.counted.skips == in_memory.counted.skips
