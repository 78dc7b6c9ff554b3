"""`tm-exporter schema` and `metrics`: what there is to configure and to see."""

import argparse
import json

from tm_exporter.catalog import FAMILIES
from tm_exporter.catalog.page import metrics_page
from tm_exporter.commands.command import FINE, Command
from tm_exporter.commands.speaking import say
from tm_exporter.config.schema import schema


def show_schema(_: argparse.Namespace) -> int:
    """Print the JSON Schema of the configuration file."""
    say(json.dumps(schema(), indent=2))
    return FINE


def show_metrics(_: argparse.Namespace) -> int:
    """Print the reference of all metrics."""
    say(metrics_page(FAMILIES).rstrip("\n"))
    return FINE


SCHEMA = Command(
    name="schema",
    run=show_schema,
    about="Print the JSON Schema of the configuration file.",
    examples={"tm-exporter schema > exporter.schema.json": "for an editor"},
)
METRICS = Command(
    name="metrics",
    run=show_metrics,
    about="Print the reference of all metrics.",
    examples={"tm-exporter metrics | less": "names, labels, meaning, source"},
)
