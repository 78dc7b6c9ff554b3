"""`tm-exporter simulate`: the simulated service alone."""

import argparse

from tm_exporter.commands.command import FINE, Command
from tm_exporter.commands.options import LISTEN, SCENARIO, check_scenario
from tm_exporter.commands.speaking import say
from tm_exporter.simulator import command as simulator
from tm_exporter.simulator.scenarios import scenarios
from tm_exporter.web.listen import parse


def simulate(asked: argparse.Namespace) -> int:
    """Run the simulator, or list what it can play."""
    if asked.list:
        width = max(map(len, scenarios()))
        for name, description in scenarios().items():
            say(f"{name.ljust(width)}  {description}")
        return FINE
    check_scenario(asked.scenario)
    host, port = parse(asked.listen)
    return simulator.serve(
        host, port, asked.scenario, until_stdin_closes=asked.until_stdin_closes
    )


SIMULATE = Command(
    name="simulate",
    run=simulate,
    about="Run the simulator, or list what it can play.",
    options={
        "--listen": {**LISTEN, "default": "127.0.0.1:9878"},
        "--scenario": SCENARIO,
        "--list": {"action": "store_true", "help": "print the scenarios and end"},
        "--until-stdin-closes": {"action": "store_true", "help": argparse.SUPPRESS},
    },
    more=(
        "It is a Tensormesh of all three surfaces, for trying a configuration. It"
        " prints its addresses and keys, and how to switch its faults."
    ),
    examples={
        "tm-exporter simulate --scenario overloaded": "one that answers 429",
        "tm-exporter simulate --list": "all that it can play",
    },
)
