"""Completion in the real shells: words, options, values, and configured names."""

from pathlib import Path

import pytest

from tests.commands.shells import ASK
from tm_exporter.cli import COMMANDS, main
from tm_exporter.simulator.scenarios import scenarios


pytestmark = pytest.mark.e2e

CONFIG = """\
targets:
  - name: serverless
    surface: serverless
    models: [openai/gpt-oss-20b]
  - {name: staging, surface: serverless, models: [gpt, other]}
"""
PROGRAM = """\
#!/bin/sh
[ "$1 $3 $4" = "completion --config exporter.yml" ] || exit 2
case $2 in
    targets) echo serverless staging | tr ' ' '\\n' ;;
    models) echo gpt other | tr ' ' '\\n' ;;
esac
"""
"""Stands for the program, which takes a second."""


@pytest.fixture(params=sorted(ASK))
def shell(request: pytest.FixtureRequest) -> str:
    """Return the name of a shell."""
    return str(request.param)


@pytest.fixture
def script(shell: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Path:
    """Return the script for it."""
    assert main(["completion", shell]) == 0
    path = tmp_path / f"completion.{shell}"
    path.write_text(capfd.readouterr().out)
    return path


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", {command.name for command in COMMANDS}),
        ("maintenance ", {"start", "end", "list"}),
        ("probe --output ", {"table", "json"}),
        ("demo --scenario s", {name for name in scenarios() if name[0] == "s"}),
        ("simulate --", {"--listen", "--scenario", "--list", "--help"}),
    ],
)
def test_what_can_follow_is_offered(
    shell: str, script: Path, tmp_path: Path, line: str, expected: set[str]
) -> None:
    """Commands, steps, options that are not secret, and values where they are few."""
    found = ASK[shell](script, ["tm-exporter", *line.split(" ")], tmp_path)

    assert {word.rstrip("=") for word in found} - {"--help", "--version"} == (
        expected - {"--help"}
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("probe --config exporter.yml --target ", {"serverless", "staging"}),
        ("maintenance start --config exporter.yml --model g", {"gpt"}),
        ("probe --config nowhere.yml --target ", set()),
    ],
)
def test_configured_names_are_offered(
    shell: str, script: Path, tmp_path: Path, asked: str, expected: set[str]
) -> None:
    """The program is asked, with the configuration that the line names."""
    program = tmp_path / "bin" / "tm-exporter"
    program.parent.mkdir()
    program.write_text(PROGRAM)
    program.chmod(0o755)

    found = ASK[shell](script, ["tm-exporter", *asked.split(" ")], tmp_path)

    assert found - {""} == expected


@pytest.mark.parametrize(
    ("which", "names"),
    [
        ("targets", ["serverless", "staging"]),
        ("models", ["gpt", "openai/gpt-oss-20b", "other"]),
    ],
)
def test_the_program_tells_names(
    which: str, names: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A line each, in order."""
    config = tmp_path / "exporter.yml"
    config.write_text(CONFIG)

    assert main(["completion", which, "--config", str(config)]) == 0
    assert capfd.readouterr().out.split() == names


def test_the_program_tells_probes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each name once, custom ones among them."""
    config = tmp_path / "exporter.yml"
    config.write_text(
        CONFIG.replace("models: [gpt", "probes: {chat_x: {kind: chat}}, models: [gpt")
    )

    assert main(["completion", "probes", "--config", str(config)]) == 0
    names = capfd.readouterr().out.split()
    assert {"health", "chat", "chat_x"} <= set(names)
    assert len(names) == len(set(names))


def test_an_unknown_shell_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    """With those that are known."""
    with pytest.raises(SystemExit) as ended:
        main(["completion", "tcsh"])

    assert ended.value.code == 2
    assert "'bash', 'zsh', 'fish'" in capfd.readouterr().err
