"""The ledger beside the loop: late, broken, gone and back."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.doubles import FakeClock, no_thread
from tm_exporter.budget.ledger import Caps, Ledger, LedgerUnusable, Left
from tm_exporter.budget.till import Standing, Till
from tm_exporter.budget.worker import ThreadWorker


LEFT = Left(Decimal(1), Decimal(10))


class Scripted:
    """A ledger that is as it is told to be."""

    def __init__(self) -> None:
        self.wrong: Exception | None = None
        self.closed = threading.Event()

    def left(self) -> Left:
        """Return what is left, or raise what is wrong."""
        if self.wrong is not None:
            raise self.wrong
        return LEFT

    def close(self) -> None:
        """Take note."""
        self.closed.set()


Make = Callable[..., Till]


@pytest.fixture
def ledger() -> Scripted:
    """Return a ledger that works."""
    return Scripted()


@pytest.fixture
async def make(ledger: Any) -> AsyncIterator[Make]:
    """Return a function that makes tills, closed after the test."""
    tills: list[Till] = []

    def one(
        opened: Callable[[], Ledger] = lambda: ledger, patience: float = 10.0
    ) -> Till:
        tills.append(Till(opened, ThreadWorker("the till"), patience))
        return tills[-1]

    yield one
    for till in tills:
        till.close()


async def test_an_answer_comes_with_what_is_left(make: Make) -> None:
    """Before the first one nothing is known."""
    till = make()
    before = till.standing

    answer = await till.ask(lambda _: threading.current_thread())

    assert before == Standing()
    assert answer is not threading.current_thread()
    assert till.standing == Standing(usable=True, left=LEFT)


async def test_a_ledger_that_cannot_be_used_is_told_of_once(
    make: Make, ledger: Scripted
) -> None:
    """And once that it can be again; asking is no error meanwhile."""
    till = make()
    with capture_logs() as logs:
        for wrong in (None, "full", "full", "locked", None, None):
            ledger.wrong = wrong and LedgerUnusable(f"the disk is {wrong}")  # type: ignore[assignment]
            answer = await till.ask(lambda _: "answer")
            assert answer == (None if wrong else "answer")

    assert [(line["event"], line.get("detail")) for line in logs] == [
        ("ledger_unusable", "the disk is full"),
        ("ledger_unusable", "the disk is locked"),
        ("ledger_usable", None),
    ]


async def test_what_is_left_is_unknown_while_it_cannot_be_used(
    make: Make, ledger: Scripted
) -> None:
    """Not what it was before."""
    till = make()
    await till.ask(lambda _: None)

    ledger.wrong = LedgerUnusable("the disk is full")
    await till.ask(lambda _: None)

    assert till.standing == Standing(usable=False, detail="the disk is full")


async def test_a_thread_that_cannot_be_had_is_tried_again(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit on processes; what was not asked then is not asked later either."""
    till, asked = make(), []
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        await till.ask(lambda _: asked.append("first"))
    unusable = till.standing

    await till.ask(lambda _: asked.append("second"))

    assert unusable.detail.startswith("no thread can be started: look at the limits")
    assert till.standing == Standing(usable=True, left=LEFT)
    assert asked == ["second"]


async def test_a_ledger_that_cannot_be_made_is_tried_again(
    make: Make, ledger: Any
) -> None:
    """As when there is no place for state."""
    tries = iter([LedgerUnusable("there is no place"), None])

    def opened() -> Ledger:
        if (wrong := next(tries)) is not None:
            raise wrong
        return ledger  # type: ignore[no-any-return]

    till = make(opened)

    assert await till.ask(lambda _: 1) is None
    assert till.standing.detail == "there is no place"
    assert await till.ask(lambda _: 1) == 1


async def test_a_bug_is_no_money(make: Make, ledger: Scripted) -> None:
    """Whatever goes wrong, nothing is paid for."""
    ledger.wrong = ZeroDivisionError()
    till = make()

    with capture_logs() as logs:
        assert await till.ask(lambda _: 1) is None

    assert [line["event"] for line in logs] == ["ledger_failed", "ledger_unusable"]
    assert till.standing.usable is False


async def test_a_disk_that_hangs_holds_nobody_up(make: Make) -> None:
    """Who asks meanwhile is refused at once, and what comes late is undone."""
    till, released, undone = make(patience=0.05), threading.Event(), []

    def hang(_: Ledger) -> str:
        released.wait(20)
        return "late"

    answer = await till.ask(hang, undo=lambda _, result: undone.append(result))
    async with asyncio.timeout(0.04):
        meanwhile = await till.ask(lambda _: "answer")
    detail = till.standing.detail
    released.set()
    async with asyncio.timeout(10):
        while await till.ask(lambda _: "answer") is None:
            await asyncio.sleep(0.01)

    assert (answer, meanwhile) == (None, None)
    assert "did not answer" in detail
    assert undone == ["late"]
    assert till.standing.usable


async def test_the_end_does_not_wait_for_a_disk(make: Make) -> None:
    """A thread that hangs must not keep the process."""
    till, released = make(patience=0.05), threading.Event()
    await till.ask(lambda _: released.wait(20))

    till.close()

    threads = {thread.name: thread for thread in threading.enumerate()}
    assert threads["the till"].daemon
    released.set()


async def test_the_ledger_is_closed_in_its_own_thread(
    make: Make, ledger: Scripted
) -> None:
    """SQLite would not have it otherwise."""
    till = make()
    await till.ask(lambda _: None)

    till.close()

    assert await asyncio.to_thread(ledger.closed.wait, 10)


async def test_a_real_ledger_can_be_asked(make: Make, tmp_path: Path) -> None:
    """From one thread, whoever asks."""
    caps = Caps(Decimal(1), Decimal(10))
    till = make(lambda: Ledger(tmp_path, caps, FakeClock(1_793_491_200.0)))

    lefts = await asyncio.gather(*(till.ask(lambda one: one.left()) for _ in range(5)))

    assert lefts == [Left(Decimal(1), Decimal(10))] * 5
