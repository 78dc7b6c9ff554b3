"""Failures of canaries, and when their error budget burns too fast."""

from collections.abc import Sequence

from tests.alerts.promtool import Fires, Series, Story
from tests.alerts.watching import (
    Happening,
    Watched,
    at_minutes,
    between,
    every,
    healthy,
    told,
)
from tm_exporter import catalog


BURN = "TensormeshErrorBudgetBurn"
CHAT = {"target": "serverless", "surface": "serverless", "probe": "chat_stream"}
PAGE = ({**CHAT, "model": "m", "severity": "critical"},)
TICKET = ({**CHAT, "model": "m", "severity": "warning"},)


def canary(
    minutes: float, happening: Happening, watched: Watched | None = None
) -> list[Series]:
    """Return a canary and a healthy free probe beside it, of the same target."""
    health = Watched(probe="health", model="", paid=False, availability=None)
    return [
        *told(watched or Watched(), minutes, happening),
        *told(health, minutes, healthy),
    ]


def _both(first: Sequence[Series], second: Sequence[Series]) -> list[Series]:
    return [*first, *second]


_MAINTENANCE = Series(
    catalog.MAINTENANCE_ACTIVE,
    {"target": "serverless", "surface": "serverless"},
    " ".join("1" if minute >= 75 else "0" for minute in range(101)),
)

STORIES = (
    Story(
        name="everything fails from minute 60 on, refused",
        series=canary(90, between(60, 90, "connect_refused")),
        expects=(
            Fires(BURN, "69m", PAGE, starts=True),
            Fires(BURN, "90m", PAGE),
        ),
    ),
    Story(
        name="every second run fails",
        series=canary(90, every(2, 60, "server_error")),
        expects=(Fires(BURN, "77m", PAGE, starts=True),),
    ),
    Story(
        name="every fifth run fails",
        series=canary(120, every(5, 60, "server_error")),
        expects=(Fires(BURN, "101m", PAGE, starts=True),),
    ),
    Story(
        name="one blip",
        series=canary(120, at_minutes("server_error", 60)),
        expects=(Fires(BURN, "60m"), Fires(BURN, "2h")),
        no_pages=("2h",),
    ),
    Story(
        name="two blips 40 minutes apart",
        series=canary(180, at_minutes("server_error", 60, 100)),
        expects=(Fires(BURN, "100m"), Fires(BURN, "3h")),
        no_pages=("3h",),
    ),
    Story(
        name="two failures of a strict objective are not enough, three are",
        series=canary(
            90, at_minutes("server_error", 60, 61, 62), Watched(availability=0.999)
        ),
        expects=(
            Fires(BURN, "61m"),
            Fires(BURN, "62m", PAGE, starts=True),
        ),
    ),
    Story(
        name="cold start with six failures in the only hour there is",
        series=canary(90, at_minutes("server_error", 2, 12, 22, 32, 42, 52)),
        expects=(Fires(BURN, "1h"), Fires(BURN, "90m")),
        no_pages=("90m",),
    ),
    Story(
        name="the exporter restarts twice during an outage",
        series=canary(
            90, between(60, 90, "server_error"), Watched(restarts=(3930, 4110))
        ),
        expects=(Fires(BURN, "69m", PAGE, starts=True), Fires(BURN, "80m", PAGE)),
    ),
    Story(
        name="counters begin anew while all is well",
        series=canary(
            180,
            at_minutes("server_error", 10, 20, 30),
            Watched(restarts=(3630, 5430, 7230)),
        ),
        expects=(Fires(BURN, "3h"),),
        no_pages=("3h",),
    ),
    Story(
        name="a canary every ten minutes fails once",
        series=canary(120, at_minutes("server_error", 30), Watched(interval=600)),
        expects=(Fires(BURN, "40m"), Fires(BURN, "2h")),
        no_pages=("2h",),
    ),
    Story(
        name="a canary every ten minutes fails for good",
        series=canary(180, between(90, 180, "server_error"), Watched(interval=600)),
        expects=(
            Fires(BURN, "2h", PAGE, starts=True),
            # The short window of the fast tier is empty now and then; the page stays.
            *(Fires(BURN, f"{minute}m", PAGE) for minute in range(121, 141, 2)),
        ),
    ),
    Story(
        name="mixed intervals: a slow canary's failure does not weigh on a fast one",
        series=_both(
            canary(120, at_minutes("server_error", 60, 90)),
            told(
                Watched(probe="chat", interval=1800, model="m"),
                120,
                lambda time: "server_error" if time >= 1800 else "",
            ),
        ),
        expects=(Fires(BURN, "61m"), Fires(BURN, "89m")),
        no_pages=("89m",),
    ),
    Story(
        name="throttled runs and faults of our own burn nothing",
        series=_both(
            canary(90, between(60, 90, "throttled")),
            told(Watched(probe="chat"), 90, between(60, 90, "internal")),
        ),
        expects=(Fires(BURN, "90m"),),
    ),
    Story(
        name="without an objective there is no budget",
        series=canary(90, between(60, 90, "server_error"), Watched(availability=None)),
        expects=(Fires(BURN, "90m"),),
    ),
    Story(
        name="maintenance quiets what already pages",
        series=[*canary(100, between(60, 100, "server_error")), _MAINTENANCE],
        expects=(Fires(BURN, "74m30s", PAGE), Fires(BURN, "76m"), Fires(BURN, "95m")),
    ),
    Story(
        name="staging is down beside healthy production",
        series=_both(
            canary(90, healthy),
            canary(90, between(60, 90, "tls"), Watched(target="staging")),
        ),
        expects=(Fires(BURN, "75m", ({"target": "staging", "severity": "critical"},)),),
    ),
    Story(
        name="two releases watch the same service: each has its own rules",
        series=_both(
            canary(90, healthy),
            told(Watched(job="other"), 90, between(60, 90, "tls")),
        ),
        expects=(Fires(BURN, "90m"),),
        no_pages=("90m",),
    ),
)
