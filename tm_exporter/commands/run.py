"""`tm-exporter run`: the daemon."""

import argparse

from tm_exporter.commands.command import FINE, Command
from tm_exporter.commands.loading import load_asked, logging_of
from tm_exporter.commands.options import CONFIG, LISTEN
from tm_exporter.commands.speaking import announce
from tm_exporter.daemon.daemon import Daemon
from tm_exporter.daemon.serve import serve
from tm_exporter.process import event_loop


def run(asked: argparse.Namespace) -> int:
    """Run the daemon until SIGTERM or SIGINT."""
    loaded = load_asked(asked)
    with logging_of(loaded) as logging:
        listen = loaded.settings.server.listen
        daemon = Daemon(loaded, logging, listen, load=lambda: load_asked(asked))
        event_loop.run(serve(daemon, announce), loaded.settings.event_loop)
    return FINE


RUN = Command(
    name="run",
    run=run,
    about="Run the daemon.",
    options={"--config": CONFIG, "--listen": LISTEN},
    more=(
        "It prints `listening on http://HOST:PORT` once it does, logs to standard"
        " error, and ends on SIGTERM or SIGINT. SIGHUP has it read its configuration."
        " Without any configuration it watches what is public and costs nothing."
    ),
    examples={
        "tm-exporter run --config exporter.yml": "watch what the file names",
        "TENSORMESH_INFERENCE_API_KEY=... tm-exporter run": "without a file",
    },
    statuses={0: "it was told to end", 2: "the configuration or address is unusable"},
)
