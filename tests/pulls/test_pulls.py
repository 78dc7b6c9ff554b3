"""What is read from the Control Plane, and what is left there."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from tests.clients_of import client_of
from tests.probes.test_free_probes import values
from tm_exporter.catalog import (
    BILLING_BALANCE,
    BILLING_SPEND,
    CONTROL_PLANE_TOKEN_VALID,
    DEPLOYMENT_GPUS,
    DEPLOYMENT_INFO,
    DEPLOYMENT_REPLICAS,
    DEPLOYMENT_STATUS,
    TOS_ACCEPTED,
)
from tm_exporter.clients.client import ControlPlaneClient
from tm_exporter.observation import Outcome, ProbeKey, Reason
from tm_exporter.pulls.auth import AuthPull, AuthSection
from tm_exporter.pulls.balance import BalancePull, BalanceSection
from tm_exporter.pulls.deployments import DeploymentsPull, DeploymentsSection
from tm_exporter.pulls.spending import SpendingPull, SpendingSection
from tm_exporter.simulator.server import Simulator


KEY = ProbeKey("account", "control_plane", "pull")
JSON = {"content-type": "application/json"}


@pytest.fixture
async def service() -> AsyncIterator[Simulator]:
    """Run a simulated service."""
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
def client(service: Simulator) -> ControlPlaneClient:
    """Return a client of its Control Plane."""
    return client_of(service, "control_plane")


def answer(service: Simulator, route: str, payload: Any, status: int = 200) -> None:
    """Have a route answer with a payload."""
    service.rule(
        route, status=status, headers=JSON, body=orjson.dumps(payload).decode()
    )


async def auth(client: ControlPlaneClient) -> Outcome:
    """Check the token."""
    return await AuthPull(AuthSection(), KEY, client).run()


async def balance(client: ControlPlaneClient) -> Outcome:
    """Read the balance."""
    return await BalancePull(BalanceSection(), KEY, client).run()


async def spending(client: ControlPlaneClient) -> Outcome:
    """Read the spending."""
    return await SpendingPull(SpendingSection(), KEY, client).run()


async def deployments(client: ControlPlaneClient) -> Outcome:
    """Read the deployments."""
    return await DeploymentsPull(DeploymentsSection(), KEY, client).run()


async def test_a_valid_token(client: ControlPlaneClient) -> None:
    """The cheapest route that needs it says so."""
    outcome = await auth(client)

    assert outcome.verdict.passed
    assert values(outcome, CONTROL_PLANE_TOKEN_VALID) == {(): 1}
    assert values(outcome, TOS_ACCEPTED) == {(): 1}


async def test_an_expired_token(service: Simulator, client: ControlPlaneClient) -> None:
    """Zero is an answer of the service, not a guess of ours."""
    service.switch("expired_token")

    outcome = await auth(client)

    assert outcome.verdict.reason is Reason.AUTH
    assert values(outcome, CONTROL_PLANE_TOKEN_VALID) == {(): 0}


async def test_an_outage_says_nothing_of_the_token(
    service: Simulator, client: ControlPlaneClient
) -> None:
    """Unknown is absent."""
    service.switch("control_plane_outage")

    outcome = await auth(client)

    assert outcome.verdict.reason in (Reason.OVERLOADED, Reason.SERVER_ERROR)
    assert outcome.samples == ()


@pytest.mark.parametrize(
    "accepted", [None, "", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", 5]
)
async def test_terms_that_were_never_accepted(
    service: Simulator, client: ControlPlaneClient, accepted: Any
) -> None:
    """Protobuf has several ways to say that a time was not set."""
    answer(service, "/auth/profile", {"user": {"tosAcceptedAt": accepted}})

    assert values(await auth(client), TOS_ACCEPTED) == {(): 0}


async def test_the_balance(service: Simulator, client: ControlPlaneClient) -> None:
    """As the account has it, by currency."""
    outcome = await balance(client)

    assert values(outcome, BILLING_BALANCE) == {
        ("USD",): float(service.world.account.balance)
    }


async def test_a_balance_that_is_not_given_is_unknown(
    service: Simulator, client: ControlPlaneClient
) -> None:
    """An empty account would page somebody; an unset message must not."""
    answer(service, "/v1/billing/balance", {})

    outcome = await balance(client)

    assert outcome.verdict.passed
    assert outcome.samples == ()


async def test_spending_by_window(client: ControlPlaneClient) -> None:
    """Three rolling windows, which grow with their length."""
    found = values(await spending(client), BILLING_SPEND)

    assert list(found) == [("24h", "USD"), ("7d", "USD"), ("30d", "USD")]
    assert sorted(found.values()) == list(found.values())


async def test_deployments(service: Simulator, client: ControlPlaneClient) -> None:
    """Information, status, replicas and GPUs of each."""
    outcome = await deployments(client)

    info = values(outcome, DEPLOYMENT_INFO)
    ids = {labels[0] for labels in info}
    assert outcome.verdict.passed
    assert outcome.supported
    assert ids
    for family in (DEPLOYMENT_STATUS, DEPLOYMENT_REPLICAS, DEPLOYMENT_GPUS):
        assert {labels[0] for labels in values(outcome, family)} == ids
    assert service.token not in str(outcome.samples)


@pytest.mark.parametrize(
    ("payload", "count"),
    [
        pytest.param({"models": [{"deploymentId": "a"}]}, 1, id="documented"),
        pytest.param({"data": [{"deploymentId": "a"}]}, 1, id="data"),
        pytest.param([{"modelId": "a"}], 1, id="bare-list"),
        pytest.param({}, 0, id="empty-list-left-out"),
        pytest.param({"models": None}, 0, id="null"),
    ],
)
async def test_envelopes_of_deployments(
    service: Simulator, client: ControlPlaneClient, payload: Any, count: int
) -> None:
    """The reference page was never found, so several forms are accepted."""
    answer(service, "/v1/models", payload)

    outcome = await deployments(client)

    assert outcome.verdict.passed
    assert len(values(outcome, DEPLOYMENT_INFO)) == count


@pytest.mark.parametrize(
    ("status", "payload", "reason"),
    [
        pytest.param(404, {}, Reason.BAD_REQUEST, id="no-such-route"),
        pytest.param(501, {}, Reason.SERVER_ERROR, id="not-implemented"),
        pytest.param(200, {"models": 5}, Reason.BAD_PAYLOAD, id="unreadable"),
        pytest.param(200, None, Reason.BAD_PAYLOAD, id="null"),
    ],
)
async def test_an_optional_route_that_is_not_there(
    service: Simulator,
    client: ControlPlaneClient,
    status: int,
    payload: Any,
    reason: Reason,
) -> None:
    """It is a bonus: its absence must not become noise."""
    answer(service, "/v1/models", payload, status)

    outcome = await deployments(client)

    assert (outcome.verdict.reason, outcome.supported) == (reason, False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(4, {("a",): 4}, id="number"),
        pytest.param("4", {("a",): 4}, id="text"),
        pytest.param(4.0, {("a",): 4}, id="whole-float"),
        pytest.param(None, {("a",): 0}, id="null-is-left-out-is-zero"),
        pytest.param("many", {}, id="word"),
        pytest.param(-1, {}, id="negative"),
        pytest.param(1.5, {}, id="fraction"),
    ],
)
async def test_a_count_that_cannot_be_read_is_unknown(
    service: Simulator, client: ControlPlaneClient, value: Any, expected: Any
) -> None:
    """A deployment with no replicas would alarm somebody."""
    answer(
        service, "/v1/models", {"models": [{"deploymentId": "a", "replicas": value}]}
    )

    assert values(await deployments(client), DEPLOYMENT_REPLICAS) == expected


async def test_every_reason_that_a_pull_can_give_is_announced(
    service: Simulator, client: ControlPlaneClient
) -> None:
    """A counter that is born with its first failure hides that failure."""
    answer(service, "/v1/billing/balance", {"message": "unknown user"}, 404)

    outcome = await balance(client)

    assert outcome.verdict.reason is Reason.ROUTING
    assert outcome.verdict.reason in BalancePull.reasons


async def test_nothing_of_the_profile_goes_further(
    service: Simulator, client: ControlPlaneClient
) -> None:
    """The answer carries a key and an e-mail address; the samples do not."""
    planted = "marker-7c1"
    user = dict.fromkeys(("apiKey", "userEmail", "firstName", "stripeCusId"), planted)
    answer(service, "/auth/profile", {"user": user})

    outcome = await auth(client)

    assert planted not in str(outcome.samples) + outcome.verdict.detail


@pytest.mark.parametrize(
    "path",
    ["/v1/billing/stripe/customers", "/auth/cli/refresh", "/v1/admin/users", "/"],
)
async def test_no_other_route_can_be_asked_for(
    service: Simulator, client: ControlPlaneClient, path: str
) -> None:
    """Some GET routes of the Control Plane have effects."""
    with pytest.raises(ValueError, match="not a route"):
        await client.get(path, timeout=1)

    assert not service.requests
