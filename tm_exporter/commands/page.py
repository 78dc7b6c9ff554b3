"""The reference of the commands in the documentation, from what they declare."""

import argparse
from collections.abc import Iterable, Iterator, Mapping

from tm_exporter.commands.command import Command, Settings
from tm_exporter.commands.program import ENVIRONMENT, FILES, STATUSES


_HEAD = """\
# Commands

Written by `make docs` from the declarations in `tm_exporter/commands`; edit those
instead. `tm-exporter COMMAND --help` tells the same, and so does the manual page.
`python -m tm_exporter` is the same as `tm-exporter`.

| Command | What it does |
| --- | --- |
"""


def commands_page(commands: Iterable[Command]) -> str:
    """Return the reference of the commands as Markdown, in the order given."""
    each = dict(_with_steps(commands))
    lines = [
        *_HEAD.splitlines(),
        *(
            f"| [`{name}`](#{name.replace(' ', '-')}) | {_cell(command.about)} |"
            for name, command in each.items()
        ),
        *(line for name, command in each.items() for line in _command(name, command)),
        *_terms("Environment", "Variable", ENVIRONMENT),
        *_terms("Files", "File", FILES),
        *_terms("Exit status", "Status", STATUSES),
    ]
    return "\n".join(lines) + "\n"


def _with_steps(
    commands: Iterable[Command], before: str = ""
) -> Iterator[tuple[str, Command]]:
    """Yield each command with the words that call it, its steps after it."""
    for command in commands:
        words = f"{before}{command.name}"
        yield words, command
        yield from _with_steps(command.steps, f"{words} ")


def _command(name: str, command: Command) -> Iterator[str]:
    yield from ("", f"## {name}", "", command.about)
    if command.more:
        yield command.more
    if command.options:
        yield from ("", "| Option | Default | Meaning |", "| --- | --- | --- |")
        yield from (
            _option(name, settings)
            for name, settings in command.options.items()
            if settings.get("help") is not argparse.SUPPRESS
        )
    if command.examples:
        yield ""
        yield from (
            f"* `{line}`: {purpose}" for line, purpose in command.examples.items()
        )
    if command.statuses:
        told = (f"{status} {what}" for status, what in command.statuses.items())
        yield from ("", f"Exit status: {'; '.join(told)}.")


def _option(name: str, settings: Settings) -> str:
    told = (settings.get("help") or "-") % {"default": settings.get("default")}
    cells = (f"`{_written(name, settings)}`", _default(settings), told)
    return f"| {' | '.join(map(_cell, cells))} |"


def _written(name: str, settings: Settings) -> str:
    """Return how an option is written, with what follows it."""
    values = "|".join(settings.get("choices") or ())
    if not name.startswith("--"):
        return str(settings.get("metavar") or values or name)
    if settings.get("action") in ("store_true", "store_const"):
        return name
    fallback = str(settings.get("dest") or name.removeprefix("--")).upper()
    return f"{name} {settings.get('metavar') or values or fallback}"


def _default(settings: Settings) -> str:
    if settings.get("required"):
        return "required"
    default = settings.get("default")
    return f"`{default}`" if isinstance(default, str) else "-"


def _terms(
    title: str, head: str, terms: Mapping[str, str] | Mapping[int, str]
) -> Iterator[str]:
    yield from ("", f"## {title}", "", f"| {head} | Meaning |", "| --- | --- |")
    yield from (f"| `{term}` | {_cell(told)} |" for term, told in terms.items())


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
