"""What `tm-exporter maintenance` can be told, as argparse wants it."""

import argparse
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

from tm_exporter.config.window import LONGEST
from tm_exporter.section import parse_duration


_LONGEST_LINE = 200


def duration(text: str) -> timedelta:
    """Return how long a window is to last, for argparse."""
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if seconds > LONGEST:
        raise argparse.ArgumentTypeError("must be at most 366d")
    return timedelta(seconds=seconds)


def moment(text: str) -> datetime:
    """Return when a window is to end, for argparse."""
    with contextlib.suppress(ValueError, OverflowError):
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    raise argparse.ArgumentTypeError(
        f"{text!r} is no time with a zone, such as 2026-01-31T22:00:00Z"
    )


def words(text: str) -> str:
    """Return a text of one line, for argparse."""
    if text.strip() and text.isprintable() and len(text) <= _LONGEST_LINE:
        return text.strip()
    raise argparse.ArgumentTypeError("must be one line of at most 200 characters")


_START: dict[str, dict[str, Any]] = {
    "--reason": {
        "type": words,
        "required": True,
        "metavar": "TEXT",
        "help": "why, for those who look at the status page",
    },
    "--for": {
        "dest": "lasts",
        "type": duration,
        "default": timedelta(hours=1),
        "metavar": "DURATION",
        "help": "how long, such as 30m or 2h (default: 1h)",
    },
    "--until": {
        "type": moment,
        "metavar": "TIME",
        "help": "when it ends instead, such as 2026-01-31T22:00:00Z",
    },
    "--target": {
        "action": "append",
        "default": [],
        "metavar": "NAME",
        "help": "only this target; may be given again (default: all)",
    },
    "--model": {
        "action": "append",
        "default": [],
        "metavar": "NAME",
        "help": "only this model; may be given again (default: targets as a whole)",
    },
    "--by": {
        "type": words,
        "metavar": "WHO",
        "help": "who begins it (default: the user that gives the command)",
    },
}
OPTIONS: dict[str, dict[str, dict[str, Any]]] = {
    "start": _START,
    "end": {
        "name": {
            "nargs": "*",
            "metavar": "NAME",
            "help": "as `start` and `list` print it; not needed if there is only one",
        },
        "--all": {"action": "store_true", "help": "all that were begun by hand"},
    },
    "list": {
        "--output": {
            "choices": ("text", "json"),
            "default": "text",
            "help": "for people, or for programs (default: %(default)s)",
        }
    },
}
"""By step and option."""
