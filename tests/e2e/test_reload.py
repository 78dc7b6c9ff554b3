"""The real process: signals, requests and files that change while it runs."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.e2e.children import TM_EXPORTER, child
from tests.e2e.daemon import Daemon, Page, listening
from tests.e2e.waiting import eventually
from tests.service import Service, running_service


pytestmark = pytest.mark.e2e

FAST = {"interval": "500ms", "timeout": "500ms"}
ON = {"health": FAST, "chat_stream": FAST}
OFF = (
    *("version", "models", "tokenize", "chat", "completions", "completions_stream"),
    *("responses", "responses_stream", "kv_cache"),
)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Run a simulated service."""
    with running_service() as running:
        yield running


@pytest.fixture
def configuration(tmp_path: Path, service: Service) -> Path:
    """Return a configuration file whose targets are its own and those of a folder."""
    folder = tmp_path / "etc"
    (folder / "more").mkdir(parents=True)
    (folder / "key").write_text(service.api_key)
    path = folder / "exporter.yml"
    write(path, target("own", service, ON))
    return path


@pytest.fixture
def daemon(tmp_path: Path, configuration: Path) -> Iterator[Daemon]:
    """Run the exporter with it."""
    command = (TM_EXPORTER, "run", "--config", configuration, "--listen", "127.0.0.1:0")
    with child(tmp_path, *command) as process:
        yield listening(process)


def write(path: Path, *targets: object, **top: object) -> None:
    """Write a configuration, as an editor does: at once."""
    whole = {
        "server": {"allow_reload": True},
        "state_dir": "state",
        "canary_budget": {"daily_usd": 1_000_000, "monthly_usd": 100_000_000},
        "targets_from": ["more/*.yml"],
        **top,
        "targets": targets,
    }
    new = path.with_suffix(".new")
    new.write_text(yaml.safe_dump(json.loads(json.dumps(whole))))
    new.replace(path)


def target(name: str, service: Service, probes: object) -> dict[str, object]:
    """Return a target, with its key in a file."""
    return {
        "name": name,
        "surface": "serverless",
        "base_url": service.serverless_url,
        "api_key_file": "key",
        "models": ["openai/gpt-oss-20b"],
        "probes": {**dict.fromkeys((*OFF, "chat_stream"), False), **probes},  # type: ignore[dict-item]
    }


def when(daemon: Daemon, name: str, value: float, **labels: str) -> Page:
    """Return the page once a sum is as large as that."""

    def found() -> Page | None:
        page = daemon.page()
        return page if page.total(f"tensormesh_{name}", **labels) >= value else None

    return eventually(found, within=20, what=f"{name} of {value:g}")


def test_a_signal_reloads_and_counters_go_on(
    daemon: Daemon, configuration: Path, service: Service
) -> None:
    """Nothing of a target that stays begins anew, and a target that goes is gone."""
    before = when(daemon, "canary_ttft_seconds_count", 2, target="own")
    write(configuration, target("own", service, ON), target("new", service, {}))
    daemon.child.process.send_signal(signal.SIGHUP)
    both = when(daemon, "exporter_config_reloads_total", 1, result="success")
    write(configuration, target("own", service, ON))
    daemon.child.process.send_signal(signal.SIGHUP)
    after = when(daemon, "exporter_config_reloads_total", 2, result="success")

    assert both.select("tensormesh_target_info", target="new")
    assert not any(sample.labels.get("target") == "new" for sample in after.samples)
    for name in (
        *("tensormesh_probe_attempts_total", "tensormesh_probe_slots_total"),
        *("tensormesh_canary_ttft_seconds_count", "tensormesh_canary_cost_usd_total"),
    ):
        assert after.total(name, target="own") >= before.total(name, target="own") > 0


def test_files_are_followed_without_a_signal(
    daemon: Daemon, configuration: Path, service: Service
) -> None:
    """A file with a target that comes, and goes again."""
    more = configuration.parent / "more" / "a.yml"
    one = {**target("more", service, {"health": FAST}), "api_key_file": "../key"}
    more.write_text(yaml.safe_dump([one]))
    there = when(daemon, "probe_attempts_total", 1, target="more")
    more.unlink()
    after = when(daemon, "exporter_config_reloads_total", 2, result="success")

    assert there.total("tensormesh_exporter_config_last_reload_successful") == 1
    assert not after.select("tensormesh_target_info", target="more")
    assert after.select("tensormesh_target_info", target="own")


def test_what_cannot_be_used_is_answered_and_changes_nothing(
    daemon: Daemon, configuration: Path, service: Service
) -> None:
    """With status and sentence; the process goes on, and ends in time."""
    when(daemon, "probe_attempts_total", 1, target="own")
    secret = {**target("own", service, ON), "api_key_file": "missing"}
    answers = []
    for wrong in (
        lambda: write(configuration, secret),
        lambda: write(configuration, state_dir="elsewhere"),
        lambda: configuration.write_bytes(b"\xff"),
        configuration.unlink,
    ):
        wrong()
        answers.append(reload(daemon))
    page = daemon.page()
    write(configuration, target("own", service, ON))
    right = reload(daemon)

    assert [answer.status_code for answer in answers] == [400] * 4
    assert page.total("tensormesh_exporter_config_last_reload_successful") == 0
    assert daemon.child.stderr.count('"event":"reload_refused"') >= 4
    for answer, said in zip(
        answers, ("missing", "state_dir", "UTF-8", "no such file"), strict=True
    ):
        assert said in answer.text
    assert service.api_key not in "".join(answer.text for answer in answers)
    assert page.total("tensormesh_probe_attempts_total", target="own") >= 1
    assert right.status_code == 200
    assert daemon.child.end(signal.SIGTERM, within=3) == 0


def reload(daemon: Daemon) -> httpx.Response:
    """Have the configuration read again."""
    return httpx.post(f"{daemon.url}/-/reload", trust_env=False, timeout=10)
