"""`tm-exporter evidence`: what a run said and was told."""

import argparse
import sys

from tm_exporter import healthcheck
from tm_exporter.commands.command import FAILED, FINE, Command
from tm_exporter.commands.local import asked_url
from tm_exporter.commands.options import CONFIG, LOGIN, URL, login
from tm_exporter.commands.speaking import complain, say
from tm_exporter.logs.printable import printable
from tm_exporter.one_shot import asking
from tm_exporter.one_shot.asking import Form


def evidence(asked: argparse.Namespace) -> int:
    """Print the transcript of a run that a daemon remembers."""
    form: Form = asked.output or ("text" if sys.stdout.isatty() else "json")
    who = login(asked)
    try:
        url = asked_url(asked, healthcheck.pages_url)
    except healthcheck.Unhealthy as error:
        return complain(str(error))
    transcript = asking.evidence(url, asked.probe_id, form, who)
    if transcript is None:
        return complain(
            f"{url} keeps no run of the id {printable(asked.probe_id, 80)}: of"
            " each probe it keeps the last 20 runs and the last 20 failures",
            FAILED,
        )
    say(transcript.rstrip("\n"))
    return FINE


EVIDENCE = Command(
    name="evidence",
    run=evidence,
    about="Print the redacted transcript of a run that a daemon remembers.",
    options={
        "probe_id": {
            "metavar": "PROBE_ID",
            "help": "of the run: in the log, on the status page, in its JSON",
        },
        "--url": URL,
        "--config": CONFIG,
        **LOGIN,
        "--output": {
            "choices": ("text", "json"),
            "help": "for people or for programs; text on a terminal, JSON elsewhere",
        },
    },
    more="It has no secret, prompt or answer in it, and may go into a support ticket.",
    examples={
        "tm-exporter evidence PROBE_ID > ticket.json": "for the support",
        "tm-exporter evidence PROBE_ID --url https://monitor:9877 --ca-file ca.pem"
        " --user me --password-file password": "of a daemon that lets in whom it knows",
    },
    statuses={
        0: "it is printed",
        1: "the daemon has no such run",
        2: "no daemon answers, or it lets nobody of this name in",
    },
)
