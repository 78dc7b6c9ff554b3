"""
Everything between a fault of the service and the person who is paged, for real.

A simulated service, the daemon, Prometheus with the shipped rules, Alertmanager with
the shipped example, and a receiver of its notifications: processes on loopback, in a
world that is `FACTOR` times faster. What people call a minute is one second here.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import SIGHUP
from typing import Any

import yaml

from tests.e2e.alertmanager import EXAMPLE, alertmanager
from tests.e2e.breakable import Service, breakable_service
from tests.e2e.children import TM_EXPORTER, child
from tests.e2e.daemon import Daemon, listening
from tests.e2e.prometheus import ROOT, Prometheus, prometheus
from tests.e2e.receiver import Notification, Receiver, receiver
from tests.e2e.time_scale import faster_routes, faster_rules, shorter, written
from tests.e2e.waiting import eventually
from tests.e2e.watched import FACTOR, MINUTE, Watched, configuration


_RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
_SHIPPED_RUNBOOKS = "http://localhost:9877/"
_SHIPPED_RECEIVER = "http://127.0.0.1:5001"
_EVERY = shorter("1m", FACTOR)


@dataclass(frozen=True)
class Installation:
    """
    All that runs for one incident.

    Attributes:
        service: What is watched.
        daemon: Who watches it.
        prometheus: Who judges.
        receiver: Who is told.
    """

    service: Service
    daemon: Daemon
    prometheus: Prometheus
    receiver: Receiver

    def pages(self) -> list[Notification]:
        """Return all pages so far."""
        return self.receiver.at("/page")

    def wait_for_minutes(self, number: int) -> None:
        """
        Wait until the watchdog has come so many times more.

        It comes once a minute at most, the whole way from Prometheus to the receiver,
        so that whatever else there is to tell has come, too.
        """
        enough = len(self.receiver.at("/watchdog")) + number
        eventually(
            lambda: len(self.receiver.at("/watchdog")) >= enough,
            within=3 * number * MINUTE + 10,
            what=f"{number} notifications of the watchdog",
            context=lambda: str(self),
        )

    def has_ended(self) -> bool:
        """Whether nothing critical is firing, or about to."""
        return not self.prometheus.query('ALERTS{severity="critical"}')

    def __str__(self) -> str:
        told = [*self.pages(), *self.receiver.at("/ticket")]
        return "\n".join(map(str, [*self.prometheus.labels("ALERTS"), *told]))


@contextlib.contextmanager
def installation(lane: str, watched: Watched, folder: Path) -> Iterator[Installation]:
    """Run everything, and wait until a healthy service was watched for a while."""
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(breakable_service(_sub(folder, "service")))
        service.switch(surface="serverless", added=watched.added)
        daemon = stack.enter_context(
            _daemon(service, watched, _sub(folder, "exporter"))
        )
        told = stack.enter_context(receiver())
        config = _routes(told.url)
        away = stack.enter_context(
            alertmanager(lane, config, _sub(folder, "alertmanager"))
        )
        server = stack.enter_context(
            _prometheus(lane, daemon, away, _sub(folder, "prometheus"))
        )
        running = Installation(service, daemon, server, told)
        _wait_until_healthy(running)
        yield running


def _sub(folder: Path, name: str) -> Path:
    path = folder / name
    path.mkdir(parents=True)
    return path


@contextlib.contextmanager
def _daemon(service: Service, watched: Watched, folder: Path) -> Iterator[Daemon]:
    config = folder / "tm-exporter.yml"
    config.write_text(yaml.safe_dump(configuration(service, watched, folder / "state")))
    command = (TM_EXPORTER, "run", "--config", config, "--listen", "127.0.0.1:0")
    with child(folder, *command) as process:
        yield listening(process)


@contextlib.contextmanager
def _prometheus(
    lane: str, daemon: Daemon, alertmanager_url: str, folder: Path
) -> Iterator[Prometheus]:
    """
    Run Prometheus with the shipped rules, whose runbooks are the daemon's.

    It looks for what to scrape only after five seconds, which are five minutes here,
    and would page that nothing can be scraped: so it gets its rules after that.
    """
    rules = written(_seldom(faster_rules(yaml.safe_load(_RULES.read_text()), FACTOR)))
    target = alertmanager_url.removeprefix("http://")
    with prometheus(
        lane,
        daemon.url.removeprefix("http://"),
        folder,
        f"--query.lookback-delta={shorter('5m', FACTOR)}",
        f"--rules.alert.resend-delay={shorter('1m', FACTOR)}",
        every=_EVERY,
        more={
            "rule_files": ["rules.yml"],
            "alerting": {
                "alertmanagers": [{"static_configs": [{"targets": [target]}]}]
            },
        },
    ) as server:
        eventually(
            lambda: server.query("up == 1"),
            within=40,
            what="first scrape",
            context=lambda: str(server.targets()),
        )
        (folder / "rules.yml").write_text(
            rules.replace(_SHIPPED_RUNBOOKS, f"{daemon.url}/")
        )
        server.child.process.send_signal(SIGHUP)  # it reads its configuration again
        yield server


def _seldom(rules: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return rules that are not evaluated twice a minute: that is too much at once."""
    often = shorter("30s", FACTOR)
    groups = [
        {**group, "interval": _EVERY} if group.get("interval") == often else group
        for group in rules["groups"]
    ]
    return {**rules, "groups": groups}


def _routes(receiver_url: str) -> str:
    """Return the example of Alertmanager's configuration, which tells our receiver."""
    shipped = faster_routes(yaml.safe_load(EXAMPLE.read_text()), FACTOR)
    return written(shipped).replace(_SHIPPED_RECEIVER, receiver_url)


def _wait_until_healthy(running: Installation) -> None:
    """Wait until all is well, for five minutes of our time, and the watchdog barks."""
    eventually(
        lambda: running.daemon.get("/-/ready").is_success,
        within=40,
        what="first run of every probe",
    )
    eventually(
        lambda: all(running.daemon.page().verdicts().values()),
        within=20,
        what="passing run of every probe",
        context=lambda: str(running.daemon.page().verdicts()),
    )
    five = shorter("5m", FACTOR)
    history = f"min_over_time(up[{five}]) == 1 and up offset {five}"
    eventually(
        lambda: running.prometheus.query(history) and running.receiver.at("/watchdog"),
        within=40,
        what="watchdog and five minutes of history",
        context=lambda: str(running),
    )
