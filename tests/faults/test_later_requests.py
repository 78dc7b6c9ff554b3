"""Runs of several requests, of which a later one meets the fault."""

from contextlib import ExitStack
from itertools import count

import pytest

from tests.faults.probing import probe
from tests.faults.scene import Good, Turn, World, turned
from tests.scripted_server import Step, answer, reset, send
from tm_exporter import runner
from tm_exporter.fault_matrix import SORTS, Sort
from tm_exporter.observation import Reason


OVERLOADED = send(answer(b"", status="503 Busy"))
SEVERAL = ("tokenize", "kv_cache", "spending", "pricing", "metrics")


def good_once(then: Step) -> Turn:
    """Answer the first request well, and all others by a step."""
    numbers = count()

    def turn(good: Good) -> list[Step]:
        return [then] if next(numbers) else [send(good.sent())]

    return turn


def sort_of(kind: str) -> Sort:
    """Return the sort of a kind."""
    return next(sort for sort, kinds in SORTS.items() if kind in kinds)


@pytest.mark.parametrize("kind", SEVERAL)
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(reset, Reason.CONNECTION_LOST, id="reset"),
        pytest.param(OVERLOADED, Reason.OVERLOADED, id="503"),
    ],
)
async def test_a_fault_of_the_second_request_fails_the_run(
    world: World, kind: str, fault: Step, expected: Reason
) -> None:
    """The run has the reason of the request that failed."""
    with ExitStack() as stack:
        way = turned(good_once(fault))(world, stack)
        seen = await runner.run(probe(world, way, kind, sort_of(kind)))

    assert seen.verdict.reason is expected
    assert len(seen.outcome.exchanges) >= 2
    assert seen.exchange is not None
    assert seen.exchange.status == (503 if expected is Reason.OVERLOADED else None)
