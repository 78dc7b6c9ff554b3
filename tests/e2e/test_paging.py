"""
One incident is one page: from a fault of the service to the notification.

All incidents are played at once, each with processes of its own, since most of their
time is waiting. See `paging` for what runs, and how time goes.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.e2e.breakable import Service
from tests.e2e.paging import Installation, installation
from tests.e2e.receiver import Notification
from tests.e2e.waiting import eventually
from tests.e2e.watched import Watched
from tm_exporter.simulator.served import SERVERLESS_MODELS


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

_ALL_MODELS = tuple(model.name for model in SERVERLESS_MODELS)
_MORE_MODELS = tuple(f"someone/model-{n}" for n in range(9 - len(_ALL_MODELS)))


@dataclass(frozen=True, kw_only=True)
class Incident:
    """
    Something that goes wrong, and the page that is to come.

    Attributes:
        breaks: Makes it go wrong.
        mends: Makes it good again.
        page: What is notified of, as `alert target`.
        says: Parts of the description: whose fault it is, and what to do.
        watched: What is watched.
    """

    breaks: Callable[[Service], None]
    mends: Callable[[Service], None] = lambda service: service.play("healthy")
    page: str
    says: tuple[str, ...]
    watched: Watched


INCIDENTS: Mapping[str, Incident] = {
    "outage": Incident(
        breaks=lambda service: service.play("outage", "serverless"),
        page="TensormeshSurfaceDown serverless",
        says=(
            "on which this party has to act: service",
            "The diagnosis is edge",
            "report it to Tensormesh",
        ),
        watched=Watched(on_demand=True),
    ),
    "nine models": Incident(
        breaks=lambda service: service.switch(
            surface="serverless", route="*", cut=True
        ),
        mends=lambda service: service.switch(surface="serverless", route="*"),
        page="TensormeshSurfaceDown serverless",
        says=("party", "report it to Tensormesh"),
        watched=Watched(models=_ALL_MODELS, added=_MORE_MODELS),
    ),
    "key revoked": Incident(
        breaks=lambda service: service.play("bad_key", "serverless"),
        page="TensormeshApiKeyInvalid serverless",
        says=("Fault: us", "tm infer doctor --exit-status"),
        watched=Watched(models=_ALL_MODELS[:2]),
    ),
    "balance empty": Incident(
        breaks=lambda service: service.play("empty_balance"),
        page="TensormeshBalanceEmpty control_plane",
        says=("Fault: us", "Top up"),
        watched=Watched(on_demand=True),
    ),
    "model renamed": Incident(
        breaks=lambda service: service.play("model_renamed"),
        page="TensormeshModelVanished serverless",
        says=(
            "on which this party has to act: us",
            "The diagnosis is routing",
            "Look for its successor",
        ),
        watched=Watched(models=_ALL_MODELS[:2]),
    ),
    "own network": Incident(
        breaks=Service.kill_proxy,
        mends=Service.open_proxy,
        page="TensormeshOwnNetworkDown control_plane, "
        "TensormeshOwnNetworkDown on_demand, TensormeshOwnNetworkDown serverless",
        says=("Fault: us", "the proxy"),
        watched=Watched(on_demand=True, proxied=True),
    ),
}

CASES = (*((name, "newest") for name in INCIDENTS), ("outage", "oldest"))


@dataclass(frozen=True)
class Story:
    """
    What an incident led to.

    Attributes:
        pages: All that came, from before it began until long after its end.
        before_its_end: How many of them came before the fault was mended.
        runbook: What the link of the first one leads to.
    """

    pages: tuple[Notification, ...]
    before_its_end: int
    runbook: httpx.Response


def play(name: str, lane: str, folder: Path) -> Story:
    """Let an incident happen and end, and wait until nothing more is to come."""
    incident = INCIDENTS[name]
    with installation(lane, incident.watched, folder) as running:
        incident.breaks(running.service)
        _wait_for_pages(running, 1)
        link = running.pages()[0].alerts[0]["annotations"]["runbook_url"]
        runbook = httpx.get(link, trust_env=False)
        running.wait_for_minutes(15)  # error budgets page after nine, groups wait five
        before_its_end = len(running.pages())

        incident.mends(running.service)
        _wait_for_pages(running, before_its_end + 1)
        eventually(
            running.has_ended,
            within=90,
            what="end of all critical alerts",
            context=lambda: str(running),
        )
        running.wait_for_minutes(11)  # twice what groups wait
        return Story(tuple(running.pages()), before_its_end, runbook)


def _wait_for_pages(running: Installation, number: int) -> None:
    eventually(
        lambda: len(running.pages()) >= number,
        within=90,
        what=f"page {number}",
        context=lambda: str(running),
    )


@pytest.fixture(scope="module")
def stories(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[tuple[str, str], Future[Story]]]:
    """Play the incidents of all selected tests, at once."""
    wanted = {
        item.callspec.params["case"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == request.path
    }
    with ThreadPoolExecutor(len(wanted)) as pool:
        yield {
            case: pool.submit(play, *case, tmp_path_factory.mktemp("incident"))
            for case in CASES
            if case in wanted
        }


@pytest.fixture(params=CASES, ids=" ".join)
def case(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Return an incident, and the programs that notice it."""
    chosen: tuple[str, str] = request.param
    return chosen


@pytest.fixture
def incident(case: tuple[str, str]) -> Incident:
    """Return what was to happen."""
    return INCIDENTS[case[0]]


@pytest.fixture
def story(
    stories: Mapping[tuple[str, str], Future[Story]], case: tuple[str, str]
) -> Story:
    """Return what came of an incident."""
    return stories[case].result()


def test_one_page_comes_and_one_resolution(story: Story, incident: Incident) -> None:
    """Nothing before, nothing besides and nothing afterwards."""
    told = [str(page) for page in story.pages]

    assert told == [
        f"/page firing: {incident.page}",
        f"/page resolved: {incident.page}",
    ]
    assert story.before_its_end == 1


def test_the_page_tells_whose_fault_it_is_and_what_to_do(
    story: Story, incident: Incident
) -> None:
    """In a sentence on top, and in the description."""
    for alert in story.pages[0].alerts:
        told = alert["annotations"]

        assert told["summary"].startswith(alert["labels"]["target"])
        assert [part for part in incident.says if part not in told["description"]] == []


def test_the_runbook_exists(story: Story, incident: Incident) -> None:
    """The exporter serves it where the page says."""
    name = incident.page.partition(" ")[0]

    assert story.runbook.status_code == 200
    assert name in story.runbook.text
