"""One machine: a lock on a file decides who pays."""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.doubles import no_thread
from tm_exporter.budget.worker import ThreadWorker
from tm_exporter.lease.flock import FileLease


BEAT = 0.05


def competitor(path: Path) -> FileLease:
    """Return one that looks often."""
    return FileLease(path, BEAT, ThreadWorker("lease"))


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)


async def test_one_leads_and_the_other_takes_over_when_it_stops(tmp_path: Path) -> None:
    """The first permit is gone for good."""
    path = tmp_path / "new" / "tm-exporter.lock"
    one, other = competitor(path), competitor(path)
    changes: list[str] = []
    one.start(lambda: changes.append("one"))
    await one.decided(5)
    other.start(lambda: changes.append("other"))
    await other.decided(5)
    first = one.permit

    assert first is not None
    assert first.holds
    assert other.permit is None
    assert "another instance has the lock" in other.standing.detail
    await one.stop()
    assert not first.holds
    await until(lambda: other.permit is not None)
    await other.stop()
    assert changes == ["one", "one", "other", "other"]


async def test_the_kernel_frees_it_when_its_process_is_killed(tmp_path: Path) -> None:
    """However that ends."""
    path = tmp_path / "tm-exporter.lock"
    script = (
        "import fcntl, sys, time; file = open(sys.argv[1], 'w');"
        "fcntl.flock(file, fcntl.LOCK_EX); print('locked', flush=True); time.sleep(60)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    lease = competitor(path)
    lease.start(lambda: None)
    await lease.decided(5)
    before = lease.permit
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await until(lambda: lease.permit is not None)
    await lease.stop()

    assert before is None


async def test_without_a_thread_it_goes_on_trying(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit on processes may be out of the way soon."""
    lease = competitor(tmp_path / "tm-exporter.lock")
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        lease.start(lambda: None)
        await lease.decided(5)
        detail = lease.standing.detail
    await until(lambda: lease.permit is not None)
    await lease.stop()

    assert "cannot be locked: no thread can be started" in detail


async def test_a_file_that_was_replaced_is_no_lock_any_more(tmp_path: Path) -> None:
    """Whoever comes next would lock the new one."""
    path = tmp_path / "tm-exporter.lock"
    lease = competitor(path)
    lease.start(lambda: None)
    await lease.decided(5)
    first = lease.permit
    path.unlink()
    await until(lambda: lease.hand_overs == 2)
    again = lease.permit
    await lease.stop()

    assert first is not None
    assert not first.holds
    assert again is not None


async def test_what_cannot_be_locked_is_said_once(tmp_path: Path) -> None:
    """And nobody pays."""
    (tmp_path / "file").touch()
    lease = competitor(tmp_path / "file" / "tm-exporter.lock")
    with capture_logs() as logs:
        lease.start(lambda: None)
        await lease.decided(5)
        await asyncio.sleep(3 * BEAT)
        await lease.stop()

    assert lease.permit is None
    assert [line["event"] for line in logs] == ["standing_by"] * 2
    assert "cannot be locked" in logs[0]["detail"]
