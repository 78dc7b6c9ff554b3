"""
The command line: what is asked for, and the exit status that answers.

0 is fine, 1 means that something failed, 2 that it could not even be tried.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from textwrap import fill
from typing import NoReturn

from tm_exporter import __version__, demo
from tm_exporter.commands.check import CHECK
from tm_exporter.commands.command import BAD, FAILED, FINE, Command
from tm_exporter.commands.completion import COMPLETION
from tm_exporter.commands.demo import DEMO
from tm_exporter.commands.evidence import EVIDENCE
from tm_exporter.commands.healthcheck import HEALTHCHECK
from tm_exporter.commands.maintenance import MAINTENANCE
from tm_exporter.commands.manual import MANUAL
from tm_exporter.commands.options import UnknownScenario
from tm_exporter.commands.probe import PROBE
from tm_exporter.commands.program import ABOUT, ENVIRONMENT, FILES, STATUSES
from tm_exporter.commands.reference import METRICS, SCHEMA
from tm_exporter.commands.run import RUN
from tm_exporter.commands.simulate import SIMULATE
from tm_exporter.commands.speaking import Unheard, complain
from tm_exporter.config.origin import ConfigurationError
from tm_exporter.config.wording import nearest
from tm_exporter.maintenance import command as maintenance
from tm_exporter.one_shot import asking
from tm_exporter.one_shot.login import LoginUnusable
from tm_exporter.web.listen import ListenError


COMMANDS = (
    *(RUN, DEMO, SIMULATE, CHECK, PROBE, EVIDENCE, HEALTHCHECK, MAINTENANCE),
    *(SCHEMA, METRICS, COMPLETION, MANUAL),
)
"""In the order in which one meets them."""

_REFUSALS = (
    *(ListenError, UnknownScenario, demo.SimulatorFailed),
    *(maintenance.Refused, asking.NoAnswer, LoginUnusable),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for, and return the exit status."""
    asked, left = parser().parse_known_args(arguments)
    if left:
        asked.parser.error(
            f"nothing is called {left[0]}{nearest(left[0], asked.known)}"
        )
    try:
        return int(asked.run(asked))
    except ConfigurationError as error:
        for problem in error.problems:
            complain(str(problem))
    except maintenance.Unknown as error:
        return complain(str(error), FAILED)
    except _REFUSALS as error:
        complain(str(error))
    except KeyboardInterrupt:
        return complain("interrupted", FAILED)
    except Unheard as error:
        if isinstance(error.cause, BrokenPipeError):  # who read it has seen enough
            return FINE
        complain(f"cannot write to standard output: {error.cause.strerror}")
    return BAD


class _Parser(argparse.ArgumentParser):
    """Says where to look, besides what is wrong."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(
            BAD, f"{self.prog}: error: {message}\n(`{self.prog} --help` tells more)\n"
        )


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    made = _Parser(
        prog="tm-exporter",
        description=ABOUT,
        epilog=_sections(
            ("environment", ENVIRONMENT.items()),
            ("files", FILES.items()),
            ("exit status", STATUSES.items()),
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--version", action="version", version=f"tm-exporter {__version__}"
    )
    _add(made, COMMANDS, "COMMAND")
    return made


def _add(
    above: argparse.ArgumentParser, commands: Iterable[Command], metavar: str
) -> None:
    """Add commands, or the steps of one, to the parser that is above them."""
    choice = above.add_subparsers(required=True, metavar=metavar)
    for command in commands:
        made = choice.add_parser(
            command.name,
            help=command.about,
            description="\n\n".join(map(_lines, filter(None, _said(command)))),
            epilog=_sections(
                ("examples", command.examples.items()),
                ("exit status", command.statuses.items()),
            ),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(
            run=command.run,
            commands=COMMANDS,
            parser=made,
            known=[name for name in command.options if name.startswith("--")],
        )
        for option, settings in command.options.items():
            made.add_argument(option, **settings)
        if command.steps:
            _add(made, command.steps, "|".join(step.name for step in command.steps))


def _said(command: Command) -> tuple[str, str]:
    return command.about, command.more


def _lines(text: str, indent: str = "") -> str:
    return fill(text, 79, initial_indent=indent, subsequent_indent=indent)


def _sections(*sections: tuple[str, Iterable[tuple[object, str]]]) -> str:
    """Return what stands below the options: titles, and terms with their meaning."""
    return "\n\n".join(
        "\n".join([f"{title}:", *(_term(str(term), said) for term, said in terms)])
        for title, terms in sections
        if terms
    )


def _term(term: str, said: str) -> str:
    """Return a term beside its meaning if it is short, else above it."""
    if len(term) <= _BESIDE:
        lines = _lines(said, " " * (_BESIDE + 4)).lstrip()
        return f"  {term.ljust(_BESIDE)}  {lines}"
    return f"  {term}\n{_lines(said, ' ' * (_BESIDE + 4))}"


_BESIDE = 20
