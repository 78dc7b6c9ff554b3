"""How the commands speak to people and to scripts."""

import contextlib
import os
import sys
from typing import TextIO

from tm_exporter.commands.command import BAD


class Unheard(Exception):  # noqa: N818 -- a state, and often no error at all
    """Standard output takes nothing more, for the cause that is given."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(cause)
        self.cause = cause


def say(text: str) -> None:
    """
    Print what was asked for.

    Raises:
        Unheard: Nobody takes it.
    """
    try:
        print(text, flush=True)  # noqa: T201 -- what was asked for
    except OSError as error:  # so that the interpreter has no second try at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Unheard(error) from None


def announce(url: str, *more: str) -> None:
    """Print the line that scripts wait for; a daemon goes on if nobody listens."""
    with contextlib.suppress(Unheard):
        for line in (f"listening on {url}", *more):
            say(line)


def complain(text: str, status: int = BAD) -> int:
    """Say on standard error what is wrong, and return the exit status."""
    print(f"tm-exporter: {text}", file=sys.stderr)  # noqa: T201 -- for people
    return status


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at it, on what can draw a line anew."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def shows_colours(stream: TextIO) -> bool:
    """Whether colours are seen and wanted: see https://no-color.org."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")
