"""
The pages on adding a probe and a metric say all that is to be done.

They are followed in a copy of the repository, one after the other.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.docs.markdown import ROOT, Block, blocks
from tests.e2e.children import child


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

COPIED = ("tm_exporter", "tests", "docs", "deploy", "pyproject.toml")
NEW = ("tm_exporter/probes/token_count.py", "tests/probes/test_token_count.py")
TOOLS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def with_probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the repository in which the first page was followed."""
    copy = tmp_path_factory.mktemp("repository")
    leave_out = shutil.ignore_patterns("__pycache__", "node_modules", "*.png", "seeds")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=leave_out)
        else:
            shutil.copy(ROOT / name, copy / name)
    follow(ROOT / "docs/adding-a-probe.md", copy)
    return copy


@pytest.fixture(scope="module")
def with_metric(with_probe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return another one in which the second page was followed, too."""
    copy = tmp_path_factory.mktemp("with-metric") / "repository"
    shutil.copytree(with_probe, copy)
    follow(ROOT / "docs/adding-a-metric.md", copy)
    return copy


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the simulated service, and yield its address."""
    simulate = (TOOLS / "tm-exporter", "simulate", "--listen", "127.0.0.1:0")
    with child(tmp_path_factory.mktemp("service"), *simulate) as process:
        yield process.announced(r"listening on (\S+)")


def follow(page: Path, copy: Path) -> None:
    """Write and change the files that a page names before its blocks."""
    name = ""
    for block in blocks(page):
        named = [word for word in block.told.split("`") if word.endswith(".py")]
        name = named[0] if named else name
        if block.language == "python":
            assert not (copy / name).exists(), f"{block.place}: {name} is there"
            (copy / name).write_text(block.text)
        elif block.language == "diff":
            change(copy / name, block)


def change(path: Path, block: Block) -> None:
    """Apply a block of changes, whose place in the file has to be plain."""
    lines = block.text.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    after = "".join(line[1:] for line in lines if line[0] in " +")
    text = path.read_text()
    assert text.count(before) == 1, f"{block.place}: not one place in {path.name}"
    path.write_text(text.replace(before, after))


def run(copy: Path, *command: str) -> str:
    """Run a command in a copy, and return what it printed if it was content."""
    result = subprocess.run(  # noqa: S603  # every command is written here
        [str(TOOLS / command[0]), *command[1:]],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def configured(copy: Path, service: str) -> str:
    """Return the page's configuration of what was added, for the simulated service."""
    page = blocks(ROOT / "docs/adding-a-probe.md")
    (shown,) = [block.text for block in page if block.language == "yaml"]
    config = yaml.safe_load(shown)
    config["targets"][0] |= {
        "base_url": f"{service}/serverless",
        "api_key": "ak-simulated-not-a-secret",
    }
    path = copy / "exporter.yml"
    own = {"server": {"listen": "127.0.0.1:0"}, "state_dir": "state"}
    path.write_text(yaml.safe_dump({**config, **own}))
    return str(path)


def test_a_probe_is_one_file_one_test_and_one_line(with_probe: Path) -> None:
    """The linters find nothing, the layers least of all, and its test passes."""
    run(with_probe, "ruff", "check", "--no-cache", *NEW, "tm_exporter/kinds.py")
    run(with_probe, "ruff", "format", "--no-cache", "--check", *NEW)
    run(with_probe, "lint-imports", "--no-cache")
    run(with_probe, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", NEW[1])


def test_the_probe_runs(with_probe: Path, service: str) -> None:
    """It is configured, run and shown like any other."""
    config = configured(with_probe, service)
    words = ("--config", config, "--probe", "token_count")

    table = run(with_probe, "python", "-m", "tm_exporter", "probe", *words)

    assert "ok       serverless  token_count" in table


def test_a_metric_is_one_declaration(with_metric: Path, service: str) -> None:
    """It is exposed, and in the reference, where only its family was declared."""
    name = "tensormesh_tokenizer_text_tokens"
    tests = (
        "tests/probes/test_token_count.py",
        "tests/probes/test_token_count_metric.py",
    )
    changed = (*NEW, tests[1], "tm_exporter/catalog/canaries.py")
    words = ("tm_exporter", "run", "--config", configured(with_metric, service))

    run(with_metric, "ruff", "check", "--no-cache", *changed)
    run(with_metric, "ruff", "format", "--no-cache", "--check", *changed)
    run(with_metric, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    run(with_metric, "python", "-m", "tm_exporter.docgen")
    with child(
        with_metric,
        *(TOOLS / "python", "-m", *words),
        environment={"PYTHONPATH": str(with_metric)},
    ) as process:
        url = process.announced(r"listening on (\S+)")
        asked = {"target": "serverless", "probe": "token_count"}
        page = httpx.get(f"{url}/probe", params=asked, trust_env=False).text

    assert f"\n{name}{{" in page
    assert f"| `{name}` |" in (with_metric / "docs/metrics.md").read_text()
    assert "### `token_count`" in (with_metric / "docs/configuration.md").read_text()
