"""Many reloads one after the other: where they end, and what they leave behind."""

import asyncio
import gc
import os
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reload.world import Files, put, running, series_of, target
from tm_exporter.clients.transport import Transport
from tm_exporter.logs.setup import Logging
from tm_exporter.simulator.server import Simulator
from tm_exporter.sinks.probe_series import ProbeSeries


QUIET = [{"name": "quiet", "cron": "* * * * *", "duration": "2m"}]
"""A window of maintenance that is always open: no slot becomes a run."""

HOURLY = {"interval": "1h", "timeout": "1s"}
WATCHED = {"interval": "10s", "timeout": "1s"}

probes = st.fixed_dictionaries(
    {},
    optional={
        "health": st.sampled_from([False, HOURLY, WATCHED]),
        "chat": st.sampled_from([False, HOURLY]),
        "chat_stream": st.sampled_from([HOURLY, WATCHED]),
        "models": st.just(HOURLY),
        "own": st.sampled_from(
            [
                {"kind": "chat", **HOURLY},
                {"kind": "chat_stream", "slo": {"availability": 0.9}, **HOURLY},
            ]
        ),
    },
)


def _target(settings: dict[str, Any]) -> dict[str, Any]:
    return target(**settings)


inference: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a", "b", "c"]),
        "probes": probes,
        "models": st.sampled_from([["one"], ["one", "two"], "auto"]),
        "base_url": st.sampled_from(["http://127.0.0.1:9", "http://127.0.0.1:7"]),
        "api_key": st.sampled_from(["ak-of-one", "ak-of-two"]),
    },
    optional={"labels": st.fixed_dictionaries({"team": st.sampled_from("xy")})},
).map(_target)
account = st.just(
    {
        "name": "account",
        "surface": "control_plane",
        "base_url": "http://127.0.0.1:9",
        "token": "token-made-up",
    }
)
good = st.tuples(
    st.lists(
        st.one_of(inference, account),
        max_size=3,
        unique_by=lambda each: each["name"],
    ),
    st.fixed_dictionaries(
        {"maintenance": st.just(QUIET)},
        optional={
            "slo": st.sampled_from(
                [{"ttft": None}, {"ttft": {"objective": 0.9, "threshold": "3500ms"}}]
            ),
            "canary_budget": st.sampled_from([{"daily_usd": 2}, {"monthly_usd": 9}]),
        },
    ),
)
bad = st.sampled_from(
    [
        *("targets: [", "targetz: []", "\0", "server: {listen: '127.0.0.1:1'}"),
        "targets: [{name: x, surface: serverless, api_key_file: /nowhere}]",
        "targets: [{name: x, surface: serverless, ca_bundle: /nowhere.pem}]",
    ]
)
steps = st.lists(st.one_of(good, good, bad), min_size=2, max_size=6)


@given(first=good, then=steps)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_it_ends_like_a_fresh_start(
    logging: Logging, first: tuple[Any, Any], then: list[Any]
) -> None:
    """With the series that the last good configuration has, and no others."""
    with TemporaryDirectory() as folder:
        reloaded, fresh = asyncio.run(_both(Files(Path(folder)), logging, first, then))

    assert reloaded == fresh


async def _both(
    files: Files, logging: Logging, first: tuple[Any, Any], then: list[Any]
) -> tuple[set[Any], set[Any]]:
    """Return the series after all reloads, and those of a start with the last."""
    last = first
    files.write(*first[0], **first[1])
    async with running(files, logging) as it:
        for step in then:
            if isinstance(step, str):
                put(files.main, step)
                assert (await it.reload()).status_code == 400
            else:
                last = step
                files.write(*step[0], **step[1])
                answer = await it.reload()
                assert answer.status_code == 200, answer.text
        reloaded = _kept(await it.get("/metrics"))
    files.write(*last[0], **last[1])
    async with running(files, logging) as it:
        return reloaded, _kept(await it.get("/metrics"))


def _kept(page: str) -> set[Any]:
    """Return names and labels of what does not depend on the moment."""
    return {
        key
        for key in series_of(page)
        if key[0].startswith("tensormesh_")
        and not key[0].startswith(("tensormesh_exporter_", "tensormesh_canary_budget_"))
    }


async def test_fifty_reloads_leave_nothing_behind(
    service: Simulator, files: Files, logging: Logging
) -> None:
    """No task, no thread, no open file, no client and no series of what is gone."""
    fast = {"interval": "100ms", "timeout": "100ms"}
    probe = {"probes": {"health": fast, "tokenize": fast}}
    files.write(target("kept", service, **probe), reference_url=service.serverless_url)
    async with running(files, logging) as it:

        async def turn(number: int) -> None:
            files.write(
                target("kept", service, **probe),
                target(f"new-{number}", service, **probe),
                target("key", service, **{**probe, "api_key": f"ak-number-{number}"}),
                reference_url=f"{service.serverless_url}/{number}",
            )
            answer = await it.reload()
            assert answer.status_code == 200, answer.text

        for number in range(5):
            await turn(number)
        before = await _left()
        for number in range(5, 50):
            await turn(number)
        after = await _left()

    for what, count in after.items():
        assert count <= before[what] + 3, (what, before, after)


async def _left() -> dict[str, int]:
    """Return how much there is of what may be left behind, once runs have ended."""
    await asyncio.sleep(0.3)
    gc.collect()
    objects = [type(each) for each in gc.get_objects()]
    return {
        "tasks": len(asyncio.all_tasks()),
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 -- names are enough
        "clients": objects.count(Transport),
        "series": objects.count(ProbeSeries),
    }
