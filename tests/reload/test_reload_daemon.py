"""What a reload changes in a daemon at work, and what it leaves alone."""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.reload.world import (
    FAST,
    HOURLY,
    Files,
    put,
    running,
    select,
    target,
    targets_in,
)
from tm_exporter.logs.setup import Logging
from tm_exporter.simulator.server import Simulator


SOON, SOON_TOKENIZED = "t82", "t353"
"""Names of targets whose first health, or first tokens, are asked for at once."""

Log = tuple[Logging, Callable[[], str]]


async def test_what_did_not_change_goes_on(
    service: Simulator, files: Files, logging: Logging
) -> None:
    """Counters, history and slots of one target, while another comes and goes."""
    files.write(kept := target("kept", service, probes={"chat_stream": FAST}))
    async with running(files, logging) as it:
        key = {"target": "kept", "probe": "chat_stream"}
        before = await it.until(
            lambda s: sum(select(s, "probe_attempts_total", **key).values()) >= 2
        )
        run = json.loads(await it.get("/api/v1/status"))["targets"][0]
        slot = _model(run, "chat_stream")["next_slot"]

        files.write(kept, target("other", service))
        assert (await it.reload()).status_code == 200
        both = await it.until(
            lambda s: select(s, "probe_success", target="other", probe="health")
        )
        files.write(kept)
        assert (await it.reload()).status_code == 200
        after = await it.series()
        status = json.loads(await it.get("/api/v1/status"))["targets"]

    assert targets_in(both) == {"kept", "other"}
    assert targets_in(after) == {"kept"}
    assert [each["target"] for each in status] == ["kept"]
    counters = {k for k in before if k[0].endswith(("_total", "_count", "_bucket"))}
    about = {k for k in counters if ("target", "kept") in k[1]}
    assert len(about) > 50
    assert all(after[k] >= before[k] for k in about)
    shown = [run["probe_id"] for run in _model(status[0], "chat_stream")["runs"]]
    assert _model(run, "chat_stream")["runs"][0]["probe_id"] in shown
    assert _seconds(_model(status[0], "chat_stream")["next_slot"]) % 1 == (
        pytest.approx(_seconds(slot) % 1, abs=0.002)
    )


async def test_a_run_in_flight_ends_and_counts(
    service: Simulator, files: Files, logging: Logging
) -> None:
    """A reload meanwhile does not cut it off, nor run it twice."""
    slow = {"interval": "1h", "timeout": "1500ms"}
    service.switch("hang")
    files.write(hung := target(SOON, service, probes={"health": slow}))
    async with running(files, logging) as it:
        async with asyncio.timeout(15):
            while not any(each.path == "/health" for each in service.requests):
                await asyncio.sleep(0.02)
        files.write(hung, target("other"))
        await it.reload()
        await it.until(
            lambda s: select(s, "probe_failures_total", target=SOON, reason="timeout")
        )
        after = await it.until(
            lambda s: sum(select(s, "probe_attempts_total", target=SOON).values())
        )

    assert sum(select(after, "probe_slots_total", target=SOON).values()) == 1
    assert sum(each.path == "/health" for each in service.requests) == 1


async def test_a_run_of_a_target_that_is_gone_leaves_nothing(
    service: Simulator, files: Files, logging: Logging
) -> None:
    """It may end, and neither brings series back nor counts for who comes next."""
    service.switch("hang")
    slow = {"interval": "1h", "timeout": "2s"}
    files.write(target(SOON, service, probes={"health": slow}))
    async with running(files, logging) as it:
        async with asyncio.timeout(15):
            while not any(each.path == "/health" for each in service.requests):
                await asyncio.sleep(0.02)
        files.write()
        await it.reload()
        without = await it.series()
        files.write(target(SOON, service, probes={"health": HOURLY}))
        await it.reload()
        async with asyncio.timeout(15):
            while sum(each.path == "/health" for each in service.requests) < 2:
                await asyncio.sleep(0.02)
        after = await it.until(
            lambda s: sum(select(s, "probe_attempts_total", target=SOON).values())
        )
        page = await it.get("/")

    assert targets_in(without) == set()
    assert sum(select(after, "probe_attempts_total", target=SOON).values()) == 1
    assert sum(select(after, "probe_slots_total", target=SOON).values()) == 1
    assert SOON in page


async def test_another_interval_keeps_what_was_counted(
    service: Simulator, files: Files, logging: Logging
) -> None:
    """The same series, at other times."""
    files.write(target("eu", service))
    async with running(files, logging) as it:
        await it.until(lambda s: select(s, "probe_success", target="eu"))
        files.write(target("eu", service, probes={"health": HOURLY}))
        await it.reload()
        interval = await it.value("probe_interval_seconds", target="eu")
        attempts = await it.value("probe_attempts_total", target="eu")
        await asyncio.sleep(1.2)
        later = await it.value("probe_attempts_total", target="eu")

    assert interval == 3600
    assert attempts == later
    assert attempts


async def test_another_credential_is_tried_soon(
    service: Simulator, files: Files, logging: Logging
) -> None:
    """Without waiting for the hour to pass, and without losing what was counted."""
    probes = {"health": False, "tokenize": HOURLY}
    files.write(
        target(SOON_TOKENIZED, service, api_key="ak-of-yesterday", probes=probes)
    )
    async with running(files, logging) as it:
        await it.until(
            lambda s: sum(
                select(
                    s, "probe_failures_total", target=SOON_TOKENIZED, reason="auth"
                ).values()
            )
        )
        files.write(target(SOON_TOKENIZED, service, probes=probes))
        await it.reload()
        after = await it.until(
            lambda s: sum(select(s, "probe_success", target=SOON_TOKENIZED).values())
        )

    failures = select(
        after, "probe_failures_total", target=SOON_TOKENIZED, reason="auth"
    )
    assert sum(failures.values()) == 1
    assert (
        sum(select(after, "probe_attempts_total", target=SOON_TOKENIZED).values()) == 2
    )


async def test_another_address_is_another_target(
    service: Simulator, files: Files, logging: Logging
) -> None:
    """Nothing that was counted there is told of it."""
    files.write(target("eu"))
    async with running(files, logging) as it:
        await it.until(
            lambda s: select(s, "probe_success", target="eu", probe="health")
        )
        files.write(target("eu", service))
        await it.reload()
        after = await it.until(
            lambda s: sum(select(s, "probe_success", target="eu").values())
        )

    assert sum(select(after, "probe_failures_total", target="eu").values()) == 0


async def test_objectives_come_and_go(
    service: Simulator, files: Files, logging: Logging
) -> None:
    """With their series and bounds; what the histogram counted stays."""
    probes = {"chat_stream": FAST, "health": False}
    files.write(target("eu", service, probes=probes), slo={"ttft": None})
    async with running(files, logging) as it:
        before = await it.until(
            lambda s: sum(select(s, "canary_ttft_seconds_count").values()) >= 1
        )
        slo = {"ttft": {"objective": 0.9, "threshold": "3.5s"}}
        files.write(target("eu", service, probes=probes), slo=slo)
        await it.reload()
        during = await it.series()
        files.write(target("eu", service, probes=probes), slo={"ttft": None})
        await it.reload()
        after = await it.series()

    of_ttft = {"slo": "ttft"}
    assert [len(select(s, "slo_objective", **of_ttft)) for s in (before, during)] == [
        *(0, 1)
    ]
    assert select(during, "canary_ttft_objective_seconds")
    assert select(during, "canary_ttft_seconds_bucket", le="3.5")
    counted = [select(s, "canary_ttft_seconds_count") for s in (before, during, after)]
    assert sorted(counts := [sum(c.values()) for c in counted]) == counts
    for gone in ("canary_ttft_objective_seconds", "canary_ttft_objective_missed_total"):
        assert not select(after, gone)
    assert not select(after, "canary_ttft_seconds_bucket", le="3.5")
    assert not select(after, "slo_objective", **of_ttft)


async def test_settings_beside_the_targets_take_effect(
    service: Simulator, files: Files, logging: Logging
) -> None:
    """Caps, labels, windows of maintenance, the reference URL, and what is shown."""
    files.write(target("eu", service, probes={"chat": HOURLY}, labels={"team": "a"}))
    async with running(files, logging) as it:
        await it.until(lambda s: select(s, "canary_budget_remaining_usd"))
        files.write(
            target("eu", service, probes={"chat": HOURLY}, labels={"team": "b"}),
            canary_budget={"daily_usd": 2, "monthly_usd": 31, "share": 0.5},
            maintenance=[
                {
                    "name": "move",
                    "from": "2026-01-01T00:00:00Z",
                    "to": "2026-12-31T00:00:00Z",
                },
                {"name": "nightly", "cron": "* * * * *", "duration": "2m"},
            ],
            reference_url=f"{service.serverless_url}/health",
            server={"allow_reload": True, "show_money": False},
        )
        await it.reload()
        after = await it.until(
            lambda s: (
                select(s, "exporter_reference_up")
                and max(select(s, "canary_budget_remaining_usd", window="day").values())
                <= 1
            )
        )
        config, status = await it.get("/config"), await it.get("/api/v1/status")

    assert set(select(after, "canary_budget_limit_usd").values()) == {1.0, 15.5}
    assert select(after, "target_info", team="b")
    assert not select(after, "target_info", team="a")
    assert set(select(after, "maintenance_active").values()) == {1.0}
    assert "show_money: false" in config
    assert json.loads(status)["budget"]["windows"] == []


async def test_chosen_models_stay_chosen(
    service: Simulator, files: Files, logging: Logging
) -> None:
    """Of a target that says `auto`, until it names its own."""
    probes = {"models": FAST, "tokenize": FAST}
    auto = target("eu", service, probes=probes, models="auto")
    files.write(auto)
    async with running(files, logging) as it:
        before = await it.until(
            lambda s: select(s, "probe_attempts_total", probe="tokenize")
        )
        (chosen,) = {
            dict(labels)["model"]
            for _, labels in select(before, "probe_attempts_total", probe="tokenize")
        }
        files.write(auto, target("other"))
        await it.reload()
        still = await it.series()
        files.write(
            target("eu", service, probes=probes, models=["google/gemma-4-31B-it"])
        )
        await it.reload()
        named = await it.until(
            lambda s: select(s, "model_listed", model="google/gemma-4-31B-it")
        )

    attempts = "probe_attempts_total"
    assert select(still, attempts, model=chosen).keys() == (
        select(before, attempts, model=chosen).keys()
    )
    assert not any(dict(labels).get("model") == chosen for _, labels in named)


async def test_the_level_of_the_log_follows(files: Files, log: Log) -> None:
    """From the next line on."""
    files.write()
    logging, written = log
    async with running(files, logging, look_every=3600) as it:  # nobody else reloads
        files.write(log={"level": "warning"})
        await it.reload()
        files.write(target("eu"), log={"level": "info"})
        await it.reload()
    lines = [json.loads(line) for line in written().splitlines()]

    (told,) = [each for each in lines if each["event"] == "configuration_reloaded"]
    assert told["added"] == ["eu"]


async def test_a_request_to_reload_is_off_by_default(
    files: Files, logging: Logging
) -> None:
    """Who may read a page may not change what is watched; reading is no wish."""
    files.write(server={})
    async with running(files, logging) as it:
        refused = await it.reload()
        read = await it.client.get(f"{it.url}/-/reload")
        count = await it.value("exporter_config_reloads_total", result="success")

    assert (refused.status_code, read.status_code) == (403, 405)
    assert "server.allow_reload" in refused.text
    assert count == 0


async def test_a_strangers_page_cannot_reload(files: Files, logging: Logging) -> None:
    """A browser that is made to ask says where it comes from."""
    files.write()
    async with running(files, logging) as it:
        answer = await it.client.post(
            f"{it.url}/-/reload", headers={"origin": "https://example.com"}
        )

    assert answer.status_code == 403


async def test_requests_at_once_share_reloads(files: Files, logging: Logging) -> None:
    """All are answered, and none waits for more than the next one."""
    files.write()
    async with running(files, logging) as it:
        answers = await asyncio.gather(*(it.reload() for _ in range(40)))
        count = await it.value("exporter_config_reloads_total", result="success")

    assert {answer.status_code for answer in answers} == {200}
    assert count is not None
    assert 1 <= count < 20


async def test_a_target_file_comes_and_goes_by_itself(
    service: Simulator, files: Files, logging: Logging
) -> None:
    """Without a signal and without a restart."""
    files.write(target("kept", service), targets_from=["more/*.yml"])
    more = files.folder / "more" / "a.yml"
    async with running(files, logging) as it:
        put(more, json.dumps([target("added", service)]))
        await it.until(lambda s: targets_in(s) == {"kept", "added"})
        put(more, json.dumps([target("renamed", service)]))
        await it.until(lambda s: targets_in(s) == {"kept", "renamed"})
        more.unlink()
        after = await it.until(lambda s: targets_in(s) == {"kept"})
        count = await it.value("exporter_config_reloads_total", result="success")

    assert count == 3
    assert select(after, "probe_attempts_total", target="kept")


async def test_a_link_that_is_pointed_elsewhere_is_a_change(
    files: Files, logging: Logging
) -> None:
    """As Kubernetes updates the files of a volume."""
    for name, wanted in (("1", "old"), ("2", "new")):
        there = Files(files.folder / f"..{name}")
        there.write(target(wanted), state_dir=str(files.folder / "state"))
    data = files.folder / "..data"
    data.symlink_to("..1")
    files.main.symlink_to("..data/exporter.yml")
    async with running(files, logging) as it:
        await it.until(lambda s: targets_in(s) == {"old"})
        swap = files.folder / "..data_tmp"
        swap.symlink_to("..2")
        swap.replace(data)
        await it.until(lambda s: targets_in(s) == {"new"})


async def test_a_bad_file_changes_nothing_and_is_told_once(
    files: Files, log: Log
) -> None:
    """Counted, logged, and over once it is right."""
    files.write(target("kept"))
    right = files.main.read_text()
    logging, written = log
    async with running(files, logging) as it:
        put(files.main, right.replace("base_url", "base_ulr"))
        await it.until(
            lambda s: (
                select(s, "exporter_config_last_reload_successful").popitem()[1] == 0
            )
        )
        answer = await it.reload()
        during = await it.series()
        put(files.main, right)
        after = await it.until(
            lambda s: select(s, "exporter_config_last_reload_successful").popitem()[1]
        )
    refusals = [
        each
        for each in map(json.loads, written().splitlines())
        if each["event"] == "reload_refused"
    ]

    assert answer.status_code == 400
    assert "did you mean `base_url`?" in answer.text
    assert targets_in(during) == targets_in(after) == {"kept"}
    assert (
        select(during, "exporter_config_reloads_total", result="failure").popitem()[1]
        == 2
    )
    assert len(refusals) == 2
    assert "exporter.yml:" in refusals[0]["detail"]
    assert "tm-exporter check" in refusals[0]["next_step"]


async def test_a_thousand_files_at_once(files: Files, logging: Logging) -> None:
    """All of them are watched, and the pages answer meanwhile."""
    files.write(
        targets_from=["more/*.yml"],
        maintenance=[{"name": "quiet", "cron": "* * * * *", "duration": "2m"}],
    )
    more = files.folder / "more"
    more.mkdir()
    async with running(files, logging) as it:
        for number in range(1000):
            text = json.dumps([target(f"t{number}")])
            (more / f"{number}.yml").write_text(text)
        slowest = 0.0
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(40):
            while True:
                start = loop.time()
                await it.get("/-/healthy")
                slowest = max(slowest, loop.time() - start)
                if len(it.daemon._probes()) == 1000:
                    break
                await asyncio.sleep(0.02)

    assert slowest < 3


def _model(status: dict[str, Any], probe: str) -> dict[str, Any]:
    """Return the status of a target's probe."""
    (found,) = [each for each in status["probes"] if each["probe"] == probe]
    model: dict[str, Any] = found["models"][0]
    return model


def _seconds(moment: str) -> float:
    """Return the seconds of a moment within its minute."""
    return datetime.fromisoformat(moment).timestamp() % 60
