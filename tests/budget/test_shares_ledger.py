"""Several ledgers, one for each shard, on days on which their number changes."""

import sqlite3
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.budget.conftest import NOV_1
from tests.budget.month import Here
from tests.doubles import FakeClock
from tm_exporter.budget.ledger import Caps, Ledger, LedgerUnusable
from tm_exporter.budget.till import Till
from tm_exporter.config.budget import caps
from tm_exporter.config.settings import Settings
from tm_exporter.observation import ProbeKey


OpenShard = Callable[..., Ledger]

_HOUR = 3600.0
_DAY = 24 * _HOUR
_KEY = ProbeKey("eu", "serverless", "chat", "gpt")


@pytest.fixture
def shard(tmp_path: Path, clock: FakeClock) -> Iterator[OpenShard]:
    """Return a function that opens the ledger of a shard, of $6 a day and $60."""
    made: list[Ledger] = []

    def one(index: int, total: int) -> Ledger:
        each = Caps(Decimal(6) / total, Decimal(60) / total, total)
        made.append(Ledger(tmp_path / f"shard-{index}", each, clock))
        made[-1].left()
        return made[-1]

    yield one
    for ledger in made:
        ledger.close()


def _pass(clock: FakeClock, until: float, *ledgers: Ledger) -> None:
    """Let time pass, while the ledgers are looked at."""
    while clock() < until:
        clock.advance(min(600.0, until - clock()))
        for ledger in ledgers:
            ledger.left()


def _spend(ledger: Ledger, dollars: str) -> bool:
    reservation = ledger.reserve(_KEY, Decimal(dollars))
    if reservation is not None:
        ledger.settle(reservation, Decimal(dollars))
    return reservation is not None


_TINY = Decimal("1e-12")


def test_new_shards_begin_with_the_next_day(shard: OpenShard, clock: FakeClock) -> None:
    """Until then they say why there is no money."""
    clock.advance(22 * _HOUR)
    ledgers = [shard(index, 3) for index in range(3)]
    for ledger in ledgers:
        assert ledger.left().day == 0
        assert "no money until 2026-11-02 00:00 UTC" in ledger.left().withheld
        assert not _spend(ledger, "0")

    _pass(clock, NOV_1 + _DAY, *ledgers)

    for ledger in ledgers:
        day, month = Decimal(2) - 3 * _TINY, Decimal(58) - 3 * 2 * _TINY
        assert day <= 3 * ledger.left().day <= 2
        assert month <= 3 * ledger.left().month <= 58
        assert ledger.left().withheld == ""
        assert _spend(ledger, "0.5")


def test_one_that_becomes_several_gives_nothing_back(
    shard: OpenShard, clock: FakeClock
) -> None:
    """What it spent alone stays spent; the new ones wait."""
    alone = shard(0, 1)
    clock.advance(22 * _HOUR)
    assert _spend(alone, "3.5")
    alone.close()

    first, second = shard(0, 2), shard(1, 2)

    assert first.left().day == 1 - Decimal("3.5")  # of the month, what came in
    assert second.left().day == 0
    _pass(clock, NOV_1 + _DAY, first, second)
    assert first.left().day == 2 - Decimal("3.5")
    assert second.left().day == 1


def test_fewer_shards_have_more_from_the_next_day_on(
    shard: OpenShard, clock: FakeClock
) -> None:
    """The one that is gone may have spent its part by then."""
    clock.advance(22 * _HOUR)
    _pass(clock, NOV_1 + _DAY, shard(0, 3))
    assert "1/3 of the caps until 2026-11-03 00:00 UTC" in shard(0, 2).left().withheld

    clock.advance(22 * _HOUR)
    _pass(clock, NOV_1 + 2 * _DAY, ledger := shard(0, 2))

    assert ledger.left().withheld == ""
    assert ledger.left().day > 1


def test_a_restart_changes_nothing(shard: OpenShard, clock: FakeClock) -> None:
    """What was seen is in the file."""
    clock.advance(22 * _HOUR)
    _pass(clock, NOV_1 + _DAY, before := shard(1, 2))
    left = before.left()
    before.close()

    assert shard(1, 2).left() == left


def test_a_lost_disk_waits_for_the_next_day(
    shard: OpenShard, clock: FakeClock, tmp_path: Path
) -> None:
    """Rather than spend again what was spent."""
    clock.advance(22 * _HOUR)
    _pass(clock, NOV_1 + _DAY, before := shard(1, 2))
    assert before.left().day > 0
    before.close()
    (tmp_path / "shard-1" / "ledger.sqlite3").unlink()

    assert shard(1, 2).left().day == 0


def test_runs_asked_for_have_a_tenth_of_the_shards_caps(
    shard: OpenShard, clock: FakeClock
) -> None:
    """A tenth of all for each would be more than one for all."""
    clock.advance(22 * _HOUR)
    _pass(clock, NOV_1 + _DAY, ledger := shard(0, 2))

    assert ledger.reserve(_KEY, Decimal("0.31"), asked=True) is None
    assert ledger.reserve(_KEY, Decimal("0.3"), asked=True) is not None


def test_a_record_that_cannot_be_read_stops_paid_runs(
    shard: OpenShard, tmp_path: Path
) -> None:
    """As everything does that is wrong with the ledger."""
    shard(0, 2).close()
    path = tmp_path / "shard-0" / "ledger.sqlite3"
    with sqlite3.connect(path) as database:
        database.execute("UPDATE shares SET record = 'rubbish'")
    database.close()

    with pytest.raises(LedgerUnusable, match="record of shares"):
        shard(0, 2)


async def test_that_money_is_withheld_is_logged_once(
    shard: OpenShard, clock: FakeClock
) -> None:
    """People must not have to guess why no paid probe runs."""
    clock.advance(22 * _HOUR)
    till = Till(lambda: shard(0, 2), Here())

    with capture_logs() as lines:
        for _ in range(3):
            await till.ask(lambda ledger: ledger.left())

    (line,) = lines
    assert line["event"] == "budget_withheld"
    assert "no money until 2026-11-02 00:00 UTC" in line["detail"]


@pytest.mark.parametrize("total", [1, 3, 7])
def test_configured_caps_add_up_to_no_more_than_the_whole(total: int) -> None:
    """To the last picodollar."""
    settings = Settings.model_construct()
    whole = caps(settings)
    shards = Settings.model_construct(
        shard=settings.shard.model_copy(update={"total": total})
    )

    each = caps(shards)

    assert whole.daily - total * _TINY < each.daily * total <= whole.daily
    assert whole.monthly - total * _TINY < each.monthly * total <= whole.monthly
