"""`tm-exporter probe`: every configured probe once, now."""

import argparse
import asyncio
import shutil
import sys
from collections.abc import Coroutine
from typing import Any

from tm_exporter.assembly.assembly import Assembly
from tm_exporter.assembly.treasury import asked_purse
from tm_exporter.commands.command import FAILED, FINE, Command
from tm_exporter.commands.loading import load_asked, logging_of
from tm_exporter.commands.options import CONFIG
from tm_exporter.commands.speaking import complain, is_terminal, say, shows_colours
from tm_exporter.config.budget import price_book
from tm_exporter.one_shot import one_shot
from tm_exporter.one_shot.asked import Asked, has_failed, render_json
from tm_exporter.one_shot.progress import Progress, shown
from tm_exporter.one_shot.table import render_table


def probe(asked: argparse.Namespace) -> int:
    """Run what was asked for, and show a row of each run."""
    loaded = load_asked(asked)
    prices, progress = price_book(loaded.settings), Progress()
    with logging_of(loaded) as logging, asked_purse(loaded.settings, prices) as purse:
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
        return complain(why)
    if asked.output == "json":
        say(render_json(seen, mask))
    else:
        say(render_table(seen, mask, colours=shows_colours(sys.stdout)))
    return FAILED if any(map(has_failed, seen.rows)) else FINE


async def _watched(runs: Coroutine[Any, Any, Asked], progress: Progress) -> Asked:
    """Do what is asked for, and show a person at a terminal how far it is."""
    if not is_terminal(sys.stderr):
        return await runs
    async with shown(progress, sys.stderr, shutil.get_terminal_size().columns):
        return await runs


PROBE = Command(
    name="probe",
    run=probe,
    about="Run every configured probe once.",
    options={
        "--config": CONFIG,
        "--target": {"metavar": "NAME", "help": "only probes of this target"},
        "--probe": {"metavar": "NAME", "help": "only probes of this name"},
        "--output": {
            "choices": ("table", "json"),
            "default": "table",
            "help": "for people, or for programs (default: %(default)s)",
        },
    },
    more=(
        "A row each says whether it passed, why not, how long it took and what to do."
        " Probes that generate cost money, out of the same budget as the daemon's."
    ),
    examples={
        "tm-exporter probe --config exporter.yml": "all of them",
        "tm-exporter probe --target serverless --probe chat": "one of them",
    },
    statuses={
        0: "nothing failed; what was skipped has not failed",
        1: "something failed",
        2: "the configuration is unusable, or nothing of this name runs",
    },
)
