"""`tm-exporter healthcheck`: for container health checks."""

import argparse

from tm_exporter import demo, healthcheck
from tm_exporter.commands.command import FAILED, FINE, Command
from tm_exporter.commands.loading import load_asked
from tm_exporter.commands.options import CONFIG, url
from tm_exporter.commands.speaking import complain, say
from tm_exporter.config.origin import ConfigurationError


def check_health(asked: argparse.Namespace) -> int:
    """Ask the daemon on this machine whether it is well."""
    try:
        say(healthcheck.ask(asked.url or _own_url(asked)))
    except healthcheck.Unhealthy as error:
        return complain(str(error), FAILED)
    return FINE


def _own_url(asked: argparse.Namespace) -> str:
    """Return where the daemon tells its health, as far as the configuration says."""
    try:
        return healthcheck.own_url(load_asked(asked).settings.server)
    except ConfigurationError as error:  # a daemon goes on with what it read before
        complain(f"{error.problems[0]}: the usual address is asked")
        return f"http://{demo.LISTEN}"


HEALTHCHECK = Command(
    name="healthcheck",
    run=check_health,
    about="Ask the daemon on this machine whether it is well.",
    options={
        "--url": {
            "type": url,
            "metavar": "URL",
            "help": "address of the daemon; that of the configuration where left out",
        },
        "--config": CONFIG,
    },
    more="It asks `/-/healthy`; an address that ends in `/-/ready` is asked as it is.",
    examples={
        "tm-exporter healthcheck": "as the image does every 30 s",
        "tm-exporter healthcheck --url http://127.0.0.1:9877/-/ready": "is it ready?",
    },
    statuses={0: "it is well", 1: "it is not, or does not answer"},
)
