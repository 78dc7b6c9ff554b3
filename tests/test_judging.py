"""Judging goes on beside everything else."""

import asyncio
import threading
from dataclasses import dataclass
from typing import Any

import pytest

from tests.verdict.answers import exchange
from tm_exporter.judging import SHORT, judge_aside
from tm_exporter.observation import Reason
from tm_exporter.verdict import Promise
from tm_exporter.wire.payloads import read_models


def body_of(size: int) -> bytes:
    """Return a list of models of so many bytes, or a few less."""
    row = b'{"id":"a-model/with-a-name-that-is-longer-than-usual-ones"},'
    return b'{"data":[' + (row * (size // len(row) - 2))[:-1] + b"]}"


@pytest.mark.parametrize(("size", "aside"), [(SHORT, False), (2 * SHORT, True)])
async def test_only_a_long_body_is_judged_aside(*, size: int, aside: bool) -> None:
    """A thread costs more than it takes to read what is usual."""
    threads = []

    def read(payload: Any) -> Any:
        threads.append(threading.current_thread())
        return read_models(payload)

    judged = await judge_aside(
        exchange(body_of(size)), Promise(surface="serverless", read=read)
    )

    assert judged.verdict.passed
    assert (threads[0] is not threading.main_thread()) is aside


async def test_others_have_their_turn_while_a_long_body_is_read() -> None:
    """A mebibyte of small things, of which each is looked at."""
    promise = Promise(surface="serverless", read=read_models)
    judging = asyncio.create_task(judge_aside(exchange(body_of(1_000_000)), promise))
    turns = 0
    while not judging.done():
        turns += 1
        await asyncio.sleep(0)

    assert judging.result().verdict.passed
    assert turns > 3


@dataclass
class Answer:
    """Notes in which thread it was made anew."""

    thread: str = ""

    def __reduce__(self) -> Any:
        """Return how to make it anew."""
        return made_anew, ()


def made_anew() -> Answer:
    """Return an answer that knows its thread."""
    return Answer(threading.current_thread().name)


async def test_what_was_found_is_made_anew_beside_the_loop() -> None:
    """That takes as long as to read it."""
    promise = Promise(surface="serverless", read=lambda _: Answer())

    judged = await judge_aside(exchange(body_of(2 * SHORT)), promise)

    assert judged.answer is not None
    assert judged.answer.thread not in ("", threading.main_thread().name)


async def test_one_that_is_not_waited_for_any_more_keeps_its_turn() -> None:
    """Its thread goes on, and has its memory until it is done."""
    begun, go_on = threading.Event(), threading.Event()
    order: list[str] = []

    def slow(_: Any) -> str:
        begun.set()
        go_on.wait(10)
        order.append("first")
        return ""

    def quick(_: Any) -> str:
        order.append("second")
        return ""

    long = exchange(body_of(2 * SHORT))
    promises = [Promise(surface="serverless", read=read) for read in (slow, quick)]
    first = asyncio.create_task(judge_aside(long, promises[0]))
    await asyncio.to_thread(begun.wait, 10)
    first.cancel()
    second = asyncio.create_task(judge_aside(long, promises[1]))
    for _ in range(10):
        await asyncio.sleep(0)
    go_on.set()
    await second

    assert first.cancelled()
    assert order == ["first", "second"]


async def test_a_long_body_that_is_not_as_promised_has_its_reason() -> None:
    """As a short one has."""
    promise = Promise(surface="serverless", read=read_models)

    judged = await judge_aside(exchange(b"[" + b" " * SHORT + b"]"), promise)

    assert judged.verdict.reason is Reason.BAD_PAYLOAD
