"""Whatever is configured and wherever it is: the start, the pages and the end."""

import json
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import Any

import httpx
import pytest

from tests.e2e.children import TM_EXPORTER, child
from tests.e2e.daemon import Daemon, listening
from tests.e2e.signals import catches
from tests.e2e.waiting import eventually
from tests.scripted_server import free_port


pytestmark = pytest.mark.e2e

MANY = 1000
_ENDING = 5.0  # two on a machine that has nothing else to do; the suite has
PROBES: dict[str, Any] = {
    **dict.fromkeys(("version", "tokenize", "chat", "completions"), False),
    **dict.fromkeys(("completions_stream", "responses", "responses_stream"), False),
    "kv_cache": False,
    # So seldom that the page is soon all there is to do, however busy the machine is.
    **{name: {"interval": "10m"} for name in ("health", "models", "chat_stream")},
}


def configuration(folder: Path, url: str, *, targets: int, **target: Any) -> Path:
    """Write the configuration of targets that all are at one address."""
    config = folder / "exporter.yml"
    made = [
        {
            "name": f"target-{number}",
            "surface": "serverless",
            "base_url": url,
            "api_key": "ak-made-up",
            "models": ["some/model"],
            **target,
        }
        for number in range(targets)
    ]
    content = {"state_dir": str(folder / "state"), "targets": made}
    config.write_text(json.dumps(content))
    return config


def scraped(daemon: Daemon) -> tuple[float, str]:
    """Return the page of metrics, and the seconds that it took of a processor."""
    before = worked(daemon.child.process.pid)
    answer = httpx.get(f"{daemon.url}/metrics", trust_env=False, timeout=60)
    took = worked(daemon.child.process.pid) - before
    return took, answer.raise_for_status().text


def worked(pid: int) -> float:
    """Return the seconds of a processor that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def attempts(text: str) -> float:
    """Return how many runs ended; a parser would take longer than the exporter."""
    return sum(
        map(float, re.findall(r"(?m)^tensormesh_probe_attempts_total.* (.*)$", text))
    )


def test_a_thousand_targets_that_nobody_can_reach(tmp_path: Path) -> None:
    """A page takes less than a second, probes included, and the end is soon."""
    url = f"http://127.0.0.1:{free_port()}"
    config = configuration(tmp_path, url, targets=MANY, probes=PROBES)
    program = (TM_EXPORTER, "run", "--config", config, "--listen", "127.0.0.1:0")
    with child(tmp_path, *program) as process:
        daemon = listening(process)

        def soon() -> str | None:
            took, text = scraped(daemon)
            return text if took < 1.0 and attempts(text) > MANY / 10 else None

        page = eventually(soon, within=60, what="page within a second")
        status = process.end(SIGTERM, within=_ENDING)

    assert page.count("\ntensormesh_target_info{") == MANY
    assert 'reason="connect_refused"' in page
    assert not re.search(r'failures_total{.*reason="internal".* [1-9]', page)
    assert status == 0
    assert "Traceback" not in process.stderr


@pytest.mark.parametrize(
    ("command", "status"),
    [("run", 0), ("demo", 0), ("simulate", 0), ("probe", 130), ("schema", 130)],
)
def test_ctrl_c_while_the_program_loads(
    command: str, status: int, tmp_path: Path
) -> None:
    """It ends without a word: what runs until it is told to has done its job."""
    with child(tmp_path, sys.executable, "-m", "tm_exporter", command) as process:
        pid = process.process.pid
        eventually(lambda: catches(pid, SIGTERM), within=10, what="handler")

        assert process.end(SIGINT, within=2) == status
        assert process.stdout == ""
        assert process.stderr == ""


def test_a_start_without_standard_streams(tmp_path: Path) -> None:
    """Nothing else gets their numbers, at which the event loop would abort."""
    config = configuration(tmp_path, "http://127.0.0.1:1", targets=1, probes=PROBES)
    port = free_port()
    command = f'exec "$0" run --config "$1" --listen 127.0.0.1:{port} <&- >&- 2>&-'
    url = f"http://127.0.0.1:{port}/metrics"

    def answered() -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(url, trust_env=False).is_success
        return False

    with child(tmp_path, "sh", "-c", command, TM_EXPORTER, config) as process:
        eventually(answered, within=20, what="an answer")

        assert process.end(SIGTERM, within=_ENDING) == 0
