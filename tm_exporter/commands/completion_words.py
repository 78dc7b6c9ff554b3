"""What can follow on the command line, for the shells' scripts."""

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from tm_exporter.commands.command import Command, Settings
from tm_exporter.simulator.scenarios import scenarios


ASK = "tm-exporter completion"
"""What a script calls for configured names, with `targets`, say, and `--config`."""

Names = Literal["targets", "probes", "models"]

_NAMES: dict[str, Names] = {
    "--target": "targets",
    "--probe": "probes",
    "--model": "models",
}


@dataclass(frozen=True, slots=True)
class Value:
    """
    What an option or an argument may be.

    Attributes:
        words: All that it can be; empty where these are not known beforehand.
        names: What is configured and can be asked for; None for others.
        is_file: Whether it is the name of a file.
    """

    words: tuple[str, ...] = ()
    names: Names | None = None
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """
    An option of a command.

    Attributes:
        name: With its `--`.
        about: For people, short.
        value: None where it takes none.
    """

    name: str
    about: str
    value: Value | None


@dataclass(frozen=True, slots=True)
class Line:
    """
    A command, or a step of one, and what can follow it.

    Attributes:
        path: The words that lead to it; empty for the program itself.
        words: The words that can follow, with what they do.
        options: In the order of the help.
        argument: What can stand without an option's name; None where nothing can.
    """

    path: tuple[str, ...]
    words: dict[str, str]
    options: tuple[Option, ...]
    argument: Value | None = None


_HELP = Option("--help", "say how it is used", None)
_VERSION = Option("--version", "say which version it is", None)


def lines(commands: Iterable[Command]) -> Iterator[Line]:
    """Yield what can follow the program's name, and each command and step of it."""
    known = tuple(commands)
    yield Line((), _words(known), (_HELP, _VERSION))
    yield from (line for command in known for line in _below(command, ()))


def _below(command: Command, above: tuple[str, ...]) -> Iterator[Line]:
    path = (*above, command.name)
    options = (*_options(command), _HELP)
    yield Line(path, _words(command.steps), options, _argument(command))
    for step in command.steps:
        yield from _below(step, path)


def _words(commands: Iterable[Command]) -> dict[str, str]:
    return {command.name: command.about for command in commands}


def _options(command: Command) -> Iterator[Option]:
    for name, settings in command.options.items():
        about = settings.get("help", "")
        if name.startswith("--") and about is not argparse.SUPPRESS:
            value = (
                None
                if settings.get("action") == "store_true"
                else _value(name, settings)
            )
            yield Option(name, _short(about), value)


def _short(about: str) -> str:
    """Return the part of a help that says what it is."""
    return about.partition(";")[0].partition(" (default")[0]


def _argument(command: Command) -> Value | None:
    for name, settings in command.options.items():
        if not name.startswith("--"):
            return _value(name, settings)
    return None


def _value(name: str, settings: Settings) -> Value:
    if name == "--scenario":
        return Value(words=tuple(scenarios()))
    return Value(
        words=tuple(settings.get("choices", ())),
        names=_NAMES.get(name),
        is_file=settings.get("metavar") == "FILE",
    )
