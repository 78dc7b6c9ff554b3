"""
The command line: what is asked for, and the exit status that answers.

0 is fine, 1 means that something failed, 2 that it could not even be tried.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

from tm_exporter import __version__, demo, healthcheck
from tm_exporter.assembly.assembly import Assembly
from tm_exporter.assembly.treasury import asked_purse, expected_cost
from tm_exporter.catalog import FAMILIES
from tm_exporter.config import report
from tm_exporter.config.budget import price_book
from tm_exporter.config.load import Loaded, load
from tm_exporter.config.origin import ConfigurationError
from tm_exporter.config.schema import schema
from tm_exporter.daemon import endpoint
from tm_exporter.daemon.daemon import Daemon, serve
from tm_exporter.docgen.pages import metrics_page
from tm_exporter.logs.printable import printable
from tm_exporter.logs.setup import Logging, configure
from tm_exporter.maintenance import command as maintenance
from tm_exporter.one_shot import asking, one_shot
from tm_exporter.one_shot.asked import Asked, has_failed, render_json
from tm_exporter.one_shot.asking import Form
from tm_exporter.one_shot.progress import Progress, shown
from tm_exporter.one_shot.table import render_table
from tm_exporter.simulator import command as simulator
from tm_exporter.simulator.scenarios import scenarios
from tm_exporter.web.listen import ListenError, parse


FINE, FAILED, BAD = 0, 1, 2

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for, and return the exit status."""
    asked = _parser().parse_args(arguments)
    command: Command = asked.command
    try:
        return command(asked)
    except ConfigurationError as error:
        for problem in error.problems:
            _complain(str(problem))
    except maintenance.Unknown as error:
        _complain(str(error))
        return FAILED
    except (
        ListenError,
        demo.SimulatorFailed,
        maintenance.Refused,
        asking.NoAnswer,
    ) as error:
        _complain(str(error))
    except KeyboardInterrupt:
        _complain("interrupted")
        return FAILED
    except _Unheard as error:
        if isinstance(error.cause, BrokenPipeError):  # who read it has seen enough
            return FINE
        _complain(f"cannot write to standard output: {error.cause.strerror}")
    return BAD


def run(asked: argparse.Namespace) -> int:
    """Run the daemon."""
    loaded = _load(asked)
    with _logging(loaded) as logging:
        listen = loaded.settings.server.listen
        daemon = Daemon(loaded, logging, listen, load=lambda: _load(asked))
        asyncio.run(serve(daemon, _announce))
    return FINE


def run_demo(asked: argparse.Namespace) -> int:
    """Run the daemon against a simulator."""
    _check_scenario(asked.scenario)
    with demo.simulator(asked.scenario) as url, demo.state() as directory:
        for_people = sys.stderr.isatty()
        loaded = demo.configuration(
            url, asked.listen, "console" if for_people else "json", directory
        )

        def announce(page: str) -> None:
            _announce(page, demo.instructions(url))

        with _logging(loaded) as logging:
            daemon = Daemon(loaded, logging, asked.listen)
            asyncio.run(serve(daemon, announce, asked.seconds))
    return FINE


def simulate(asked: argparse.Namespace) -> int:
    """Run the simulator, or list what it can play."""
    if asked.list:
        width = max(map(len, scenarios()))
        for name, description in scenarios().items():
            _say(f"{name.ljust(width)}  {description}")
        return FINE
    _check_scenario(asked.scenario)
    host, port = parse(asked.listen)
    return simulator.serve(
        host, port, asked.scenario, until_stdin_closes=asked.until_stdin_closes
    )


def probe(asked: argparse.Namespace) -> int:
    """Run every configured probe once."""
    loaded = _load(asked)
    prices, progress = price_book(loaded.settings), Progress()
    with _logging(loaded) as logging, asked_purse(loaded.settings, prices) as purse:
        assembly = Assembly(tell_secret=logging.register_secret)
        runs = one_shot.run_asked(
            assembly,
            loaded.settings,
            lambda key: (
                asked.target in (None, key.target) and asked.probe in (None, key.probe)
            ),
            purse,
            prices,
            progress=progress,
        )
        seen = asyncio.run(_watched(runs, progress))
        mask = logging.redactor.text
    if not seen.rows:
        why = one_shot.why_none(loaded.settings, asked.target, asked.probe)
        return _complain(why)
    if asked.output == "json":
        _say(render_json(seen, mask))
    else:
        _say(render_table(seen, mask, colours=_shows_colours(sys.stdout)))
    return FAILED if any(map(has_failed, seen.rows)) else FINE


async def _watched(runs: Coroutine[Any, Any, Asked], progress: Progress) -> Asked:
    """Do what is asked for, and show a person at a terminal how far it is."""
    if not _is_terminal(sys.stderr):
        return await runs
    async with shown(progress, sys.stderr, shutil.get_terminal_size().columns):
        return await runs


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _shows_colours(stream: TextIO) -> bool:
    """Whether colours are seen and wanted: see https://no-color.org."""
    return _is_terminal(stream) and not os.environ.get("NO_COLOR")


def evidence(asked: argparse.Namespace) -> int:
    """Print the redacted transcript of a run that a daemon remembers."""
    form: Form = asked.output or ("text" if sys.stdout.isatty() else "json")
    transcript = asking.evidence(asked.url, asked.probe_id, form)
    if transcript is None:
        return _complain(
            f"{asked.url} keeps no run of the id {printable(asked.probe_id, 80)}: of"
            " each probe it keeps the last 20 runs and the last 20 failures",
            FAILED,
        )
    _say(transcript.rstrip("\n"))
    return FINE


def check_health(asked: argparse.Namespace) -> int:
    """Ask the daemon on this machine whether it is well."""
    try:
        _say(healthcheck.ask(asked.url or _own_url(asked)))
    except healthcheck.Unhealthy as error:
        return _complain(str(error), FAILED)
    return FINE


def _own_url(asked: argparse.Namespace) -> str:
    """Return where the daemon tells its health, as far as the configuration says."""
    try:
        return healthcheck.own_url(_load(asked).settings.server)
    except ConfigurationError as error:  # a daemon goes on with what it read before
        _complain(f"{error.problems[0]}: the usual address is asked")
        return f"http://{demo.LISTEN}"


def check(asked: argparse.Namespace) -> int:
    """Validate the configuration and show what is in force."""
    loaded = _load(asked)
    endpoint.check(loaded.settings.server)
    found = report.describe(loaded, expected_cost(loaded.settings))
    render = report.render_json if asked.output == "json" else report.render_text
    _say(render(found).rstrip("\n"))
    return FAILED if asked.strict and found.warnings else FINE


def maintain(asked: argparse.Namespace) -> int:
    """Begin, end or list maintenance, which is no time to ask or to alarm."""
    _say(maintenance.answer(asked, _load(asked).settings, os.environ))
    return FINE


def show_schema(_: argparse.Namespace) -> int:
    """Print the JSON Schema of the configuration file."""
    _say(json.dumps(schema(), indent=2))
    return FINE


def show_metrics(_: argparse.Namespace) -> int:
    """Print the reference of all metrics."""
    _say(metrics_page(FAMILIES).rstrip("\n"))
    return FINE


def _parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="tm-exporter",
        description="Monitor the Tensormesh inference service for Prometheus.",
    )
    parser.add_argument(
        "--version", action="version", version=f"tm-exporter {__version__}"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in _COMMANDS.items():
        about = (command.__doc__ or "").strip()
        sub = commands.add_parser(name, help=about, description=about)
        sub.set_defaults(command=command)
        for option, settings in _OPTIONS[name].items():
            sub.add_argument(option, **settings)
        if name == "maintenance":
            maintenance.add_steps(sub, {"--config": _CONFIG})
    return parser


_CONFIG: dict[str, Any] = {
    "type": Path,
    "metavar": "FILE",
    "help": "configuration in YAML; TM_EXPORTER_CONFIG where left out",
}
_LISTEN: dict[str, Any] = {
    "metavar": "HOST:PORT",
    "help": "address to listen on; port 0 picks a free one",
}
_SCENARIO: dict[str, Any] = {
    "metavar": "NAME",
    "default": "healthy",
    "help": "what to play; `tm-exporter simulate --list` shows all",
}


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 <= float(text) < float("inf"):
            return float(text)
    raise argparse.ArgumentTypeError(f"must be a number of seconds, not {text!r}")


def _url(text: str) -> str:
    """Return an address that may be repeated in messages."""
    with contextlib.suppress(ValueError):  # of what is none, who asks there says so
        if "@" in urlsplit(text).netloc:
            raise argparse.ArgumentTypeError(
                "must have no user name and no password in it"
            )
    return text


_COMMANDS: dict[str, Command] = {
    "run": run,
    "demo": run_demo,
    "simulate": simulate,
    "probe": probe,
    "evidence": evidence,
    "healthcheck": check_health,
    "check": check,
    "maintenance": maintain,
    "schema": show_schema,
    "metrics": show_metrics,
}
_OPTIONS: dict[str, dict[str, dict[str, Any]]] = {
    "run": {"--config": _CONFIG, "--listen": _LISTEN},
    "demo": {
        "--listen": {**_LISTEN, "default": demo.LISTEN},
        "--scenario": _SCENARIO,
        "--for": {
            "dest": "seconds",
            "type": _seconds,
            "metavar": "SECONDS",
            "help": "end after this time; without it, run until interrupted",
        },
    },
    "simulate": {
        "--listen": {**_LISTEN, "default": "127.0.0.1:9878"},
        "--scenario": _SCENARIO,
        "--list": {"action": "store_true", "help": "print the scenarios and end"},
        "--until-stdin-closes": {"action": "store_true", "help": argparse.SUPPRESS},
    },
    "probe": {
        "--config": _CONFIG,
        "--target": {"metavar": "NAME", "help": "only probes of this target"},
        "--probe": {"metavar": "NAME", "help": "only probes of this name"},
        "--output": {"choices": ("table", "json"), "default": "table"},
    },
    "evidence": {
        "probe_id": {
            "metavar": "PROBE_ID",
            "help": "of the run: in the log, on the status page, in its JSON",
        },
        "--url": {
            "type": _url,
            "default": f"http://{demo.LISTEN}",
            "help": "address of the daemon; %(default)s where left out",
        },
        "--output": {
            "choices": ("text", "json"),
            "help": "text on a terminal, JSON elsewhere",
        },
    },
    "healthcheck": {
        "--url": {
            "type": _url,
            "metavar": "URL",
            "help": "address of the daemon; that of the configuration where left out",
        },
        "--config": _CONFIG,
    },
    "check": {
        "--config": _CONFIG,
        "--output": {"choices": ("text", "json"), "default": "text"},
        "--strict": {"action": "store_true", "help": "exit with 1 on a warning"},
    },
    "maintenance": {},
    "schema": {},
    "metrics": {},
}


def _load(asked: argparse.Namespace) -> Loaded:
    """Return the configuration that the command line and its surroundings make."""
    listen = getattr(asked, "listen", None)
    overrides = {} if listen is None else {"server": {"listen": listen}}
    return load(file=asked.config, environ=os.environ, overrides=overrides)


@contextlib.contextmanager
def _logging(loaded: Loaded) -> Iterator[Logging]:
    """Have the log as configured, and what is left of it written at the end."""
    settings = loaded.settings.log
    logging = configure(format=settings.format, level=settings.level)
    try:
        yield logging
    finally:
        logging.close()


def _check_scenario(name: str) -> None:
    """Refuse a scenario that nobody wrote."""
    if name not in scenarios():
        raise demo.SimulatorFailed(
            f"no scenario {name!r}: `tm-exporter simulate --list` shows all"
        )


class _Unheard(Exception):  # noqa: N818 -- a state, and often no error at all
    """Standard output takes nothing more, for the cause that is given."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(cause)
        self.cause = cause


def _announce(url: str, *more: str) -> None:
    """Print the line that scripts wait for; a daemon goes on if nobody listens."""
    with contextlib.suppress(_Unheard):
        for line in (f"listening on {url}", *more):
            _say(line)


def _say(text: str) -> None:
    try:
        print(text, flush=True)  # noqa: T201 -- what was asked for
    except OSError as error:  # so that the interpreter has no second try at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise _Unheard(error) from None


def _complain(text: str, status: int = BAD) -> int:
    print(f"tm-exporter: {text}", file=sys.stderr)  # noqa: T201 -- for people
    return status
