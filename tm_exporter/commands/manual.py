"""`tm-exporter manual`: the manual page, in the language of man(7)."""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tm_exporter import __version__
from tm_exporter.commands.command import FINE, Command, Settings
from tm_exporter.commands.program import ABOUT, ENVIRONMENT, FILES, STATUSES
from tm_exporter.commands.speaking import say


def show_manual(asked: argparse.Namespace) -> int:
    """Print the manual page."""
    say(manual(asked.commands))
    return FINE


MANUAL = Command(
    name="manual",
    run=show_manual,
    about="Print the manual page, for man(1).",
    examples={"tm-exporter manual | man -l -": "read it"},
)


def manual(commands: Iterable[Command]) -> str:
    """Return the manual page of these commands."""
    lines = [
        f'.TH TM\\-EXPORTER 1 "" "tm\\-exporter {__version__}" "User Commands"',
        ".SH NAME",
        f"tm\\-exporter \\- {_text(ABOUT[0].lower() + ABOUT[1:].rstrip('.'))}",
        ".SH SYNOPSIS",
        ".B tm\\-exporter",
        "[\\fB\\-\\-help\\fR] [\\fB\\-\\-version\\fR] \\fICOMMAND\\fR ...",
        ".SH DESCRIPTION",
        _text(
            "It does what a user of the service would do, and shows what it finds to"
            " Prometheus and on pages of its own. Each command has --help."
        ),
        ".SH COMMANDS",
        *(line for command in commands for line in _command(command, "tm-exporter")),
        ".SH ENVIRONMENT",
        *_terms(ENVIRONMENT),
        ".SH FILES",
        *_terms(FILES),
        ".SH EXIT STATUS",
        *_terms(STATUSES),
    ]
    return "\n".join(lines)


def _command(command: Command, above: str) -> Iterator[str]:
    name = f"{above} {command.name}"
    if command.steps:
        name_of_steps = "|".join(step.name for step in command.steps)
        yield f".SS {_text(name)} {_text(name_of_steps)}"
    else:
        yield " ".join([f".SS {_text(name)}", *_synopsis(command.options)])
    yield _text(command.about)
    if command.more:
        yield ".PP"
        yield _text(command.more)
    for option, settings in _shown(command.options):
        yield ".TP"
        yield _bold(option, settings)
        yield _text(_help(settings))
    yield from _titled("Examples:", command.examples)
    yield from _titled("Exit status:", command.statuses)
    for step in command.steps:
        yield from _command(step, name)


def _shown(options: Mapping[str, Settings]) -> Iterator[tuple[str, Settings]]:
    for option, settings in options.items():
        if settings.get("help") is not argparse.SUPPRESS:
            yield option, settings


def _synopsis(options: Mapping[str, Settings]) -> Iterator[str]:
    for option, settings in _shown(options):
        is_needed = settings.get("required") or not option.startswith("-")
        shown = _bold(option, settings)
        yield shown if is_needed and settings.get("nargs") != "*" else f"[{shown}]"


def _bold(option: str, settings: Settings) -> str:
    """Return an option with its value, or an argument's place, as one sees them."""
    value = value_name(settings)
    if not option.startswith("-"):
        return f"\\fI{_text(value or option)}\\fR"
    return f"\\fB{_text(option)}\\fR" + (f" \\fI{_text(value)}\\fR" if value else "")


def value_name(settings: Settings) -> str:
    """Return what stands for the value of an option; empty for one without value."""
    return str(settings.get("metavar") or "|".join(settings.get("choices", ())))


def _help(settings: Settings) -> str:
    default = str(settings.get("default"))
    return str(settings.get("help", "")).replace("%(default)s", default)


def _titled(title: str, terms: Mapping[str, str] | Mapping[int, str]) -> Iterator[str]:
    if terms:
        yield from (".PP", title)
        yield from _terms(terms)


def _terms(terms: Mapping[str, str] | Mapping[int, str]) -> Sequence[str]:
    return [
        line
        for term, said in terms.items()
        for line in (".TP", f"\\fB{_text(str(term))}\\fR", _text(said))
    ]


def _text(text: str) -> str:
    """Return a text that man(7) shows as it is: `-` is no hyphen, `.` no request."""
    shown = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return f"\\&{shown}" if shown.startswith(".") else shown
