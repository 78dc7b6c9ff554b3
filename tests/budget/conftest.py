"""A ledger in a directory of its own, on a clock that is told what to say."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.doubles import FakeClock
from tm_exporter.budget.ledger import Caps, Ledger


MakeLedger = Callable[..., Ledger]

NOV_1 = 1_793_491_200.0  # 2026-11-01T00:00:00Z, so that whole caps are there


@pytest.fixture
def clock() -> FakeClock:
    """Begin with a month."""
    return FakeClock(NOV_1)


@pytest.fixture
def make(tmp_path: Path, clock: FakeClock) -> Iterator[MakeLedger]:
    """Return a function that makes ledgers on one directory, as processes would."""
    made: list[Ledger] = []

    def one(daily: str = "1", monthly: str = "10", *, now: FakeClock = clock) -> Ledger:
        caps = Caps(Decimal(daily), Decimal(monthly))
        made.append(Ledger(tmp_path / "state", caps, now))
        return made[-1]

    yield one
    for ledger in made:
        ledger.close()


@pytest.fixture
def ledger(make: MakeLedger) -> Ledger:
    """Return a ledger of a dollar a day and ten a month, made as they begin."""
    ledger = make()
    ledger.left()
    return ledger
