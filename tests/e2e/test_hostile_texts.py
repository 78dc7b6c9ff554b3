"""Names and texts of HTML, quotes, marks and 10 kB of letters do no harm anywhere."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.browser import chromium, tab
from tests.e2e.children import TM_EXPORTER, child
from tests.e2e.daemon import Daemon, listening
from tests.e2e.hostile_service import LONG, MODEL, hostile_service


pytestmark = pytest.mark.e2e

PROBES = ("health", "version", "models", "chat", "chat_stream", "tokenize")
STEERS = ("\x1b", "\x07", "\r", "\u202e", "\u2066", "\u2028")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Write a configuration that watches the hostile service."""
    with hostile_service() as url:
        probes = {name: {"interval": "1s", "timeout": "1s"} for name in PROBES}
        probes["chat_stream"]["idle_timeout"] = "1s"
        target = {
            "name": "hostile",
            "surface": "serverless",
            "base_url": url,
            "api_key": "ak-of-somebody",
            "models": [MODEL],
            "probes": probes,
        }
        folder = tmp_path_factory.mktemp("hostile")
        document: dict[str, object] = {"targets": [target], "state_dir": str(folder)}
        document["canary_budget"] = {"daily_usd": 1000, "monthly_usd": 31_000}
        file = folder / "exporter.yml"
        file.write_text(yaml.safe_dump(document, allow_unicode=False))
        yield file


@pytest.fixture(scope="module")
def daemon(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Run the daemon until each probe has a verdict."""
    command = (TM_EXPORTER, "run", "--config", config, "--listen", "127.0.0.1:0")
    with child(tmp_path_factory.mktemp("daemon"), *command) as process:
        running = listening(process)
        running.wait_for_verdicts({("serverless", probe) for probe in PROBES})
        yield running


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command, with nothing configured around it."""
    return subprocess.run(  # noqa: S603 -- our own program
        [TM_EXPORTER, *words],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={"HOME": "/nobody", "PATH": "/usr/bin", "LC_ALL": "C.UTF-8"},
    )


def test_on_the_page_they_are_texts(daemon: Daemon) -> None:
    """No script of theirs runs, nothing is asked for, and the page stays narrow."""
    with chromium() as browser, tab(browser, size=(390, 844)) as watched:
        for path in ("/", "/?target=hostile"):
            page = watched.page
            page.goto(f"{daemon.url}{path}")

            assert "window.hit=1" in page.inner_text("main")
            assert page.evaluate("window.hit === undefined")
            assert page.locator("img, main script, iframe").count() == 0
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert watched.complaints == []
        assert watched.foreign(daemon.url) == []


def test_in_json_they_are_what_they_are(daemon: Daemon) -> None:
    """A program gets the name that was asked for."""
    answer = daemon.get("/api/v1/status")

    [target] = answer.json()["targets"]
    models = {m["model"] for probe in target["probes"] for m in probe["models"]}
    assert models == {"", MODEL}
    assert len(answer.content) < 200_000


def test_on_the_page_of_metrics_they_are_labels(daemon: Daemon) -> None:
    """Which a parser reads, and none of which is longer than a label may be."""
    page = daemon.page()

    labels = {value for s in page.samples for value in s.labels.values()}
    assert len(page.select("tensormesh_probe_success")) >= len(PROBES)
    assert max(map(len, labels)) <= 200
    assert not any(mark in value for value in labels for mark in "\x1b\r\n\u2028")


def test_a_transcript_neither_steers_nor_tells(daemon: Daemon) -> None:
    """A terminal shows it, and a cookie is not in it."""
    [target] = daemon.get("/api/v1/status").json()["targets"]
    last = [m["probe_id"] for probe in target["probes"] for m in probe["models"]]
    ids = [probe_id for probe_id in last if probe_id is not None]

    texts = [daemon.get(f"/api/v1/evidence/{i}?format=text").text for i in ids]

    assert len(texts) >= len(PROBES)
    for text in texts:
        assert "<script>window.hit=1</script>" in text
        assert not any(mark in text for mark in (*STEERS, "of-somebody", LONG))


def test_what_the_command_prints_is_the_transcript(daemon: Daemon) -> None:
    """The same as the page's, made fit for a terminal, and a program can read it."""
    [target] = daemon.get("/api/v1/status").json()["targets"]
    probe_id = target["probes"][0]["models"][0]["probe_id"]
    path = f"/api/v1/evidence/{probe_id}"

    data = run("evidence", probe_id, "--url", daemon.url)
    text = run("evidence", probe_id, "--url", daemon.url, "--output", "text")

    assert json.loads(data.stdout) == daemon.get(path, "application/json").json()
    assert text.stdout == daemon.get(f"{path}?format=text").text
    assert not any(mark in data.stdout + text.stdout for mark in STEERS)


def test_an_id_that_nobody_knows_is_told_in_a_sentence(daemon: Daemon) -> None:
    """Exit status 1: the daemon answered, and has no such run."""
    ran = run("evidence", "\x1b[31m../..", "--url", daemon.url)

    assert (ran.returncode, ran.stdout) == (1, "")
    assert "keeps no run of the id \\u001b[31m../.." in ran.stderr


def test_where_no_daemon_is_the_command_says_so() -> None:
    """Exit status 2: it could not even be tried."""
    ran = run("evidence", "some-id", "--url", "http://127.0.0.1:1")

    assert ran.returncode == 2
    assert "no daemon answers at http://127.0.0.1:1" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_in_the_log_each_is_part_of_one_line(daemon: Daemon) -> None:
    """Whatever they contain, a line is one JSON object."""
    lines = daemon.child.stderr.splitlines()

    events = {json.loads(line)["event"] for line in lines}
    assert "probe_failing" in events
    assert not any(mark in line for line in lines for mark in ("\x1b", "\x07"))


def test_in_the_table_they_are_words(config: Path) -> None:
    """They neither steer the terminal nor bend its columns."""
    ran = run("probe", "--config", str(config))

    assert ran.returncode == 1
    assert "FAILED" in ran.stdout
    assert not any(mark in ran.stdout for mark in STEERS)
    assert max(map(len, ran.stdout.splitlines())) < 700
