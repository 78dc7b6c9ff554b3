"""health, version, models and tokenize against a simulated service."""

from typing import Any

import pytest

from tests.clients_of import client_of
from tests.probes.conftest import MODEL, Key
from tm_exporter.catalog import (
    MODEL_LISTED,
    MODEL_MAX_MODEL_LEN,
    MODELS_LISTED,
    SERVICE_VERSION_INFO,
    Family,
)
from tm_exporter.clients.client import InferenceClient
from tm_exporter.facts import ModelsServed, VersionNamed
from tm_exporter.observation import Outcome, ProbeKey, Reason
from tm_exporter.probes.health import HealthProbe, HealthSection
from tm_exporter.probes.models import ModelsProbe, ModelsSection
from tm_exporter.probes.tokenize import TokenizeProbe, TokenizeSection
from tm_exporter.probes.version import VersionProbe, VersionSection
from tm_exporter.simulator.server import Simulator


def values(outcome: Outcome, family: Family) -> dict[tuple[str, ...], float]:
    """Return a family's samples by their labels."""
    return {s.labels: s.value for s in outcome.samples if s.family is family}


async def test_health_passes_without_a_key(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """The public surface answers without one, so none is sent."""
    outcome = await HealthProbe(HealthSection(), key("health", ""), client).run()

    assert outcome.verdict.passed
    assert "authorization" not in service.requests[-1].header_names


async def test_on_demand_gets_key_and_user_id_on_every_route(
    service: Simulator, key: Key
) -> None:
    """The documents name no exception for its GET routes."""
    probe = HealthProbe(
        HealthSection(),
        key("health", "", "on_demand"),
        client_of(service, "on_demand"),
    )

    outcome = await probe.run()

    assert outcome.verdict.passed
    assert {"authorization", "x-user-id"} <= set(service.requests[-1].header_names)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param({"body": '{"version": "1.2.3"}'}, ("1.2.3",), id="named"),
        pytest.param({"body": ""}, None, id="empty-passes"),
        pytest.param({"body": "{}"}, None, id="nothing-named"),
        pytest.param({"body": '{"version": null}'}, None, id="null"),
    ],
)
async def test_the_version_is_told_where_it_is_named(
    service: Simulator,
    client: InferenceClient,
    key: Key,
    answer: dict[str, Any],
    expected: tuple[str] | None,
) -> None:
    """An unknown version is no label, and no failure."""
    headers = {"content-type": "application/json"}
    service.rule("/version", status=200, headers=headers, **answer)

    outcome = await VersionProbe(VersionSection(), key("version", ""), client).run()

    assert outcome.verdict.passed
    assert values(outcome, SERVICE_VERSION_INFO) == ({expected: 1} if expected else {})
    assert outcome.facts == ((VersionNamed(*expected),) if expected else ())


async def test_a_strange_version_is_a_bad_payload(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """A page of HTML with status 200 is somebody else's server."""
    service.rule("/version", status=200, body="<html>hello</html>")

    outcome = await VersionProbe(VersionSection(), key("version", ""), client).run()

    assert outcome.verdict.reason is Reason.BAD_PAYLOAD


def models_probe(client: InferenceClient, key: ProbeKey, *models: str) -> ModelsProbe:
    """Return the probe of a model list."""
    return ModelsProbe(ModelsSection(), key, client, models)


async def test_the_model_list_has_what_is_configured(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """How many, which of ours, and how long their context is."""
    outcome = await models_probe(client, key("models", ""), MODEL).run()

    assert outcome.verdict.passed
    assert values(outcome, MODELS_LISTED) == {(): len(service.models)}
    assert values(outcome, MODEL_LISTED) == {(MODEL,): 1}
    assert values(outcome, MODEL_MAX_MODEL_LEN) == {(MODEL,): 131072}


async def test_a_model_that_is_missing_fails_the_run_and_is_shown_as_missing(
    client: InferenceClient, key: Key
) -> None:
    """Zero says that we looked, which an absent series would not."""
    outcome = await models_probe(client, key("models", ""), MODEL, "gone/model").run()

    assert outcome.verdict.reason is Reason.ASSERTION
    assert "gone/model" in outcome.verdict.detail
    assert values(outcome, MODEL_LISTED) == {(MODEL,): 1, ("gone/model",): 0}
    (fact,) = outcome.facts
    assert isinstance(fact, ModelsServed)
    assert MODEL in [model.name for model in fact.models]


async def test_without_an_answer_nothing_is_said_of_the_list(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """An outage does not mean that a model was withdrawn."""
    service.switch("outage")

    outcome = await models_probe(client, key("models", ""), MODEL).run()

    assert outcome.verdict.reason is Reason.OVERLOADED
    assert outcome.samples == ()


def tokenize_probe(client: InferenceClient, key: ProbeKey) -> TokenizeProbe:
    """Return the probe that counts tokens."""
    return TokenizeProbe(TokenizeSection(), key, client)


async def test_tokens_are_counted_and_nothing_is_generated(
    service: Simulator, client: InferenceClient, key: Key
) -> None:
    """It checks key and model without costing a token."""
    before = service.world.account.balance

    outcome = await tokenize_probe(client, key("tokenize")).run()

    assert outcome.verdict.passed
    assert service.world.account.balance == before


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        pytest.param("bad_key", Reason.AUTH, id="key-refused"),
        pytest.param("model_withdrawn", Reason.ROUTING, id="model-withdrawn"),
        pytest.param("overloaded", Reason.THROTTLED, id="throttled"),
        pytest.param("redirect", Reason.REDIRECT, id="redirect"),
        pytest.param("html_error", Reason.BAD_PAYLOAD, id="a-page-instead"),
    ],
)
async def test_tokenize_tells_what_is_wrong(
    service: Simulator,
    client: InferenceClient,
    key: Key,
    scenario: str,
    expected: Reason,
) -> None:
    """Each of these wants another person to act."""
    service.switch(scenario)

    outcome = await tokenize_probe(client, key("tokenize")).run()

    assert outcome.verdict.reason is expected
