"""What the service measures, and for whom."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.doubles import FakeClock
from tests.probes.test_free_probes import values
from tests.pulls.scripted import KEY, NOW, ScriptedPlane, answered
from tm_exporter.catalog import (
    DEPLOYMENT_METRIC,
    DEPLOYMENT_METRIC_TIMESTAMP_SECONDS,
    EXPORTER_LABEL_OVERFLOW,
    USER_METRIC,
    USER_METRIC_TIMESTAMP_SECONDS,
)
from tm_exporter.clients.client import ControlPlaneClient
from tm_exporter.observation import Outcome, Reason
from tm_exporter.pulls.metrics import MetricsPull, MetricsSection
from tm_exporter.simulator.server import Simulator


USER = "/v1/observability/users/metrics"
MODELS = "/v1/models"
MISSING = answered({"code": 12, "message": "no such method"}, status=404)


def of(name: str, value: float = 1.0) -> Any:
    """Return an answer with one metric."""
    return {"metrics": [{"name": name, "data": [{"timestamp": NOW, "value": value}]}]}


def route(deployment_id: str) -> str:
    """Return where a deployment's metrics are."""
    return f"/v1/observability/deployments/{deployment_id}/metrics"


def deployed(*ids: Any) -> Any:
    """Return a list of deployments."""
    return {"models": [{"deploymentId": name} for name in ids]}


async def metrics(answers: Mapping[str, Any]) -> tuple[Outcome, ScriptedPlane]:
    """Read the metrics of a service that has these routes only."""
    plane = ScriptedPlane(lambda path, _: answers.get(path, MISSING))
    pull = MetricsPull(MetricsSection(), KEY, plane, now=lambda: NOW)  # type: ignore[arg-type]  # a stand-in
    return await pull.run(), plane


async def test_metrics_of_user_and_deployments(
    service: Simulator, client: ControlPlaneClient
) -> None:
    """Under the service's own names, each with the time at which it was taken."""
    outcome = await MetricsPull(MetricsSection(), KEY, client).run()

    names = {
        *("cache_hit_rate", "time_to_first_token_seconds"),
        "inter_token_latency_seconds",
    }
    of_user = values(outcome, USER_METRIC)
    of_deployments = values(outcome, DEPLOYMENT_METRIC)
    assert outcome.verdict.passed
    assert outcome.supported
    assert {name for (name,) in of_user} == names
    assert {name for _, name in of_deployments} == names
    assert {each for each, _ in of_deployments} == {
        *("deployment-1", "deployment-2", "deployment-3")
    }
    for family, twin in (
        (USER_METRIC, USER_METRIC_TIMESTAMP_SECONDS),
        (DEPLOYMENT_METRIC, DEPLOYMENT_METRIC_TIMESTAMP_SECONDS),
    ):
        taken = values(outcome, twin)
        assert taken.keys() == values(outcome, family).keys()
        assert all(0 <= service.world.now() - at < 120 for at in taken.values())


async def test_the_window_is_short_and_aligned() -> None:
    """A quarter of an hour in whole minutes, for all alike."""
    _, plane = await metrics({USER: of("a"), MODELS: deployed("d")})

    asked = [query for path, query in plane.asked if path != MODELS]
    assert (
        asked
        == [
            {
                "startTime": "2026-11-22T17:15:00Z",
                "endTime": "2026-11-22T17:30:00Z",
                "stepSeconds": "60",
            }
        ]
        * 2
    )
    late = MetricsPull(MetricsSection(), KEY, plane, now=lambda: NOW + 59.9)  # type: ignore[arg-type]
    assert late._window() == asked[0]


async def test_without_any_such_route() -> None:
    """It is optional, and its absence no noise."""
    every: list[dict[str, Any]] = [{}, {MODELS: deployed("d")}, {MODELS: {}}]
    for answers in every:
        outcome, _ = await metrics(answers)
        assert outcome.verdict.reason is Reason.BAD_REQUEST
        assert not outcome.supported
        assert outcome.exchanges[-1].status == 404


async def test_an_answer_that_cannot_be_read() -> None:
    """Is that of another route than the one we know."""
    outcome, _ = await metrics({USER: {"metrics": "none"}})

    assert outcome.verdict.reason is Reason.BAD_PAYLOAD
    assert not outcome.supported


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({USER: of("a"), MODELS: deployed("d")}, id="user-only"),
        pytest.param({USER: of("a")}, id="no-list-of-deployments"),
        pytest.param({USER: of("a"), MODELS: {"models": 5}}, id="strange-list"),
    ],
)
async def test_what_is_there_is_told(answers: Mapping[str, Any]) -> None:
    """One route that is missing does not hide another."""
    outcome, _ = await metrics(answers)

    assert outcome.verdict.passed
    assert outcome.supported
    assert values(outcome, USER_METRIC) == {("a",): 1}
    assert outcome.exchanges[-1].status == 200


async def test_deployments_without_the_user() -> None:
    """Nor the other way round."""
    outcome, _ = await metrics({MODELS: deployed("d", "e"), route("e"): of("a", 3)})

    assert outcome.verdict.passed
    assert outcome.supported
    assert values(outcome, USER_METRIC) == {}
    assert values(outcome, DEPLOYMENT_METRIC) == {("e", "a"): 3}


async def test_a_fault_ends_the_run() -> None:
    """Where nothing works, each deployment would fail likewise, and take its time."""
    broken = answered({}, status=503)
    outcome, plane = await metrics(
        {USER: of("a"), MODELS: deployed("d", "e"), route("d"): broken}
    )

    assert outcome.verdict.reason is Reason.OVERLOADED
    assert outcome.supported
    assert [path for path, _ in plane.asked] == [USER, MODELS, route("d")]
    assert values(outcome, USER_METRIC) == {("a",): 1}


async def test_a_deployment_that_is_refused_hides_no_other() -> None:
    """What is wrong with one request fails the run, and only that."""
    refused = answered({"message": "it never ran"}, status=400)
    outcome, plane = await metrics(
        {
            USER: refused,
            MODELS: deployed("d", "e", "f", "g"),
            route("d"): refused,
            route("e"): of("a", 3),
            route("f"): answered({}, status=503),
        }
    )

    assert outcome.verdict.reason is Reason.BAD_REQUEST
    assert outcome.supported
    assert [path for path, _ in plane.asked][2:] == [*map(route, "def")]
    assert values(outcome, DEPLOYMENT_METRIC) == {("e", "a"): 3}


async def test_an_id_that_fits_no_path_is_not_asked_for() -> None:
    """The service could name any route."""
    ids = ("../../stripe/customers", "a/b", "", None, 5, {"x": 1}, "ok", "ok")
    _, plane = await metrics({USER: of("a"), MODELS: deployed(*ids)})

    assert [path for path, _ in plane.asked] == [USER, MODELS, route("ok")]


async def test_the_number_of_deployments_is_bounded() -> None:
    """One request at a time, each minute."""
    _, plane = await metrics({USER: of("a"), MODELS: deployed(*map(str, range(30)))})

    assert len(plane.asked) == 2 + 20


async def test_a_slow_service_is_asked_for_less() -> None:
    """What was read in time is told; a timeout would say that something is broken."""
    clock = FakeClock()

    def script(path: str, _: Mapping[str, str]) -> Any:
        clock.advance(4.0)
        return deployed(*"abcdef") if path == MODELS else of("m")

    plane = ScriptedPlane(script)
    pull = MetricsPull(MetricsSection(), KEY, plane, clock=clock)  # type: ignore[arg-type]
    outcome = await pull.run()

    assert outcome.verdict.passed
    assert list(values(outcome, DEPLOYMENT_METRIC)) == [("a", "m"), ("b", "m")]


async def test_names_beyond_the_bound_are_counted() -> None:
    """So that who misses one finds out why."""
    many = {"metrics": [{"name": f"m{n}", "value": n} for n in range(105)]}
    outcome, _ = await metrics({USER: many})

    assert len(values(outcome, USER_METRIC)) == 100
    assert values(outcome, EXPORTER_LABEL_OVERFLOW) == {("tensormesh_user_metric",): 5}
