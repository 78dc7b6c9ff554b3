"""`tm-exporter demo`: the daemon against a simulator."""

import argparse
import sys

from tm_exporter import demo
from tm_exporter.commands.command import FINE, Command
from tm_exporter.commands.loading import logging_of
from tm_exporter.commands.options import LISTEN, SCENARIO, check_scenario, seconds
from tm_exporter.commands.speaking import announce
from tm_exporter.daemon.daemon import Daemon
from tm_exporter.daemon.serve import serve
from tm_exporter.process import event_loop


def run_demo(asked: argparse.Namespace) -> int:
    """Run daemon and simulator until they are told to end, or for a time."""
    check_scenario(asked.scenario)
    with demo.simulator(asked.scenario) as url, demo.state() as directory:
        for_people = sys.stderr.isatty()
        loaded = demo.configuration(
            url, asked.listen, "console" if for_people else "json", directory
        )

        def tell(page: str) -> None:
            announce(page, demo.instructions(url))

        with logging_of(loaded) as logging:
            daemon = Daemon(loaded, logging, asked.listen)
            event_loop.run(serve(daemon, tell, asked.seconds))
    return FINE


DEMO = Command(
    name="demo",
    run=run_demo,
    about="Run the daemon against a simulator.",
    options={
        "--listen": {**LISTEN, "default": demo.LISTEN},
        "--scenario": SCENARIO,
        "--for": {
            "dest": "seconds",
            "type": seconds,
            "metavar": "SECONDS",
            "help": "end after this time; without it, run until interrupted",
        },
    },
    more=(
        "Every probe runs, on all three surfaces, without account, key or network. No"
        " configuration is read, and its state is thrown away. It prints where it"
        " listens, and how to break what it watches."
    ),
    examples={
        "tm-exporter demo": f"then open http://{demo.LISTEN}",
        "tm-exporter demo --scenario outage --for 60": "a minute of an outage",
    },
)
