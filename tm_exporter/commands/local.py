"""The daemon on this machine, which the configuration tells of."""

import argparse
from collections.abc import Callable

from tm_exporter import demo
from tm_exporter.commands.loading import load_asked
from tm_exporter.commands.speaking import complain
from tm_exporter.config.origin import ConfigurationError
from tm_exporter.config.sections import ServerSection


def asked_url(asked: argparse.Namespace, own: Callable[[ServerSection], str]) -> str:
    """
    Return the address that was given, else that of the configuration's daemon.

    Args:
        asked: The command line, with `url` and `config`.
        own: Returns where the daemon of a configuration is.

    Raises:
        Unhealthy: Its port is not known before it listens.
    """
    if asked.url:
        return str(asked.url)
    try:
        return own(load_asked(asked).settings.server)
    except ConfigurationError as error:  # a daemon goes on with what it read before
        complain(f"{error.problems[0]}: the usual address is asked")
        return f"http://{demo.LISTEN}"
