"""Options that several commands have, and how their values are read."""

import argparse
import contextlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tm_exporter.clients.trust import TrustSet
from tm_exporter.commands.command import Settings
from tm_exporter.one_shot.login import Login, LoginUnusable
from tm_exporter.simulator.scenarios import scenarios


CONFIG: Settings = {
    "type": Path,
    "metavar": "FILE",
    "help": "configuration in YAML; TM_EXPORTER_CONFIG where left out",
}
LISTEN: Settings = {
    "metavar": "HOST:PORT",
    "help": "address to listen on, every one without HOST; port 0 picks a free one",
}
SCENARIO: Settings = {
    "metavar": "NAME",
    "default": "healthy",
    "help": "what to play; `tm-exporter simulate --list` shows all",
}


def url(text: str) -> str:
    """Return an address that may be repeated in messages, for argparse."""
    with contextlib.suppress(ValueError):  # of what is none, who asks there says so
        if "@" in urlsplit(text).netloc:
            raise argparse.ArgumentTypeError(
                "must have no user name and no password in it"
            )
    return text


URL: Settings = {
    "type": url,
    "metavar": "URL",
    "help": "address of the daemon; that of the configuration where left out",
}


def _file(what: str) -> Settings:
    return {"type": Path, "metavar": "FILE", "help": what}


def user(text: str) -> str:
    """Return a name without a password behind it, for argparse."""
    if ":" in text or not text:  # and what stands behind it is not repeated
        raise argparse.ArgumentTypeError(
            "must be a name alone: --password-file names what has the password"
        )
    return text


LOGIN: Mapping[str, Settings] = {
    "--user": {
        "type": user,
        "metavar": "NAME",
        "help": "of `basic_auth_users`, where the daemon's web_config_file has any",
    },
    "--password-file": _file("what has the password of that user"),
    "--ca-file": _file(
        "authority of the daemon's certificate, in PEM; the system's where left out"
    ),
    "--cert-file": _file(
        "certificate to show, in PEM, where the daemon asks clients for one"
    ),
    "--key-file": _file("its key, where that is in a file of its own"),
}
"""Of commands that ask a daemon, in the words of Prometheus' own configuration."""


def login(asked: argparse.Namespace) -> Login:
    """
    Return who asks a daemon.

    Raises:
        LoginUnusable: What was said is half of it.
    """
    if (asked.user is None) != (asked.password_file is None):
        raise LoginUnusable("--user and --password-file go together")
    if asked.key_file is not None and asked.cert_file is None:
        raise LoginUnusable("--key-file goes with --cert-file")
    trust = TrustSet(asked.ca_file, asked.cert_file, asked.key_file)
    return Login(asked.user, asked.password_file, trust)


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
