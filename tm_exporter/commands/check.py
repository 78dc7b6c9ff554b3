"""`tm-exporter check`: is the configuration right, and what does it come to?"""

import argparse

from tm_exporter.assembly.treasury import expected_cost
from tm_exporter.commands.command import FAILED, FINE, Command
from tm_exporter.commands.loading import load_asked
from tm_exporter.commands.options import CONFIG
from tm_exporter.commands.speaking import say
from tm_exporter.config import report
from tm_exporter.daemon import endpoint


def check(asked: argparse.Namespace) -> int:
    """Validate the configuration and show what is in force."""
    loaded = load_asked(asked)
    endpoint.check(loaded.settings.server)
    found = report.describe(loaded, expected_cost(loaded.settings))
    render = report.render_json if asked.output == "json" else report.render_text
    say(render(found).rstrip("\n"))
    return FAILED if asked.strict and found.warnings else FINE


CHECK = Command(
    name="check",
    run=check,
    about="Validate the configuration and show what is in force.",
    options={
        "--config": CONFIG,
        "--output": {
            "choices": ("text", "json"),
            "default": "text",
            "help": "for people, or for programs (default: %(default)s)",
        },
        "--strict": {"action": "store_true", "help": "exit with 1 on a warning"},
    },
    more=(
        "It prints each value with where it was written, what is not watched and why,"
        " what the paid probes are expected to cost, how soon objectives page, and what"
        " is unwise. It asks no service, runs no program and shows no secret."
    ),
    examples={
        "tm-exporter check --config exporter.yml": "before it is in force",
        "tm-exporter check --config exporter.yml --strict": "in a pipeline",
    },
    statuses={
        0: "it can be used",
        1: "it can be used, but there are warnings, and `--strict` was given",
        2: "it cannot be used",
    },
)
