"""What is deployed, in every form in which it may be told."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.probes.test_free_probes import values
from tests.pulls.scripted import ScriptedPlane, pulled
from tm_exporter.catalog import (
    DEPLOYMENT_EVENTS,
    DEPLOYMENT_GPUS,
    DEPLOYMENT_HEALTHY,
    DEPLOYMENT_INFO,
    DEPLOYMENT_REPLICAS,
    DEPLOYMENT_STATUS,
    EXPORTER_LABEL_OVERFLOW,
)
from tm_exporter.clients.client import ControlPlaneClient
from tm_exporter.config.load import load
from tm_exporter.config.running import running
from tm_exporter.facts import DeploymentEvent, DeploymentEvents, DeploymentsListed
from tm_exporter.observation import Fact, Outcome, ProbeKey, Reason
from tm_exporter.pulls.deployments import (
    MOST_EVENTS,
    MOST_LISTED_EVENTS,
    DeploymentsPull,
    DeploymentsSection,
    _DeploymentReader,
)
from tm_exporter.pulls.statuses import Statuses
from tm_exporter.simulator.server import Simulator


KEY = ProbeKey("account", "control_plane", "deployments")


async def deployments(payload: Any, **told: Any) -> Outcome:
    """Read this list."""
    return await pulled(DeploymentsPull, DeploymentsSection(**told), payload)


def fact_of(outcome: Outcome, kind: type[Fact]) -> Fact:
    """Return the one fact of a kind."""
    return next(fact for fact in outcome.facts if isinstance(fact, kind))


async def test_what_is_deployed_is_a_fact(client: ControlPlaneClient) -> None:
    """Names for inference, and which of them are stopped on purpose."""
    outcome = await DeploymentsPull(DeploymentsSection(), KEY, client).run()

    assert fact_of(outcome, DeploymentsListed) == DeploymentsListed(
        names=("assistant", "batch", "research"), stopped=("batch",)
    )
    events = fact_of(outcome, DeploymentEvents)
    assert isinstance(events, DeploymentEvents)
    assert [name for name, _ in events.listed] == [
        *("deployment-1", "deployment-2", "deployment-3")
    ]
    assert {event.kind for _, each in events.listed for event in each} == {
        *("EVENT_TYPE_CREATED", "EVENT_TYPE_SCHEDULED", "EVENT_TYPE_READY")
    }


async def test_a_list_is_read_to_its_end(
    service: Simulator, client: ControlPlaneClient
) -> None:
    """Whatever the service takes for a page."""
    service.change(page_limit=1)

    outcome = await DeploymentsPull(DeploymentsSection(), KEY, client).run()

    assert len(values(outcome, DEPLOYMENT_INFO)) == 3
    assert len(service.requests) == 3


async def test_the_first_page_is_asked_for_by_its_size_alone() -> None:
    """As the vendor's own quickstart does."""
    entries = [{"deploymentId": str(number)} for number in range(3)]

    def script(_: str, query: Mapping[str, str]) -> Any:
        page = int(query.get("page", "1"))
        return {"models": entries[page - 1 : page], "size": 1, "total": "3"}

    plane = ScriptedPlane(script)
    outcome = await DeploymentsPull(DeploymentsSection(), KEY, plane).run()  # type: ignore[arg-type]  # a stand-in

    assert len(values(outcome, DEPLOYMENT_INFO)) == 3
    assert [sorted(query) for _, query in plane.asked] == [
        *(["size"], ["page", "size"], ["page", "size"])
    ]


async def test_pages_may_follow_a_cursor() -> None:
    """Nobody documented how this list is paged."""

    def script(_: str, query: Mapping[str, str]) -> Any:
        if "pageToken" not in query:
            return {"models": [{"deploymentId": "a"}], "nextPageToken": "more"}
        return {"models": [{"deploymentId": "b"}], "nextPageToken": "more"}

    outcome = await deployments(script)

    assert [labels[0] for labels in values(outcome, DEPLOYMENT_INFO)] == ["a", "b"]


@pytest.mark.parametrize(
    ("status", "text"),
    [
        pytest.param("MODEL_STATUS_X", "MODEL_STATUS_X", id="text"),
        pytest.param(7, "7", id="number"),
        pytest.param(None, "MODEL_STATUS_UNSPECIFIED", id="null"),
        pytest.param("", "MODEL_STATUS_UNSPECIFIED", id="empty"),
        pytest.param(["x"], "MODEL_STATUS_UNSPECIFIED", id="list"),
    ],
)
async def test_the_status_is_a_text(status: Any, text: str) -> None:
    """Whatever it is called, nobody documented the names."""
    outcome = await deployments({"models": [{"deploymentId": "a", "status": status}]})

    assert values(outcome, DEPLOYMENT_STATUS) == {("a", text): 1}


@pytest.mark.parametrize(
    ("status", "healthy", "stopped"),
    [
        ("MODEL_STATUS_RUNNING", True, False),
        ("MODEL_STATUS_ACTIVE", True, False),
        ("MODEL_STATUS_READY", True, False),
        ("MODEL_STATUS_DEPLOYED", True, False),
        ("running", True, False),
        ("MODEL_STATUS_INACTIVE", None, True),
        ("MODEL_STATUS_UNDEPLOYED", None, True),
        ("MODEL_STATUS_STOPPED", None, True),
        ("MODEL_STATUS_PAUSED", None, True),
        ("MODEL_STATUS_FAILED", False, False),
        ("MODEL_STATUS_NOT_READY", None, False),
        ("MODEL_STATUS_PROVISIONING", None, False),
        ("MODEL_STATUS_UNSPECIFIED", None, False),
        ("3", None, False),
    ],
)
def test_a_status_is_guessed_by_its_words(
    status: str,
    healthy: bool | None,  # noqa: FBT001 -- a column of the table
    stopped: bool,  # noqa: FBT001
) -> None:
    """What says nothing is unknown: a word never met must not page anybody."""
    statuses = Statuses()

    assert statuses.is_healthy(status) is healthy
    assert statuses.is_stopped(status) is stopped


@pytest.mark.parametrize(
    ("status", "healthy", "stopped"),
    [
        ("MODEL_STATUS_LIVE", True, False),
        ("MODEL_STATUS_PARKED", None, True),
        ("MODEL_STATUS_RUNNING", False, False),
        ("MODEL_STATUS_STOPPED", False, False),
        ("MODEL_STATUS_UNSPECIFIED", None, False),
        ("4", True, False),
    ],
)
def test_a_status_that_is_configured_is_taken_at_its_word(
    status: str,
    healthy: bool | None,  # noqa: FBT001
    stopped: bool,  # noqa: FBT001
) -> None:
    """With the prefix or without it; then nothing is guessed."""
    statuses = Statuses(("MODEL_STATUS_LIVE", "4"), ("parked",))

    assert statuses.is_healthy(status) is healthy
    assert statuses.is_stopped(status) is stopped


async def test_statuses_of_the_target_reach_the_pull() -> None:
    """They are keys of the target, as the accounts may differ."""
    loaded = load(
        file=None,
        environ={},
        isolated=True,
        overrides={
            "targets": [
                {
                    "name": "account",
                    "surface": "control_plane",
                    "token": "t",
                    "healthy_statuses": ["MODEL_STATUS_LIVE"],
                    "stopped_statuses": ["MODEL_STATUS_PARKED"],
                }
            ]
        },
    )
    (section,) = (
        row.section
        for row in running(loaded.settings)
        if row.section.kind == "deployments"
    )

    outcome = await pulled(
        DeploymentsPull,
        section,
        [
            {"deploymentId": "a", "modelName": "x", "status": "MODEL_STATUS_LIVE"},
            {"deploymentId": "b", "modelName": "y", "status": "MODEL_STATUS_PARKED"},
            {"deploymentId": "c", "modelName": "z", "status": "MODEL_STATUS_RUNNING"},
        ],
    )

    assert values(outcome, DEPLOYMENT_HEALTHY) == {("a",): 1, ("c",): 0}
    assert fact_of(outcome, DeploymentsListed) == DeploymentsListed(
        ("x", "y", "z"), ("y",)
    )


async def test_a_name_is_stopped_if_all_that_bear_it_are() -> None:
    """The one that runs may answer."""
    stopped = {"modelName": "m", "status": "MODEL_STATUS_STOPPED"}
    outcome = await deployments(
        [
            {"deploymentId": "a", **stopped},
            {"deploymentId": "b", **stopped, "status": "MODEL_STATUS_RUNNING"},
            {"deploymentId": "c", **stopped, "modelName": "n"},
        ]
    )

    assert fact_of(outcome, DeploymentsListed) == DeploymentsListed(("m", "n"), ("n",))


async def test_events_are_read_as_far_as_they_can_be() -> None:
    """The text of the log is nobody's business."""
    events = [
        {"eventType": "E", "createdAt": "2026-11-22T18:00:00Z", "log": "marker"},
        {"eventType": 4, "createdAt": 1_795_370_400_000},
        {"createdAt": "who knows"},
        "marker",
        None,
    ]
    outcome = await deployments([{"deploymentId": "a", "events": events}])

    assert fact_of(outcome, DeploymentEvents) == DeploymentEvents(
        (
            (
                "a",
                (
                    DeploymentEvent("E", 1_795_370_400.0),
                    DeploymentEvent("4", 1_795_370_400.0),
                    DeploymentEvent("EVENT_TYPE_UNSPECIFIED", None),
                ),
            ),
        )
    )
    assert "marker" not in str(outcome.facts) + str(outcome.samples)


async def test_of_a_list_so_many_events_are_read_and_the_rest_counted() -> None:
    """Those of a whole deployment are left out, so that none is counted by halves."""
    events = [{"eventType": "E", "createdAt": 1.79e9 + at} for at in range(MOST_EVENTS)]
    room = MOST_LISTED_EVENTS // MOST_EVENTS
    rows = [{"deploymentId": f"d{at}", "events": events} for at in range(room + 3)]

    outcome = await deployments({"models": rows})

    told = fact_of(outcome, DeploymentEvents)
    assert isinstance(told, DeploymentEvents)
    assert [len(each) for _, each in told.listed] == [MOST_EVENTS] * room + [0] * 3
    left_out = {(DEPLOYMENT_EVENTS.name,): 3 * MOST_EVENTS}
    assert values(outcome, EXPORTER_LABEL_OVERFLOW) == left_out


def test_the_events_of_one_that_comes_again_take_no_more_room() -> None:
    """The last of it is kept, and must not be without."""
    events = [{"eventType": "E", "createdAt": 1.79e9 + at} for at in range(MOST_EVENTS)]
    reader = _DeploymentReader()

    for _ in range(2 * MOST_LISTED_EVENTS // MOST_EVENTS):
        last = reader.read({"deploymentId": "d", "events": events}, "models[0]")

    assert len(last.events) == MOST_EVENTS


@pytest.mark.parametrize("value", [1e300, "Infinity", "NaN", -(10**9), "1e30"])
async def test_an_absurd_number_is_no_answer(value: Any) -> None:
    """Whatever sent it is not the service as we know it."""
    outcome = await deployments([{"deploymentId": "a", "gpuCount": value}])

    assert outcome.verdict.reason is Reason.BAD_PAYLOAD
    assert not outcome.supported
    assert outcome.samples == ()
    assert outcome.facts == ()


async def test_one_that_has_no_id_has_no_series() -> None:
    """It could not be told from the next one."""
    outcome = await deployments([{"modelName": "m", "replicas": 1}, {"modelId": "b"}])

    assert list(values(outcome, DEPLOYMENT_REPLICAS)) == [("b",)]
    assert list(values(outcome, DEPLOYMENT_GPUS)) == [("b",)]
