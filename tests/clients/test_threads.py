"""Threads that are used again."""

import threading
from collections.abc import Iterator

import pytest

from tm_exporter.clients import threads
from tm_exporter.clients.threads import Threads, Worker


PATIENCE = 30.0


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread without work ends soon."""
    monkeypatch.setattr(threads, "IDLE", 0.05)


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    """Give what a job waits for that hangs."""
    over = threading.Event()
    yield over
    over.set()


def done(pool: Threads) -> int:
    """Have a job done, and return the thread that did it."""
    by: list[int] = []
    over = threading.Event()

    def job() -> None:
        by.append(threading.get_ident())
        over.set()

    worker = pool.begin(job)
    assert over.wait(PATIENCE)
    pool.over(worker)
    return by[0]


def test_one_job_after_the_other_is_done_by_one_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To start one for each would take most of the time."""
    monkeypatch.setattr(threads, "IDLE", PATIENCE)
    pool = Threads("test 1")

    assert len({done(pool) for _ in range(50)}) == 1


def test_a_job_that_hangs_holds_up_no_other(hanging: threading.Event) -> None:
    """Each gets a thread; that of the first is not used before it is back."""
    pool = Threads("test 2")

    def hang() -> None:
        hanging.wait(PATIENCE)

    pool.begin(hang)

    assert done(pool)
    assert done(pool)
    assert not hanging.is_set()


def test_a_thread_without_work_ends_and_the_next_job_gets_another() -> None:
    """None is left behind when all is over."""
    pool = Threads("test 3")
    done(pool)
    for thread in threading.enumerate():
        if thread.name == "test 3":
            thread.join(PATIENCE)

    assert "test 3" not in {thread.name for thread in threading.enumerate()}
    assert done(pool)


def test_no_job_is_lost_to_a_thread_that_is_about_to_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It takes the job, or says that it does not."""
    monkeypatch.setattr(threads, "IDLE", 0.0)
    taken, counted = 0, []
    for _ in range(300):
        worker = Worker("test 4", lambda: None)
        ran = threading.Event()
        if worker.take(ran.set):
            taken += 1
            counted.append(ran.wait(PATIENCE))

    assert counted == [True] * taken
