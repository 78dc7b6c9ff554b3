"""The configuration and the log of a command."""

import argparse
import contextlib
import os
from collections.abc import Iterator

from tm_exporter.config.load import Loaded, load
from tm_exporter.logs.setup import Logging, configure


def load_asked(asked: argparse.Namespace) -> Loaded:
    """
    Return the configuration that the command line and its surroundings make.

    Raises:
        ConfigurationError: It cannot be used.
    """
    listen = getattr(asked, "listen", None)
    overrides = {} if listen is None else {"server": {"listen": listen}}
    return load(file=asked.config, environ=os.environ, overrides=overrides)


@contextlib.contextmanager
def logging_of(loaded: Loaded) -> Iterator[Logging]:
    """
    Have the log as configured, and what is left of it written at the end.

    Yields:
        What masks secrets in it.
    """
    settings = loaded.settings.log
    logging = configure(format=settings.format, level=settings.level)
    try:
        yield logging
    finally:
        logging.close()
