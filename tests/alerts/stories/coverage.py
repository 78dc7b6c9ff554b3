"""What is not looked at."""

from tests.alerts.promtool import Fires, Story
from tests.alerts.watching import Happening, Watched, between, healthy, told


LOW = "TensormeshCoverageLow"
STALE = "TensormeshProbeStale"
CHAT = Watched(interval=120)
PROBE = {
    "target": "serverless",
    "surface": "serverless",
    "probe": "chat_stream",
    "model": "m",
}


def _no_slots(start: float) -> Happening:
    """Return a schedule that hangs from a minute on."""
    return lambda time: None if time > start * 60 else ""


STORIES = (
    Story(
        name="the budget is used up",
        series=told(CHAT, 180, between(60, 180, "skipped:budget")),
        expects=(
            Fires(LOW, "60m"),
            Fires(LOW, "85m", (PROBE,)),
            Fires(STALE, "3h"),
        ),
        no_pages=("3h",),
    ),
    Story(
        name="two slots of a day are missed",
        series=told(
            CHAT,
            180,
            lambda time: "skipped:missed" if time in {3600, 7200} else "",
        ),
        expects=(Fires(LOW, "3h"),),
    ),
    Story(
        name="slots in maintenance are not lost",
        series=told(CHAT, 180, between(60, 180, "skipped:maintenance")),
        expects=(Fires(LOW, "3h"), Fires(STALE, "3h")),
    ),
    Story(
        name="an hourly probe overlaps itself",
        series=told(
            Watched(probe="responses", interval=3600),
            360,
            between(60, 360, "skipped:overlap"),
        ),
        expects=(
            Fires(LOW, "3h"),
            Fires(LOW, "6h", ({**PROBE, "probe": "responses"},)),
        ),
    ),
    Story(
        name="the schedule hangs",
        series=told(CHAT, 120, _no_slots(60)),
        expects=(
            Fires(STALE, "72m"),
            Fires(STALE, "73m", (PROBE,), starts=True),
        ),
        no_pages=("2h",),
    ),
    Story(
        name="all run",
        series=told(CHAT, 120, healthy),
        expects=(Fires(STALE, "2h"), Fires(LOW, "2h")),
    ),
)
