"""What the rules of a release do: with replicas and a lease, and with shards."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from tests.alerts.promtool import Fires, Series, Story, check_file, each_lane
from tests.alerts.watching import Happening, Watched, between, healthy, told
from tests.helm.engine import Json, of_kind, render
from tm_exporter.catalog import EXPORTER_LEADER, EXPORTER_SHARD_INFO, EXPORTER_SHARDS


MINUTES = 75
NAMESPACE = "mon"
JOB = "tm-tm-exporter"

BURN = "TensormeshErrorBudgetBurn"
DOWN = "TensormeshSurfaceDown"
COVERAGE = "TensormeshCoverageLow"
STALE = "TensormeshProbeStale"
INSTANCE_DOWN = "TensormeshInstanceDown"
INSTANCES = "TensormeshInstancesMissing"
SHARD = "TensormeshShardMissing"
NO_LEADER = "TensormeshNoLeader"
TWO_LEADERS = "TensormeshTwoLeaders"

SPOKEN_OF = {
    *(BURN, DOWN, COVERAGE, STALE, INSTANCE_DOWN, INSTANCES, SHARD),
    *(NO_LEADER, TWO_LEADERS),
}
NOTHING = tuple(Fires(alert, "75m") for alert in sorted(SPOKEN_OF))
"""All of it is quiet at the end."""

ALWAYS = f"1x{MINUTES}"
GONE = f"1x29 stale _x{MINUTES}"
"""Of a pod that is deleted after half an hour: nothing is scraped any more."""

PAGE = {"namespace": NAMESPACE, "job": JOB, "severity": "critical"}
WARNING = {"namespace": NAMESPACE, "job": JOB, "severity": "warning"}

OUTAGE = between(45, MINUTES, "server_error")


def of_release(series: Iterable[Series], job: str = JOB) -> list[Series]:
    """Return series as the operator's scrape labels them."""
    return [
        replace(each, job=job, labels={"namespace": NAMESPACE, **each.labels})
        for each in series
    ]


def pod(
    address: str,
    lives: str = ALWAYS,
    leads: str | None = ALWAYS,
    shard: tuple[int, int] = (0, 1),
) -> Iterator[Series]:
    """
    Yield what a pod says of itself.

    Args:
        address: Where it is scraped.
        lives: Its `up`.
        leads: Whether it runs paid probes; as long as it lives where None.
        shard: Its index, and how many there are.
    """
    index, total = shard
    labels = {"index": str(index), "total": str(total)}
    yield Series("up", {}, lives, instance=address)
    yield Series(EXPORTER_LEADER, {}, leads or lives, instance=address)
    yield Series(EXPORTER_SHARD_INFO, labels, lives, instance=address)
    shards = lives.replace("1x", f"{total}x")
    yield Series(EXPORTER_SHARDS, {}, shards, instance=address)


def watches(
    address: str,
    target: str,
    health: Happening,
    canary: Happening,
    end: float | None = None,
) -> list[Series]:
    """Return what a pod says of a target: a free probe, and a paid one."""
    free = Watched(
        target=target, probe="health", model="", paid=False, availability=None
    )
    return [
        series
        for probe, happening in ((free, health), (Watched(target=target), canary))
        for series in told(
            replace(probe, instance=address, end=end), MINUTES, happening
        )
    ]


def standing_by(_: float) -> str:
    """Leave every slot to the leader."""
    return "skipped:not_leader"


def replicas(
    first: Happening, second: Happening, *, end: float | None = None
) -> list[Series]:
    """Return two replicas, the first of which has the lease."""
    lives = ALWAYS if end is None else GONE
    return of_release(
        (
            *pod("10.0.0.1:9877"),
            *watches("10.0.0.1:9877", "serverless", first, first),
            *pod("10.0.0.2:9877", lives, leads=lives.replace("1x", "0x")),
            *watches("10.0.0.2:9877", "serverless", second, standing_by, end=end),
        )
    )


def shards(
    *happenings: Happening, lost: int | None = None, job: str = JOB
) -> list[Series]:
    """Return shards, each with a target of its own, and maybe one that is lost."""
    return of_release(
        (
            series
            for index, happening in enumerate(happenings)
            for series in (
                *pod(
                    f"10.0.1.{index}:9877",
                    GONE if index == lost else ALWAYS,
                    shard=(index, len(happenings)),
                    leads=None,
                ),
                *watches(
                    f"10.0.1.{index}:9877",
                    f"target-{index}",
                    happening,
                    happening,
                    end=1800 if index == lost else None,
                ),
            )
        ),
        job,
    )


OF_REPLICAS = (
    Story(
        name="two replicas, and all is well",
        series=replicas(healthy, healthy),
        expects=NOTHING,
        no_pages=("75m",),
    ),
    Story(
        name="both see an outage: one page for each, not one by replica",
        series=replicas(OUTAGE, OUTAGE),
        expects=(
            Fires(DOWN, "55m", ({**PAGE, "target": "serverless", "instance": ""},)),
            Fires(COVERAGE, "75m"),
            Fires(TWO_LEADERS, "75m"),
        ),
    ),
    Story(
        name="the one that stands by is deleted, and none takes its place",
        series=replicas(healthy, healthy, end=1800),
        expects=(
            Fires(INSTANCES, "30m"),
            Fires(INSTANCES, "40m", (WARNING,), starts=True),
            Fires(NO_LEADER, "75m"),
            Fires(COVERAGE, "75m"),
        ),
        no_pages=("75m",),
    ),
)

OF_SHARDS = (
    Story(
        name="three shards, and all is well",
        series=shards(healthy, healthy, healthy),
        expects=NOTHING,
        no_pages=("75m",),
    ),
    Story(
        name="the target of one shard is down: that one pages",
        series=shards(healthy, OUTAGE, healthy),
        expects=(
            Fires(DOWN, "55m", ({**PAGE, "target": "target-1"},)),
            Fires(BURN, "60m", ({**PAGE, "target": "target-1", "model": "m"},)),
            Fires(SHARD, "75m"),
        ),
    ),
    Story(
        name="one shard is lost",
        series=shards(healthy, healthy, healthy, lost=2),
        expects=(
            Fires(SHARD, "40m", (WARNING,), starts=True),
            Fires(INSTANCES, "40m", (WARNING,), starts=True),
            Fires(TWO_LEADERS, "75m"),
            Fires(NO_LEADER, "75m"),
        ),
        no_pages=("75m",),
    ),
    Story(
        name="another release of the namespace has an outage",
        series=[
            *shards(healthy, healthy, healthy),
            *shards(OUTAGE, OUTAGE, OUTAGE, job="other"),
        ],
        expects=NOTHING,
        no_pages=("75m",),
    ),
)


@each_lane
def test_rules_of_replicas(lane: str, tmp_path: Path) -> None:
    """One leads, and whoever stands by neither pages nor is missed."""
    values = {"replicas": 2, "lease": {"enabled": True}}

    assert not complaints(values, OF_REPLICAS, lane, tmp_path)


@each_lane
def test_rules_of_shards(lane: str, tmp_path: Path) -> None:
    """All of them lead, each its own targets."""
    values = {"sharding": {"enabled": True, "shards": 3}}

    assert not complaints(values, OF_SHARDS, lane, tmp_path)


def complaints(
    values: Json, stories: Sequence[Story], lane: str, directory: Path
) -> str:
    """Run stories on the rules of a release; return what promtool complained of."""
    documents = render({"prometheusRule": {"enabled": True}, **values}, "tm", NAMESPACE)
    [rule] = of_kind("PrometheusRule", documents)
    # Promtool takes time for each rule: only those that are spoken of.
    groups = [each for each in rule["spec"]["groups"] if alerts_of(each) & SPOKEN_OF]
    names = [group["name"] for group in groups]
    text = yaml.safe_dump({"groups": groups})
    return check_file(stories, lane, directory, text, names)


def alerts_of(group: Json) -> set[str]:
    """Return the names of the alerts of a group."""
    return {rule["alert"] for rule in group["rules"] if "alert" in rule}
