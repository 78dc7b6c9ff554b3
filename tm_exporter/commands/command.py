"""What a command is, for the parser, the completions and the manual page."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


FINE, FAILED, BAD = 0, 1, 2
"""Exit statuses: fine; something failed; it could not even be tried."""

Settings = Mapping[str, Any]
"""Of an option or an argument, as argparse's `add_argument` takes them."""


@dataclass(frozen=True, slots=True)
class Command:
    """
    A command, or a step of one.

    Attributes:
        name: The word that calls it.
        run: Does it, and returns the exit status; None for what has steps.
        about: A sentence on what it does.
        options: By name; those without `--` are arguments, in their order.
        more: What else a user should know, in sentences.
        examples: What it is good for, by the line that does it.
        statuses: What exit statuses mean that are not the usual ones.
        steps: Words of which one must follow.
    """

    name: str
    run: Callable[[argparse.Namespace], int] | None
    about: str
    options: Mapping[str, Settings] = field(default_factory=dict)
    more: str = ""
    examples: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[int, str] = field(default_factory=dict)
    steps: tuple["Command", ...] = ()
