"""Every command that a page gives can be given: programs, options, paths and names."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from tests.docs.markdown import PAGES, ROOT, Block, blocks
from tests.e2e.prometheus import part
from tm_exporter.catalog import FAMILIES
from tm_exporter.cli import parser


LANGUAGES = {"sh", "yaml", "python", "diff", "promql", "ini", "text"}
SHOWN = [block for page in PAGES for block in blocks(page)]
COMMANDS = [block for block in SHOWN if block.language == "sh"]
PATHS = set(yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())["paths"])
SIMULATOR = {"/simulator/scenario", "/simulator/switches", "/simulator/state"}

ELSEWHERE = {
    "tm": "the vendor's own command line, for an account",
    "openssl": "looks at the real service's certificate",
    "kubectl": "wants a cluster",
    "amtool": "wants a running Alertmanager; tests/e2e runs it with our rules",
    "systemctl": "tests/image boots systemd and does the same",
    "timedatectl": "of the machine that the exporter runs on",
    "apt-get": "of a machine that is the reader's",
    "docker": "tests/image builds and runs the same with Buildah and Podman",
    "install": "writes where only root may; coreutils",
    "mkdir": "coreutils",
    "python3": "makes a virtual environment; tests/image installs likewise",
    "pip": "see python3; the files that it names are looked at",
    "prometheus": "make tutorial-test runs it as it stands there",
    "prometheus-alertmanager": "likewise",
    "python": "make tutorial-test runs what the page has it run",
    "helm": "tests/helm renders the chart with Helm 3 and 4",
    "image-build.sh": "tests/image runs it",
    **dict.fromkeys(
        ("set", "umask", "test", "mv"), "of the shell; shellcheck reads it"
    ),
}
"""Commands that are looked at no closer than their files, and why."""


def lines(block: Block) -> Iterator[str]:
    """Yield the lines of commands, those that go on put together."""
    whole = block.text.replace("\\\n", " ")
    yield from (line for line in whole.splitlines() if line.strip())


def commands(block: Block) -> Iterator[list[str]]:
    """Yield each simple command as its words, without redirections."""
    for line in lines(block):
        split = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
        split.whitespace_split = True
        words: list[str] = []
        skip = False
        for word in [*split, ";"]:
            if set(word) <= set("|&;"):
                if words:
                    yield words
                words = []
            elif set(word) <= set("<>"):
                skip = True
            elif skip:
                skip = False
            elif words or not re.match(r"[A-Za-z_]+=", word):
                words.append(word)


def name(words: list[str]) -> str:
    """Return what is called."""
    return words[0].rpartition("/")[2]


def exporter(words: list[str]) -> None:
    """See that the command line is taken."""
    if words[1:] != ["--version"]:
        parser().parse_args(words[1:])


def make(words: list[str]) -> None:
    """See that the target and what it is given are there."""
    makefile = (ROOT / "Makefile").read_text()
    for word in words[1:]:
        found = rf"^{word}:" if "=" not in word else rf"^{word.partition('=')[0]} \?="
        assert re.search(found, makefile, re.MULTILINE), words


def curl(words: list[str]) -> None:
    """See that the address is one of ours, or the service's."""
    (url,) = [word for word in words if "://" in word]
    assert not set(url) & set("{}[]"), "curl takes these for a choice of addresses"
    asked = urlsplit(url)
    if asked.hostname == "serverless.tensormesh.ai":
        assert asked.path in {"/health", "/v1/models"}, words
    elif asked.port == 9090:
        assert asked.path == "/api/v1/query", words
    else:
        assert asked.path in (SIMULATOR if asked.port == 9878 else PATHS), words


def grep(words: list[str]) -> None:
    """See that it finds the names of families, as they are on the page."""
    names = "\n".join(
        name
        for family in FAMILIES
        for name in (family.name, 'reason="budget throttled')
    )
    pattern = words[-1].replace("^process_cpu_seconds_total|", "")
    if pattern != " 0.0$":
        looked = re.sub(r'\|reason="\w+"', "", pattern)
        assert re.search(looked, names, re.MULTILINE), words


CHECKED: dict[str, Callable[[list[str]], None]] = {
    "tm-exporter": exporter,
    "make": make,
    "curl": curl,
    "grep": grep,
}
"""Commands of which every word is looked at."""

each_block = pytest.mark.parametrize(
    "block", COMMANDS, ids=[block.place for block in COMMANDS]
)


def test_each_block_has_a_language_that_is_tested() -> None:
    """What has none is tested by nobody. `text` is what a program prints."""
    assert [block.place for block in SHOWN if block.language not in LANGUAGES] == []


def test_no_command_is_called_a_text() -> None:
    """Nothing gets round the tests below."""
    words = {*CHECKED, *ELSEWHERE} - {"test"}
    texts = [block for block in SHOWN if block.language == "text"]

    assert [b.place for b in texts if b.text.split(maxsplit=1)[0] in words] == []


def is_script(block: Block) -> bool:
    """Whether it is a file of its own."""
    return block.text.startswith("#!")


@each_block
def test_its_commands_are_known(block: Block) -> None:
    """Each is looked at, or there is a reason why not."""
    if is_script(block):
        return
    for words in commands(block):
        assert name(words) in {*CHECKED, *ELSEWHERE}, words
        if name(words) in CHECKED:
            CHECKED[name(words)](words)


@each_block
def test_the_files_that_it_names_are_there(block: Block) -> None:
    """Those of the repository."""
    named = re.findall(
        r"(?<![\w/.])(?:deploy|scripts|docs|requirements)[\w./-]*", block.text
    )

    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_reason_is_needed() -> None:
    """Nothing is left over of commands that no page gives any more."""
    given = {name(words) for block in COMMANDS for words in commands(block)}

    assert set(ELSEWHERE) - given == set()


@pytest.mark.e2e
def test_shells_can_read_them(tmp_path: Path) -> None:
    """All at once, for shellcheck takes its time to start."""
    scripts = []
    for number, block in enumerate(COMMANDS):
        path = tmp_path / f"{number:03}.sh"
        head = "" if is_script(block) else "#!/bin/sh\n"
        path.write_text(head + block.text)
        scripts.append(path)

    result = subprocess.run(  # noqa: S603  # our own program
        [
            Path(sys.executable).with_name("shellcheck"),
            "--severity=warning",
            *scripts,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )

    assert result.stdout == ""


@pytest.mark.parametrize("lane", ["oldest", "newest"])
@pytest.mark.e2e
def test_prometheus_can_read_the_expressions(lane: str, tmp_path: Path) -> None:
    """Those of queries, and those that stand alone."""
    expressions = [block.text for block in SHOWN if block.language == "promql"]
    for block in COMMANDS:
        for words in commands(block):
            queries = [
                parse_qs(urlsplit(word).query).get("query", []) for word in words
            ]
            expressions += [query for found in queries for query in found]
    rules = [{"record": f"shown:{n}", "expr": e} for n, e in enumerate(expressions)]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "shown", "rules": rules}]}))

    result = subprocess.run(  # noqa: S603  # our own program
        [part(lane, "promtool"), "check", "rules", path],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert f"SUCCESS: {len(expressions)} rules found" in result.stdout
