"""Several installations that watch one service: a majority pages."""

from dataclasses import replace
from pathlib import Path

import yaml

from tests.alerts.promtool import Fires, Series, Story, check_file, each_lane
from tests.alerts.stories.credentials import KEY_INVALID
from tests.alerts.stories.incidents import KNOWN
from tests.alerts.watching import Happening, Watched, between, healthy, told
from tm_exporter.alerts.page import quorum_rules


DOWN = "TensormeshSurfaceDown"
BURN = "TensormeshErrorBudgetBurn"
TARGET = {"target": "serverless", "surface": "serverless"}
PAGE = {**TARGET, "severity": "critical"}
A, B, NO = {"cluster": "a"}, {"cluster": "b"}, {"cluster": ""}
MINUTES = 90

HEALTH = Watched(probe="health", model="", paid=False, availability=None)
OUTAGE = between(60, MINUTES, "server_error")
REFUSED = between(60, MINUTES, "auth")


def seen_from(cluster: str, happening: Happening) -> list[Series]:
    """Return what the exporter of a cluster tells."""
    return [
        at(cluster, series)
        for watched in (HEALTH, Watched())
        for series in told(watched, MINUTES, happening)
    ]


def at(cluster: str, series: Series) -> Series:
    """Return a series as it is scraped in a cluster."""
    return replace(series, labels={"cluster": cluster, **series.labels})


def refused(cluster: str) -> list[Series]:
    """Return what the exporter of a cluster tells whose key is refused."""
    return [at(cluster, series) for series in told(Watched(), MINUTES, REFUSED)]


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
    Story(
        name="a key that is refused everywhere keeps back the page of no place",
        series=[*refused("a"), *refused("b")],
        expects=(
            Fires(KEY_INVALID, "80m", ({**TARGET, **A}, {**TARGET, **B})),
            Fires(KNOWN, "80m", ({**TARGET, **A}, {**TARGET, **B}, {**TARGET, **NO})),
            Fires(BURN, "80m", ({**PAGE, **NO},)),
        ),
    ),
    Story(
        name="a key that is refused in one of two places keeps back nothing else",
        series=[*refused("a"), *seen_from("b", healthy)],
        expects=(
            Fires(KEY_INVALID, "80m", ({**TARGET, **A},)),
            Fires(KNOWN, "80m", ({**TARGET, **A},)),
            Fires(BURN, "80m"),
        ),
    ),
)


@each_lane
def test_more_than_half_of_the_places_page(lane: str, tmp_path: Path) -> None:
    """One that is cut off does not, and one that is alone is not without a voice."""
    rules = quorum_rules()
    names = [group["name"] for group in yaml.safe_load(rules)["groups"]]

    assert not check_file(STORIES, lane, tmp_path, rules, names)
