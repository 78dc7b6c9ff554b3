"""Options that several commands have, and how their values are read."""

import argparse
import contextlib
from pathlib import Path
from urllib.parse import urlsplit

from tm_exporter.commands.command import Settings
from tm_exporter.simulator.scenarios import scenarios


CONFIG: Settings = {
    "type": Path,
    "metavar": "FILE",
    "help": "configuration in YAML; TM_EXPORTER_CONFIG where left out",
}
LISTEN: Settings = {
    "metavar": "HOST:PORT",
    "help": "address to listen on; port 0 picks a free one",
}
SCENARIO: Settings = {
    "metavar": "NAME",
    "default": "healthy",
    "help": "what to play; `tm-exporter simulate --list` shows all",
}


class UnknownScenario(Exception):  # noqa: N818 -- what it is
    """Nobody wrote a scenario of this name."""


def check_scenario(name: str) -> None:
    """
    Refuse a scenario that nobody wrote.

    Raises:
        UnknownScenario: The text says where to look.
    """
    if name not in scenarios():
        raise UnknownScenario(
            f"no scenario {name!r}: `tm-exporter simulate --list` shows all"
        )


def seconds(text: str) -> float:
    """Return a time, for argparse."""
    with contextlib.suppress(ValueError):
        if 0 <= float(text) < float("inf"):
            return float(text)
    raise argparse.ArgumentTypeError(f"must be a number of seconds, not {text!r}")


def url(text: str) -> str:
    """Return an address that may be repeated in messages, for argparse."""
    with contextlib.suppress(ValueError):  # of what is none, who asks there says so
        if "@" in urlsplit(text).netloc:
            raise argparse.ArgumentTypeError(
                "must have no user name and no password in it"
            )
    return text
