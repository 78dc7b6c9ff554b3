"""`tm-exporter healthcheck`: for container health checks."""

import argparse

from tm_exporter import healthcheck
from tm_exporter.commands.command import FAILED, FINE, Command
from tm_exporter.commands.local import asked_url
from tm_exporter.commands.options import CONFIG, LOGIN, URL, login
from tm_exporter.commands.speaking import complain, say


def check_health(asked: argparse.Namespace) -> int:
    """Ask the daemon on this machine whether it is well."""
    try:
        who = login(asked)
        say(healthcheck.ask(asked_url(asked, healthcheck.own_url), who))
    except healthcheck.Unhealthy as error:
        return complain(str(error), FAILED)
    return FINE


HEALTHCHECK = Command(
    name="healthcheck",
    run=check_health,
    about="Ask the daemon on this machine whether it is well.",
    options={
        "--url": URL,
        "--config": CONFIG,
        **LOGIN,
    },
    more=(
        "It asks `/-/healthy`; an address that ends in `/-/ready` is asked as it is."
        " Where no user and no file is named, it sends no credential and takes any"
        " certificate."
    ),
    examples={
        "tm-exporter healthcheck": "as the image does every 30 s",
        "tm-exporter healthcheck --url http://127.0.0.1:9877/-/ready": "is it ready?",
    },
    statuses={
        0: "it is well",
        1: "it is not, or does not answer",
        2: "it was not asked",
    },
)
