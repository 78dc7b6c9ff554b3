"""Whatever is told of token, deployments, metrics and prices: a verdict, no crash."""

import asyncio
import json
import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pulls.private_answers import ANSWERS, MARK, marked
from tests.pulls.scripted import KEY, NOW, Query, ScriptedPlane
from tests.pulls.test_anything import ANY_JSON, PAGING, paths, put
from tm_exporter.derivations.deployment_events import DeploymentEventCounts
from tm_exporter.observation import Observation, Outcome
from tm_exporter.pulls.auth import AuthPull, AuthSection
from tm_exporter.pulls.deployments import DeploymentsPull, DeploymentsSection
from tm_exporter.pulls.metrics import MetricsPull, MetricsSection
from tm_exporter.pulls.pricing import PricingPull, PricingSection
from tm_exporter.sinks.metrics import MetricsSink


OF_ONE = "/v1/observability/deployments/*/metrics"
PULLS: Mapping[tuple[str, str], tuple[Any, Any]] = {
    ("auth", "/auth/profile"): (AuthPull, AuthSection()),
    ("deployments", "/v1/models"): (DeploymentsPull, DeploymentsSection()),
    ("metrics", "/v1/models"): (MetricsPull, MetricsSection()),
    ("metrics", "/v1/observability/users/metrics"): (MetricsPull, MetricsSection()),
    ("metrics", OF_ONE): (MetricsPull, MetricsSection()),
    ("pricing", "/v1/billing/serverless-pricing"): (PricingPull, PricingSection()),
    ("pricing", "/v1/billing/gpu-pricing"): (PricingPull, PricingSection()),
}
EXPORTED: Mapping[str, set[str]] = {
    "auth": set(),
    "deployments": {
        # Without the id, it is the model's that tells one from another.
        *("deploymentId", "modelName", "modelPath", "status"),
        *("gpuType", "cloudProvider", "eventType"),
    },
    "metrics": {"name", "deploymentId"},
    "pricing": {"model", "gpuType", "cloudProvider"},
}

every_route = pytest.mark.parametrize(("probe", "route"), PULLS)


class Plane(ScriptedPlane):
    """One whose token says nothing of itself."""

    async def credential_expiry(self) -> float | None:
        """Return nothing."""
        return None


@st.composite
def changed(draw: st.DrawFn, probe: str, route: str) -> tuple[bytes, bool]:
    """Draw an answer with one field changed, and whether a marker may be exported."""
    paging = PAGING if route == "/v1/models" else {}
    answer = {**ANSWERS[route], **paging}
    way = draw(st.sampled_from([way for way in paths(answer) if ... not in way]))
    may_show = bool(way) and way[-1] in EXPORTED[probe]
    new = draw(ANY_JSON)
    return json.dumps(marked(put(answer, way, new))).encode(), may_show


@every_route
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_value_in_any_field(probe: str, route: str, data: st.DataObject) -> None:
    """One field is anything, the others are as they should be."""
    content, may_show = data.draw(changed(probe, route))

    check(probe, route, outcome_of(probe, route, content), may_show=may_show)


@every_route
@given(content=ANY_JSON.map(json.dumps).map(str.encode) | st.binary(max_size=40))
@settings(max_examples=80, deadline=None)
def test_any_value_as_the_answer(probe: str, route: str, content: bytes) -> None:
    """It need not even be JSON."""
    check(probe, route, outcome_of(probe, route, content), may_show=False)


@every_route
def test_the_answers_are_good_as_they_are(probe: str, route: str) -> None:
    """So what fails above fails for the one field."""
    content = json.dumps(marked(ANSWERS[route])).encode()

    outcome = outcome_of(probe, route, content)

    assert outcome.verdict.passed
    assert outcome.samples


def outcome_of(probe: str, route: str, content: bytes) -> Outcome:
    """Return what a run comes to that is answered this on one route."""
    pull, section = PULLS[probe, route]

    def script(path: str, _: Query) -> Any:
        is_of_one = path.startswith("/v1/observability/deployments/")
        asked = OF_ONE if is_of_one else path
        return content if asked == route else marked(ANSWERS[asked])

    outcome = asyncio.run(pull(section, KEY, Plane(script), now=lambda: NOW).run())
    assert isinstance(outcome, Outcome)
    return outcome


def check(probe: str, route: str, outcome: Outcome, *, may_show: bool) -> None:
    """Check that the outcome can be told, and tells nothing private."""
    pull, _ = PULLS[probe, route]
    verdict = outcome.verdict
    assert verdict.passed or verdict.reason in pull.reasons
    assert MARK not in verdict.detail
    assert all(math.isfinite(sample.value) for sample in outcome.samples)
    labels = str([sample.labels for sample in outcome.samples])
    assert may_show or MARK not in labels + str(outcome.facts)
    seen = Observation(
        key=KEY, probe_id="id", started_at=NOW, duration=0.0, outcome=outcome
    )
    sink = MetricsSink(lambda: 0.0)
    sink.watch(KEY, interval=60.0, reasons=(), skips=())
    sink(DeploymentEventCounts()(seen))
    assert may_show or MARK not in str(list(sink.families()))
