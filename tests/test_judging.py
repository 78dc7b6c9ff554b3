"""Judging goes on beside everything else."""

import asyncio
import threading
from typing import Any

import pytest

from tests.verdict.answers import exchange
from tm_exporter.judging import SHORT, judge_aside
from tm_exporter.observation import Reason
from tm_exporter.verdict import Promise
from tm_exporter.wire.payloads import read_models


def body_of(size: int) -> bytes:
    """Return a list of models of so many bytes, or a few less."""
    row = b'{"id":"a"},'
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


async def test_a_long_body_that_is_not_as_promised_has_its_reason() -> None:
    """As a short one has."""
    promise = Promise(surface="serverless", read=read_models)

    judged = await judge_aside(exchange(b"[" + b" " * SHORT + b"]"), promise)

    assert judged.verdict.reason is Reason.BAD_PAYLOAD
