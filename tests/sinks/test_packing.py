"""Runs as few bytes, and back again."""

import pickle
import sys
import zlib
from dataclasses import replace
from typing import cast

import pytest

from tests.sinks.observations import CHAT, HEALTH, exchange, observation
from tm_exporter import catalog
from tm_exporter.exchange import Certificate, Fault, FaultKind, Piece, Stage
from tm_exporter.observation import Observation, ProbeKey, Reason, Sample
from tm_exporter.sinks.packing import LARGEST, Packing
from tm_exporter.sinks.remembered import remembered


FULL = observation(
    CHAT,
    Sample(catalog.CANARY_LAST_TTFT_SECONDS, 0.25),
    Sample(catalog.SERVICE_VERSION_INFO, 1.0, ("0.11.2",)),
    reason=Reason.STREAM_STALLED,
    detail="nothing came for 5 s, half a character: \udcff",
    exchanges=(
        exchange(fault=Fault(Stage.BODY, FaultKind.STALLED, "silent")),
        exchange(
            headers=(("content-type", "text/event-stream"), ("x-request-id", "7")),
            body=(Piece(1000.5, b"data: 1\n\n"), Piece(1001.0, b"data: [DONE]\n\n")),
            certificate=Certificate(1.8e9, "An authority", "aa" * 32, verified=True),
        ),
    ),
    retry_after=3.5,
)


@pytest.mark.parametrize("seen", [FULL, observation(HEALTH)])
def test_what_was_packed_is_as_it_was(seen: Observation) -> None:
    """Whatever it is packed by, and though it is packed twice."""
    run, packing = remembered(seen), Packing()

    first, second = packing.pack(run), packing.pack(run)

    assert first.open() == second.open() == run
    assert repr(first.open()) == repr(run)


def test_nothing_of_a_run_is_held() -> None:
    """What was packed is to be gone."""
    run, packing = remembered(FULL), Packing()
    before = sys.getrefcount(run.observation)

    packing.pack(run)
    after = sys.getrefcount(run.observation)

    assert after == before


def test_a_run_that_cannot_be_written_costs_no_other() -> None:
    """By a fault of ours; half of it must not stand before the next."""
    run, packing = remembered(observation(HEALTH)), Packing()
    broken = replace(run, observation=cast("Observation", lambda: None))

    with pytest.raises((AttributeError, pickle.PicklingError)):
        packing._writing.of(broken)

    assert packing.pack(run).open() == run


def test_a_family_is_still_the_one_that_is_declared() -> None:
    """A value is looked for by the declaration itself."""
    found = Packing().pack(remembered(FULL)).open().observation

    assert found.value_of(catalog.CANARY_LAST_TTFT_SECONDS) == 0.25


def test_runs_of_a_kind_are_packed_by_their_likeness() -> None:
    """Another target's too."""
    packing = Packing()
    other = ProbeKey("us", "serverless", CHAT.probe, CHAT.model)

    first = packing.pack(remembered(observation(CHAT, probe_id="a")))
    second = packing.pack(remembered(observation(other, probe_id="b")))

    assert len(second.content) < len(zlib.compress(second.like)) / 5
    assert second.like is first.like


def test_of_a_very_large_run_only_what_is_short_is_packed() -> None:
    """To write all of it down would hold up everything else."""
    headers = tuple((f"x-{n}", "v" * 8000) for n in range(64))
    large = remembered(
        observation(exchanges=(exchange(headers=(("date", "now"), *headers)),) * 2)
    )
    assert large.size > LARGEST

    [kept] = Packing().pack(large).open().observation.outcome.exchanges

    assert kept.headers == (("date", "now"),)


def test_kinds_that_were_long_ago_are_not_kept_for_ever() -> None:
    """Each reload may bring other names; what was packed can be opened still."""
    packing = Packing()
    runs = [
        remembered(observation(ProbeKey("eu", "serverless", f"custom-{n}")))
        for n in range(250)
    ]

    packed = [packing.pack(run) for run in runs]

    assert [each.open() for each in packed] == runs
    assert len(packing._firsts) <= 100
