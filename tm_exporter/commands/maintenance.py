"""`tm-exporter maintenance`: time in which nothing is asked and nobody is alarmed."""

import argparse
import os

from tm_exporter.commands.command import FINE, Command
from tm_exporter.commands.loading import load_asked
from tm_exporter.commands.options import CONFIG
from tm_exporter.commands.speaking import say
from tm_exporter.maintenance import command as maintenance
from tm_exporter.maintenance.options import OPTIONS


def _step(name: str, doing: maintenance.Step) -> Command:
    """Return a step, which works on the state directory: no daemon need run."""

    def run(asked: argparse.Namespace) -> int:
        say(maintenance.answer(doing, asked, load_asked(asked).settings, os.environ))
        return FINE

    about = (doing.__doc__ or "").strip().splitlines()[0]
    return Command(name, run, about, {**OPTIONS[name], "--config": CONFIG})


MAINTENANCE = Command(
    name="maintenance",
    run=None,
    about="Begin, end or list maintenance, in which nothing is asked or alarmed.",
    more=(
        "It is kept in the state directory; a daemon that has its state there heeds it"
        " within seconds. Recurring windows belong into the configuration."
    ),
    examples={
        "tm-exporter maintenance start --reason 'new nodes' --for 2h": "for everything",
        "tm-exporter maintenance start --reason move --target nebius": "for a target",
        "tm-exporter maintenance end": "before its time",
    },
    statuses={0: "done", 1: "nothing has this name", 2: "it was refused, and why"},
    steps=(
        _step("start", maintenance.start),
        _step("end", maintenance.end),
        _step("list", maintenance.show),
    ),
)
