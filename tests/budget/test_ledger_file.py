"""A ledger that cannot be used: it says so, harms nothing, and recovers by itself."""

import contextlib
import os
import resource
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from tests.budget.conftest import NOV_1, MakeLedger
from tests.doubles import FakeClock
from tm_exporter.budget import entries, ledger_file
from tm_exporter.budget.ledger import Caps, Ledger, LedgerUnusable, Reservation
from tm_exporter.budget.schema import MIGRATIONS
from tm_exporter.observation import ProbeKey


_KEY = ProbeKey("eu", "serverless", "chat", "gpt")
_CENT = Decimal("0.01")
_UNKNOWN = Reservation(1, _KEY, _CENT)

Uses = Mapping[str, Callable[[Ledger], object]]

_USES: Uses = {
    "reserve": lambda ledger: ledger.reserve(_KEY, _CENT),
    "settle": lambda ledger: ledger.settle(_UNKNOWN, _CENT),
    "left": lambda ledger: ledger.left(),
    "settled": lambda ledger: ledger.settled(_KEY),
    "last_run": lambda ledger: ledger.last_run(),
}
_WRITES: Uses = {name: _USES[name] for name in ("reserve", "settle", "left")}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where the ledger is kept; there is none yet."""
    return tmp_path / "state" / "ledger.sqlite3"


def _refused(ledger: Ledger, sentence: str, uses: Uses = _USES) -> None:
    """Assert that no method does anything but say why."""
    for use in uses.values():
        with pytest.raises(LedgerUnusable, match=sentence):
            use(ledger)


def _works(ledger: Ledger) -> bool:
    return ledger.reserve(_KEY, _CENT) is not None


@contextlib.contextmanager
def _database(file: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database:
        yield database


def test_only_its_owner_may_read_it(make: MakeLedger, file: Path) -> None:
    """Whatever the mask of the process."""
    before = os.umask(0)
    try:
        make().left()
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_nothing_is_opened_before_it_is_used(make: MakeLedger, file: Path) -> None:
    """It is made where nothing may block."""
    make()
    assert not file.parent.exists()


def test_at_rest_it_is_one_file(ledger: Ledger, file: Path) -> None:
    """So that it can be moved away or put back, without a journal of another one."""
    assert _works(ledger)
    assert [each.name for each in file.parent.iterdir()] == ["ledger.sqlite3"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"ledger, once\n" * 400, "is no SQLite database: move it away"),
        (b"SQLite format 3\0" + b"\xff" * 8000, "is (damaged|no SQLite database)"),
    ],
    ids=["other text", "broken header"],
)
def test_what_is_no_ledger_is_refused_and_left_alone(
    make: MakeLedger, file: Path, content: bytes, sentence: str
) -> None:
    """It may be all that is left of someone's accounts."""
    file.parent.mkdir()
    file.write_bytes(content)
    ledger = make()
    _refused(ledger, sentence)
    assert file.read_bytes() == content
    file.rename(file.with_suffix(".old"))
    assert _works(ledger)


def test_a_damaged_ledger_is_refused_and_left_alone(
    make: MakeLedger, file: Path
) -> None:
    """Sums of what can still be read would be too small."""
    with contextlib.closing(make()) as ledger:
        for _ in range(200):
            ledger.reserve(_KEY, Decimal("0.001"))
    content = bytearray(file.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = os.urandom(4096)
    file.write_bytes(content)
    _refused(make(), "damaged: move it away")
    assert file.read_bytes() == content


def test_a_truncated_ledger_is_refused(make: MakeLedger, file: Path) -> None:
    """Half of the entries is no reason to spend the other half again."""
    with contextlib.closing(make()) as ledger:
        for _ in range(200):
            ledger.reserve(_KEY, Decimal("0.001"))
    os.truncate(file, file.stat().st_size // 2)
    _refused(make(), "damaged")


def test_amounts_that_contradict_each_other_are_damage(
    make: MakeLedger, file: Path
) -> None:
    """Bits that flip within an amount break no page; the redundancy shows them."""
    with contextlib.closing(make()) as ledger:
        assert _works(ledger)
    with _database(file) as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.execute("UPDATE entries SET amount = 1")
    _refused(make(), "damaged")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sums SET amount = amount - 1",
        "UPDATE sums SET day = day - 1",
        "DELETE FROM sums",
        "INSERT INTO sums VALUES (1, 1, 0, 1)",
    ],
)
def test_sums_that_contradict_the_entries_are_damage(
    make: MakeLedger, file: Path, change: str
) -> None:
    """They are what is read, so that one of them alone must not be believed."""
    with contextlib.closing(make()) as ledger:
        assert _works(ledger)
    with _database(file) as database:
        database.execute(change)
    _refused(make(), "damaged")


def test_a_ledger_without_an_opening_is_refused(make: MakeLedger, file: Path) -> None:
    """Without it nobody knows which share the first day had."""
    make().left()
    with _database(file) as database:
        database.execute("DELETE FROM opening")
    with pytest.raises(LedgerUnusable, match="`opening` is empty"):
        make().left()


def test_a_database_of_another_program_is_refused(make: MakeLedger, file: Path) -> None:
    """It is not for us to add tables to it."""
    file.parent.mkdir()
    with _database(file) as database:
        database.execute("CREATE TABLE photographs (name)")
    content = file.read_bytes()
    _refused(make(), "is a database of another program")
    assert file.read_bytes() == content


def test_a_newer_ledger_is_refused_and_left_alone(make: MakeLedger, file: Path) -> None:
    """What it means is for the newer version to know."""
    make().left()
    with _database(file) as database:
        database.execute("PRAGMA user_version = 1000")
        database.execute("UPDATE reader SET oldest = 1000")
    content = file.read_bytes()
    _refused(make(), r"newer version of tm-exporter \(schema 1000.*update")
    assert file.read_bytes() == content


def test_a_newer_ledger_is_used_if_it_may_be(make: MakeLedger, file: Path) -> None:
    """The minor release after this one has used it, and added what may be ignored."""
    assert _works(make())
    with _database(file) as database:
        database.execute("ALTER TABLE entries ADD COLUMN note TEXT DEFAULT 'none'")
        database.execute("CREATE TABLE notes (note TEXT)")
        database.execute("PRAGMA user_version = 1000")
    assert _works(make())
    assert make().left().day == Decimal("0.98")
    with _database(file) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
    assert version == 1000


def test_an_older_ledger_is_migrated(
    make: MakeLedger, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all that it holds."""
    assert _works(make())
    newer = (*MIGRATIONS, ("ALTER TABLE entries ADD COLUMN note TEXT",))
    monkeypatch.setattr(ledger_file, "MIGRATIONS", newer)
    assert make().left().day == Decimal("0.99")
    with _database(file) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        notes = database.execute("SELECT note FROM entries").fetchall()
    assert (version, notes) == (len(newer), [(None,)])


def test_what_an_older_version_books_in_a_newer_ledger_counts(
    make: MakeLedger, file: Path
) -> None:
    """It knows nothing of sums: the ledger itself keeps them."""
    ledger = make()
    assert _works(ledger)
    with _database(file) as database:
        database.execute(
            """
            INSERT INTO entries (entry, target, surface, probe, model, reserved_at,
                day, month, asked, worst, settled, amount)
            SELECT 7, target, surface, probe, model, reserved_at,
                day, month, asked, worst, NULL, worst FROM entries
            """
        )
        assert ledger.left().day == Decimal("0.98")
        cost = "UPDATE entries SET settled = 0, amount = 0 WHERE entry = 7"
        database.execute(cost)
        assert ledger.left().day == Decimal("0.99")
        database.execute("DELETE FROM entries WHERE entry != 7")
    assert ledger.left().day == 1
    assert make().left().day == 1


def test_a_sum_that_is_too_large_is_no_rounded_one(
    make: MakeLedger, file: Path
) -> None:
    """SQLite would go on with a floating-point number."""
    ledger = make()
    assert _works(ledger)
    with _database(file) as database:
        database.execute("DROP TRIGGER entry_changed")
        database.execute("UPDATE sums SET amount = 9223372036854775807")
    with pytest.raises(LedgerUnusable):
        ledger.settle(_UNKNOWN, _CENT)


def test_a_reservation_takes_no_longer_for_many_entries(
    ledger: Ledger, file: Path
) -> None:
    """By the steps of SQLite: a month may have a million of them."""
    assert _works(ledger)
    few = _steps(ledger)
    with _database(file) as database:
        database.execute(
            """
            WITH RECURSIVE n (n) AS (SELECT 1 UNION SELECT n + 1 FROM n WHERE n < 5000)
            INSERT INTO entries (entry, target, surface, probe, model, reserved_at,
                day, month, asked, worst, settled, amount)
            SELECT n, target, surface, probe, model, reserved_at,
                day, month, asked, 0, NULL, 0 FROM entries, n WHERE number = 1
            """
        )
    assert _steps(ledger) < 1.5 * few


def _steps(ledger: Ledger) -> int:
    """Return how many steps of SQLite a reservation takes."""
    connection = ledger._file._connection
    assert connection is not None
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    connection.set_progress_handler(step, 1)
    assert _works(ledger)
    connection.set_progress_handler(None, 1)
    return steps


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(
    make: MakeLedger, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it or nothing."""
    assert _works(make())
    content = file.read_bytes()
    failing = ("ALTER TABLE entries ADD COLUMN note TEXT", "SELECT nonsense")
    with monkeypatch.context() as patch:
        patch.setattr(ledger_file, "MIGRATIONS", (*MIGRATIONS, failing))
        _refused(make(), "nonsense")
    assert file.read_bytes() == content
    assert make().left().day == Decimal("0.99")


def test_a_ledger_that_is_removed_is_made_anew(
    ledger: Ledger, file: Path, clock: FakeClock
) -> None:
    """With the unexpired share, and without writing into the file that is gone."""
    clock.seconds = NOV_1 + 12 * 3600
    reservation = ledger.reserve(_KEY, Decimal("0.25"))
    assert reservation is not None
    file.unlink()
    assert ledger.left().day == Decimal("0.5")
    ledger.settle(reservation, Decimal("0.125"))
    assert ledger.left().day == Decimal("0.375")
    assert file.exists()


def test_a_state_directory_that_is_removed_is_made_anew(
    ledger: Ledger, file: Path
) -> None:
    """Likewise."""
    file.unlink()
    file.parent.rmdir()
    assert _works(ledger)
    assert file.exists()


def test_a_ledger_that_is_replaced_is_the_one_in_force(
    ledger: Ledger, file: Path
) -> None:
    """A copy put back counts from the next call on."""
    assert _works(ledger)
    copy = file.with_suffix(".copy")
    copy.write_bytes(file.read_bytes())
    ledger.reserve(_KEY, Decimal("0.5"))
    copy.rename(file)
    assert ledger.left().day == Decimal("0.99")


@pytest.mark.parametrize("step", ["insert", "prune"])
def test_a_ledger_that_is_replaced_during_a_reservation_reserves_nothing(
    ledger: Ledger, file: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """What is written into a file that nobody sees any more is not durable."""
    action = getattr(entries, step)

    def away(*args: object, **options: object) -> None:
        file.rename(file.with_suffix(".old"))
        action(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(entries, step, away)
        with pytest.raises(LedgerUnusable, match="was replaced while it was in use"):
            ledger.reserve(_KEY, _CENT)
    assert ledger.left().day == 1


def test_a_directory_in_its_place_is_refused(make: MakeLedger, file: Path) -> None:
    """Also one that a volume was mounted at by mistake."""
    file.mkdir(parents=True)
    _refused(make(), "is not a file: move it away")


def test_a_state_directory_that_cannot_be_made_is_said(
    make: MakeLedger, file: Path
) -> None:
    """Here a file has its name."""
    file.parent.write_text("")
    ledger = make()
    _refused(ledger, "state cannot be used: .*move away .*or set `state_dir`")
    file.parent.unlink()
    assert _works(ledger)


def test_a_read_only_ledger_is_refused(
    make: MakeLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing could be reserved from it, so that nothing is left either."""
    make().left()
    connect = sqlite3.connect

    def read_only(address: str, **options: object) -> sqlite3.Connection:
        return connect(address.replace("mode=rw", "mode=ro"), **options)  # type: ignore[call-overload, no-any-return]  # passed on as it came

    ledger = make()
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", read_only)
        _refused(ledger, "is read-only: let this user write", _WRITES)
    assert _works(ledger)


@contextlib.contextmanager
def _as_nobody() -> Iterator[None]:
    """Act as a user without rights, if we are the one who has all."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_directory_that_this_user_may_not_write_to_is_said(
    make: MakeLedger, file: Path
) -> None:
    """An installation's commonest mistake; nothing of it needs a restart."""
    file.parent.mkdir(mode=0o500)
    ledger = make()
    with _as_nobody():
        _refused(ledger, "Permission denied; let this user write there")
    file.parent.chmod(0o700)
    assert _works(ledger)


@contextlib.contextmanager
def _no_file_larger_than(size: int) -> Iterator[None]:
    """Let every write beyond a size fail, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 512, 4096, 8192])
def test_on_a_full_disk_nothing_is_reserved(
    ledger: Ledger, clock: FakeClock, size: int
) -> None:
    """Wherever in a transaction the room ends; then it works again by itself."""
    assert _works(ledger)
    clock.advance(60)
    with _no_file_larger_than(size):
        _refused(ledger, "make room|see to the disk", _WRITES)
    assert ledger.left().day == Decimal("0.99")
    assert _works(ledger)


def test_where_no_room_is_for_a_new_ledger_none_is_used(
    make: MakeLedger, file: Path
) -> None:
    """The file that could be made is empty, and becomes a ledger later."""
    ledger = make()
    with _no_file_larger_than(0):
        _refused(ledger, "make room|see to the disk")
    assert file.stat().st_size == 0
    assert _works(ledger)


def test_a_database_that_may_not_grow_is_said_to_be_full(ledger: Ledger) -> None:
    """SQLite's own word for a full disk."""
    _works(ledger)
    connection = ledger._file._connection
    assert connection is not None
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerUnusable, match="disk is full: make room"):  # noqa: PT012
        for _ in range(1000):
            ledger.reserve(_KEY, Decimal(0))
    assert _works(ledger)


def test_a_ledger_that_another_program_holds_is_said_to_be_locked(
    make: MakeLedger, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a short wait; it works again once the lock is gone."""
    monkeypatch.setattr("tm_exporter.budget.ledger._PATIENCE", 0.1)
    ledger = make()
    assert _works(ledger)
    with _database(file) as database:
        database.execute("BEGIN EXCLUSIVE")
        _refused(ledger, "locked by another program: end")
    assert _works(ledger)


def test_what_a_killed_process_had_begun_is_undone(
    make: MakeLedger, file: Path
) -> None:
    """Its journal is found by whoever comes next, and rolled back."""
    make().left()
    program = """
import os, sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("PRAGMA cache_size = 1")
c.execute("BEGIN IMMEDIATE")
c.execute("UPDATE opening SET opened_at = 0")
c.execute("CREATE TABLE filler (text)")
for n in range(100):
    c.execute("INSERT INTO filler VALUES (?)", ("x" * 4000,))
os.kill(os.getpid(), 9)
"""
    killed = [sys.executable, "-c", program, str(file)]
    subprocess.run(killed, check=False)  # noqa: S603 -- it is written above
    assert file.with_name("ledger.sqlite3-journal").exists()
    assert make().left().day == 1
    assert not file.with_name("ledger.sqlite3-journal").exists()


def test_closing_is_not_the_end(ledger: Ledger) -> None:
    """A later call opens it again; closing twice is nothing."""
    ledger.close()
    ledger.close()
    assert _works(ledger)


def test_any_directory_will_do(tmp_path: Path, clock: FakeClock) -> None:
    """A directory with spaces and signs that addresses use is one like any other."""
    odd = tmp_path / "a b?c#d%20é"
    with contextlib.closing(Ledger(odd, Caps(_CENT, _CENT), clock)) as ledger:
        ledger.left()
    assert (odd / "ledger.sqlite3").exists()
