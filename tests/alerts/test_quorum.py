"""Several installations that watch one service: a majority pages."""

from dataclasses import replace
from pathlib import Path

from tests.alerts.promtool import Fires, Series, Story, check, each_lane
from tests.alerts.watching import Happening, Watched, between, healthy, told
from tm_exporter.alerts import objectives, surface
from tm_exporter.alerts.quorum import quorum
from tm_exporter.alerts.render import Release


DOWN = "TensormeshSurfaceDown"
BURN = "TensormeshErrorBudgetBurn"
TARGET = {"target": "serverless", "surface": "serverless"}
PAGE = {**TARGET, "severity": "critical"}
MINUTES = 90

HEALTH = Watched(probe="health", model="", paid=False, availability=None)
OUTAGE = between(60, MINUTES, "server_error")


def seen_from(cluster: str, happening: Happening) -> list[Series]:
    """Return what the exporter of a cluster tells."""
    return [
        replace(series, labels={"cluster": cluster, **series.labels})
        for watched in (HEALTH, Watched())
        for series in told(watched, MINUTES, happening)
    ]


STORIES = (
    Story(
        name="one of two places sees an outage",
        series=[*seen_from("a", OUTAGE), *seen_from("b", healthy)],
        expects=(Fires(DOWN, "90m"), Fires(BURN, "90m")),
        no_pages=("90m",),
    ),
    Story(
        name="both places see an outage: one page, of no place",
        series=[*seen_from("a", OUTAGE), *seen_from("b", OUTAGE)],
        expects=(
            Fires(DOWN, "70m", (PAGE,)),
            Fires(BURN, "70m", ({**PAGE, "model": "m"},)),
        ),
    ),
    Story(
        name="two of three places are more than half",
        series=[
            *seen_from("a", OUTAGE),
            *seen_from("b", OUTAGE),
            *seen_from("c", healthy),
        ],
        expects=(Fires(DOWN, "70m", (PAGE,)),),
    ),
    Story(
        name="who watches alone decides alone",
        series=seen_from("a", OUTAGE),
        expects=(Fires(DOWN, "70m", (PAGE,)),),
    ),
)


@each_lane
def test_more_than_half_of_the_places_page(lane: str, tmp_path: Path) -> None:
    """One that is cut off does not, and one that is alone is not without a voice."""
    groups = quorum((*objectives.GROUPS, *surface.GROUPS))
    release = Release(group_labels=("cluster",))

    assert not check(STORIES, lane, tmp_path, groups, release=release)
