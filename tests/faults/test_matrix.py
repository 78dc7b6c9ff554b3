"""Every fault of the published matrix, over real sockets, for every probe it meets."""

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.clients.conftest import watched
from tests.faults.matrix import CASES, INJECTIONS, Case
from tests.faults.probing import probe
from tests.faults.scene import World
from tm_exporter import runner
from tm_exporter.config.registry import KINDS
from tm_exporter.fault_matrix import FAULTS, SORTS
from tm_exporter.kinds import PROBES
from tm_exporter.observation import Observation, Reason


async def injected(
    world: World, case: Case, patience: float = 1
) -> tuple[Observation, float]:
    """Return what a probe observes of a fault, and the timeout that it had."""
    with ExitStack() as stack:
        way = case.injection(world, stack)
        way = replace(way, timeout=patience * way.timeout)
        asking = probe(world, way, case.kind, case.sort)
        with way.around(), capture_logs():  # the traceback of our own fault
            for _ in range(way.runs):
                seen = await runner.run(asking)
    return seen, asking.section.timeout


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.fault.name}-{c.kind}")
async def test_a_fault_comes_to_what_is_published(world: World, case: Case) -> None:
    """The one reason, in time, and nothing is left open."""
    before = watched()
    seen, timeout = await injected(world, case)
    if seen.verdict.reason is not case.expected:  # this machine may have been too slow
        seen, timeout = await injected(world, case, patience=10)

    assert seen.verdict.reason is case.expected, seen.verdict
    assert seen.duration < timeout + 1
    assert watched() == before
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_what_is_published_is_what_is_injected() -> None:
    """No fault in the table without a case, and no case that is not in the table."""
    published = {fault.name for faults in FAULTS.values() for fault in faults}

    assert {case.fault.name for case in CASES} == published == set(INJECTIONS)


def test_every_kind_has_its_sort() -> None:
    """A new probe takes its place in the matrix."""
    assert sorted(kind for kinds in SORTS.values() for kind in kinds) == sorted(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_probe_meets_every_reason_that_it_can_give(kind: str) -> None:
    """And no reason that it does not name."""
    met = {case.expected for case in CASES if case.kind == kind} - {None}
    probe_class: Any = PROBES[KINDS[kind]]
    named = {*probe_class.reasons, Reason.INTERNAL}

    assert met == named
