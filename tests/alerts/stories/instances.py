"""Several exporters that watch one service."""

from tests.alerts.promtool import Fires, Series, Story
from tests.alerts.watching import Happening, Watched, between, healthy, told


BURN = "TensormeshErrorBudgetBurn"
DOWN = "TensormeshSurfaceDown"
DISAGREE = "TensormeshInstancesDisagree"
TARGET = {"target": "serverless", "surface": "serverless"}


def _free(
    instance: str,
    happening: Happening,
    begin: float = 0.0,
    end: float | None = None,
) -> list[Series]:
    """Return a free probe that has an objective, as an instance tells it."""
    watched = Watched(
        probe="health",
        model="",
        paid=False,
        availability=0.995,
        instance=instance,
        begin=begin,
        end=end,
    )
    return told(watched, 120, happening)


def _leads(start: float, end: float, happening: Happening) -> Happening:
    """Return what becomes of paid slots of who has the lease between minutes."""
    return lambda time: (
        happening(time) if start * 60 < time <= end * 60 else "skipped:not_leader"
    )


def _canary(instance: str, happening: Happening) -> list[Series]:
    return told(Watched(instance=instance), 120, happening)


_BAD = between(60, 120, "connect_timeout")

STORIES = (
    Story(
        name="the lease is handed over in the middle of an outage",
        series=[
            *_canary("a", _leads(0, 65, between(60, 120, "server_error"))),
            *_canary("b", _leads(65, 120, between(60, 120, "server_error"))),
        ],
        expects=(
            Fires(BURN, "69m", ({"model": "m"},), starts=True),
            Fires("TensormeshCoverageLow", "2h"),
        ),
    ),
    Story(
        name="the lease is handed over while all is well",
        series=[
            *_canary("a", _leads(0, 65, healthy)),
            *_canary("b", _leads(65, 120, healthy)),
        ],
        expects=(
            Fires("TensormeshCoverageLow", "2h"),
            Fires("TensormeshProbeStale", "2h"),
        ),
        no_pages=("2h",),
    ),
    Story(
        name="one of two pods has no egress",
        series=[*_free("a", _BAD), *_free("b", healthy)],
        expects=(
            Fires(BURN, "90m"),
            Fires(DOWN, "90m"),
            Fires(DISAGREE, "68m", (TARGET,), starts=True),
            Fires(DISAGREE, "2h", (TARGET,)),
        ),
        no_pages=("2h",),
    ),
    Story(
        name="the pod without egress has the lease: the surface is not down",
        series=[
            *_free("a", _BAD),
            *_canary("a", _BAD),
            *_free("b", healthy),
        ],
        expects=(Fires(DOWN, "90m"), Fires(DISAGREE, "90m", (TARGET,))),
    ),
    Story(
        name="both pods count the failures of the same free probe",
        series=[
            *_free("a", between(60, 64, "server_error")),
            *_free("b", between(60, 64, "server_error")),
        ],
        # Four failures each: eight would be over the 4.32 that page.
        expects=(Fires(BURN, "66m"), Fires(DISAGREE, "2h")),
        no_pages=("1h5m",),
    ),
    Story(
        name="both pods see a free probe fail for long",
        series=[*_free("a", _BAD), *_free("b", _BAD)],
        expects=(
            Fires(BURN, "65m", ({"probe": "health", "severity": "critical"},)),
            Fires(DISAGREE, "2h"),
        ),
    ),
    Story(
        name="a pod that was replaced has no say any more",
        series=[
            *_free("a", healthy, end=3600),
            *_free("b", _BAD, begin=3600),
        ],
        expects=(Fires(BURN, "67m", ({"probe": "health", "severity": "critical"},)),),
    ),
)
