"""What an earlier version left behind is understood, and understands us."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.upgrade.state import left_behind, unpack
from tm_exporter.budget.caps import Caps
from tm_exporter.budget.ledger import NAME, Ledger
from tm_exporter.budget.ledger_file import LedgerFile
from tm_exporter.maintenance.notices import Notices
from tm_exporter.memory import Memory
from tm_exporter.observation import ProbeKey


CAPS = Caps(Decimal(1_000_000), Decimal(10_000_000))
KEY = ProbeKey("serverless", "serverless", "chat", "openai/gpt-oss-20b")


@pytest.fixture(params=left_behind(), ids=lambda folder: folder.name)
def golden(request: pytest.FixtureRequest) -> Path:
    """Return the folder of one version after the other."""
    folder: Path = request.param
    return folder


@pytest.fixture
def state(golden: Path, tmp_path: Path) -> Path:
    """Return a state directory as that version left it."""
    unpack(golden, tmp_path / "state")
    return tmp_path / "state"


@pytest.fixture
def ledger(state: Path) -> Iterator[Ledger]:
    """Return the ledger in it, at the time at which it was left."""
    found = Ledger(state, CAPS, lambda: latest(state))
    yield found
    found.close()


@contextmanager
def opened(state: Path) -> Iterator[sqlite3.Connection]:
    """Read the file of a ledger."""
    with (
        closing(LedgerFile(state / NAME, lambda: 0.0, patience=1)) as file,
        file.transaction() as connection,
    ):
        yield connection


def latest(state: Path) -> float:
    """Return when something was last booked."""
    with opened(state) as connection:
        (moment,) = connection.execute("SELECT latest FROM opening").fetchone()
    return float(moment)


def booked(state: Path) -> tuple[int, Decimal]:
    """Return the number of entries, and what they amount to in US dollars."""
    with opened(state) as connection:
        rows = connection.execute("SELECT count(*), sum(amount) FROM entries")
        count, total = rows.fetchone()
    return count, Decimal(total) / 10**12


def test_there_is_something_to_upgrade_from() -> None:
    """Else the rest would prove nothing."""
    assert left_behind() != []


def test_no_money_is_forgotten(ledger: Ledger, state: Path) -> None:
    """All that was booked counts, and more can be."""
    count, spent = booked(state)
    before = ledger.left()
    reserved = ledger.reserve(KEY, Decimal("0.5"))

    assert count > 10
    assert spent > 0
    assert 0 < before.day <= CAPS.daily - spent
    assert reserved is not None
    assert ledger.left().day == before.day - Decimal("0.5")


def test_costs_and_times_of_runs_are_known(ledger: Ledger) -> None:
    """So that plans go on, and nothing that was just paid for is run again."""
    assert ledger.settled(KEY) != []
    assert all(cost > 0 for cost in ledger.settled(KEY))
    assert KEY in ledger.last_run()
    assert len(ledger.last_run()) > 10


def test_what_was_remembered_is_recalled(golden: Path, state: Path) -> None:
    """Each value by its name, and a new one beside the old."""
    old = json.loads((golden / "memory.json").read_text())["values"]
    memory = Memory(state)
    memory.remember("of the new version", {"a": 1})
    memory.close()

    assert old
    assert all(Memory(state).recall(name) == value for name, value in old.items())
    assert Memory(state).recall("of the new version") == {"a": 1}


def test_maintenance_goes_on(state: Path) -> None:
    """A window is no shorter for an upgrade."""
    moment = datetime.fromtimestamp(latest(state), UTC)
    [notice] = Notices(state, now=lambda: moment).read()

    assert (notice.who, notice.why) == ("operator", "upgrade")
