"""Two days in which nothing is wrong but what always is."""

import random
import zlib
from dataclasses import replace

from tests.alerts.promtool import Fires, Series, Story
from tests.alerts.watching import Happening, Watched, told
from tm_exporter import catalog
from tm_exporter.alerts import GROUPS
from tm_exporter.alerts.overrides import alerts_of
from tm_exporter.alerts.rule import Alert


EVALUATION = "6m"
STEP = "2m"
MINUTES = 2 * 24 * 60
STEPS = MINUTES // 2

CHAT = Watched(interval=300, ttft=0.95)
HEALTH = Watched(probe="health", model="", paid=False, availability=None, interval=300)
ACCOUNT = {"target": "account", "surface": "control_plane"}


def _noise(seed: str) -> Happening:
    """
    Return a service of which one run in 250 fails, and one in 60 is slow.

    Two failures within an hour and a half happen, three do not.
    """
    dice = random.Random(zlib.crc32(seed.encode()))  # noqa: S311  # noise, no secret
    recent: list[float] = []

    def happens(time: float) -> str:
        if time and time % 72_000 == 0:
            return "throttled"
        drawn = dice.random()
        if drawn < 1 / 250 and sum(time - at < 6 * 3600 for at in recent) < 2:
            recent.append(time)
            return dice.choice(["timeout", "server_error", "connection_lost"])
        return "slow" if drawn > 59 / 60 else ""

    return happens


def _watched(target: str, surface: str) -> list[Series]:
    """Return the probes of a surface with two models."""
    probes = (HEALTH, CHAT, replace(CHAT, model="n"))
    return [
        series
        for probe in probes
        for series in told(
            replace(probe, target=target, surface=surface),
            MINUTES,
            _noise(target + probe.model),
            step=120,
        )
    ]


def _steady(family: catalog.Family | str, value: float, **labels: str) -> Series:
    return Series(family, labels, f"{value:g}x{STEPS}")


_OWN = (
    _steady("up", 1),
    _steady(catalog.EXPORTER_LEADER, 1),
    _steady(catalog.EXPORTER_LEDGER_HEALTHY, 1),
    _steady(catalog.EXPORTER_CONFIG_LAST_RELOAD_SUCCESSFUL, 1),
    _steady(catalog.EXPORTER_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS, 0),
    _steady(catalog.EXPORTER_SHARD_INFO, 1, index="0", total="1"),
    _steady(catalog.CONTROL_PLANE_TOKEN_VALID, 1, **ACCOUNT),
    _steady(catalog.BILLING_BALANCE, 250, currency="USD", **ACCOUNT),
    _steady(catalog.BILLING_RUNWAY_SECONDS, 40 * 86_400, **ACCOUNT),
)


def _is_urgent(alert: Alert) -> bool:
    return alert.severity == "critical"


STORIES = (
    Story(
        name="two days of healthy noise",
        step=STEP,
        series=[
            *_watched("serverless", "serverless"),
            *_watched("nebius", "on_demand"),
            *_OWN,
        ],
        expects=[
            Fires(name, f"{hours}h")
            for name in sorted({a.name for a in alerts_of(GROUPS) if _is_urgent(a)})
            for hours in (24, 48)
        ],
        no_pages=("48h",),
    ),
)
