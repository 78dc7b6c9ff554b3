"""Many at once on one directory, in threads and in processes that are killed."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from pathlib import Path

from tests.budget.conftest import NOV_1
from tests.doubles import FakeClock
from tm_exporter.budget.ledger import Caps, Ledger, LedgerUnusable, Reservation
from tm_exporter.observation import ProbeKey


_KEY = ProbeKey("eu", "serverless", "chat", "gpt")
_CENT = Decimal("0.01")

_SPENDER = """
import os, sys
from decimal import Decimal
from pathlib import Path
from tm_exporter.budget.ledger import Caps, Ledger, LedgerUnusable
from tm_exporter.observation import ProbeKey

def patiently(job, *args):
    while True:  # another one may hold the file for long, or have been killed with it
        try:
            return job(*args)
        except LedgerUnusable:
            pass

key = ProbeKey("eu", "serverless", "chat", "gpt")
ledger = Ledger(Path(sys.argv[1]), Caps(Decimal(1), Decimal(1)), lambda: {now})
patiently(ledger.left)
print("ready", flush=True)
while (reservation := patiently(ledger.reserve, key, Decimal("0.01"))) is not None:
    os.write(1, b"paid\\n")  # after the reservation is durable, as a request leaves
    patiently(ledger.settle, reservation, Decimal("0.009"))
"""


def _reserved(ledger: Ledger) -> Reservation | None:
    """Reserve a cent, however long the disk has others wait."""
    while True:
        with suppress(LedgerUnusable):
            return ledger.reserve(_KEY, _CENT)


def test_threads_that_race_share_one_cap(tmp_path: Path) -> None:
    """Each reserves in one transaction, so that none sees what is spent already."""
    clock = FakeClock(NOV_1)
    caps = Caps(Decimal(1), Decimal(1))
    start = threading.Barrier(4)
    admitted: list[int] = []

    def spend() -> None:
        ledger = Ledger(tmp_path / "state", caps, clock)
        start.wait()
        while (reservation := _reserved(ledger)) is not None:
            admitted.append(reservation.entry)
        ledger.close()

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(admitted) == len(set(admitted)) == 99


@contextmanager
def _spender(directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", _SPENDER.format(now=NOV_1), str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603
        try:
            yield process
        finally:
            process.kill()


def test_processes_that_are_killed_at_any_moment_never_pay_more(
    tmp_path: Path,
) -> None:
    """What one had reserved stays spent for all who come after it."""
    dice = random.Random(7)  # noqa: S311 -- moments, not secrets
    paid = 0
    for _ in range(8):
        with _spender(tmp_path) as one, _spender(tmp_path) as two:
            for process in (one, two):
                assert process.stdout is not None
                assert process.stdout.readline() == b"ready\n"
            time.sleep(dice.uniform(0, 0.03))
            for process in (one, two):
                os.kill(process.pid, signal.SIGKILL)
                paid += process.communicate()[0].count(b"paid")
    with _spender(tmp_path) as last:
        paid += last.communicate(timeout=30)[0].count(b"paid")
    assert 0 < paid * Decimal("0.009") <= 1
    caps = Caps(Decimal(1), Decimal(1))
    with closing(Ledger(tmp_path, caps, lambda: NOV_1)) as ledger:
        assert ledger.left().day <= _CENT
