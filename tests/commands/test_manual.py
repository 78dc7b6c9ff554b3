"""What the program says of itself: --help, and the manual page."""

import argparse
import re
import subprocess

import pytest

from tests.commands.shells import part
from tests.e2e.prometheus import ROOT
from tm_exporter import __version__
from tm_exporter.cli import COMMANDS, main, parser
from tm_exporter.commands.command import Command
from tm_exporter.commands.manual import manual


def all_commands() -> list[tuple[str, Command]]:
    """Return all commands and steps, with the words that call them."""
    return [
        pair
        for command in COMMANDS
        for pair in [
            (command.name, command),
            *((f"{command.name} {step.name}", step) for step in command.steps),
        ]
    ]


def helped(words: str, capfd: pytest.CaptureFixture[str]) -> str:
    """Return what --help says."""
    with pytest.raises(SystemExit) as ended:
        main([*words.split(), "--help"])
    assert ended.value.code == 0
    return capfd.readouterr().out


def test_help_answers_what_one_asks_first(capfd: pytest.CaptureFixture[str]) -> None:
    """Commands, variables, files, exit statuses, without another page."""
    text = helped("", capfd)

    assert all(command.name in text for command in COMMANDS)
    for said in ("TM_EXPORTER_CONFIG", "STATE_DIRECTORY", "exit status:", "files:"):
        assert said in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "command"), all_commands(), ids=[words for words, _ in all_commands()]
)
def test_help_of_a_command_says_how_it_is_used(
    words: str, command: Command, capfd: pytest.CaptureFixture[str]
) -> None:
    """What it does, each option with a word on it, and examples that are lines."""
    text = helped(words, capfd)

    assert command.about in text
    assert all(example in text for example in command.examples)
    for option, settings in command.options.items():
        assert settings.get("help"), f"{option} is not explained"


@pytest.mark.parametrize(
    "line", [line for command in COMMANDS for line in command.examples]
)
def test_an_example_is_understood(line: str) -> None:
    """As far as the program reads it."""
    words = re.split(r" (?:[|>]) ", line)[0].replace("'new nodes'", "new-nodes")

    asked = parser().parse_args(words.partition("tm-exporter ")[2].split())

    assert asked.run is not None


def test_the_manual_page_is_that_of_this_version() -> None:
    """It is written by `make docs`, and the wheel installs it."""
    page = (ROOT / "docs/tm-exporter.1").read_text()

    assert page == manual(COMMANDS) + "\n"
    assert f"tm\\-exporter {__version__}" in page.splitlines()[0]


@pytest.mark.e2e
def test_a_reader_of_manuals_has_nothing_to_say_about_it() -> None:
    """Mandoc knows the language, and what is wrong in it. The date is left out."""
    page = str(ROOT / "docs/tm-exporter.1")
    command = [str(part("usr/bin/mandoc")), "-T", "lint", "-W", "warning", page]

    done = subprocess.run(  # noqa: S603 -- a real reader
        command, capture_output=True, text=True, check=False
    )

    complaints = (done.stdout + done.stderr).splitlines()
    assert [line for line in complaints if "missing date" not in line] == []


@pytest.mark.e2e
def test_all_of_it_can_be_read() -> None:
    """Each command and option, as one types it."""
    page = str(ROOT / "docs/tm-exporter.1")
    command = [str(part("usr/bin/mandoc")), "-T", "utf8", "-O", "width=200", page]

    text = subprocess.check_output(command, text=True)  # noqa: S603 -- a real reader
    plain = re.sub(".\b", "", text)  # letters are struck twice to be bold

    for words, known in all_commands():
        assert f"tm-exporter {words}" in plain
        for name, settings in known.options.items():
            if settings["help"] != argparse.SUPPRESS:
                assert (name if name.startswith("-") else settings["metavar"]) in plain
