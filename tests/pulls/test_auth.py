"""What is known of the token, and what the client will never do with it."""

import base64
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.probes.test_free_probes import values
from tm_exporter.catalog import (
    CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS,
    CONTROL_PLANE_TOKEN_VALID,
    TOS_ACCEPTED,
)
from tm_exporter.clients.client import (
    READ_ROUTES,
    ControlPlaneClient,
    deployment_metrics_route,
)
from tm_exporter.clients.resolver import Resolver
from tm_exporter.clients.transport import Transport
from tm_exporter.clients.trust import TrustStore
from tm_exporter.config.secrets import FileSecret, ValueSecret
from tm_exporter.credentials import Secret
from tm_exporter.observation import Outcome, ProbeKey, Reason
from tm_exporter.pulls.auth import AuthPull, AuthSection
from tm_exporter.simulator.server import Simulator


KEY = ProbeKey("account", "control_plane", "auth")


def jwt(**claims: Any) -> str:
    """Return what looks like a JWT; nothing has signed it."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    return f"e30.{body.decode()}.c2lnbmF0dXJl"


def client_with(service: Simulator, secret: Secret) -> ControlPlaneClient:
    """Return a client that shows this token."""
    return ControlPlaneClient(
        base_url=service.control_plane_url,
        transport=Transport(resolver=Resolver(), trust_store=TrustStore(), environ={}),
        secret=secret,
    )


async def auth(client: ControlPlaneClient) -> Outcome:
    """Check the token."""
    return await AuthPull(AuthSection(), KEY, client).run()


async def test_a_jwt_says_when_it_expires(client: ControlPlaneClient) -> None:
    """So that someone can be told before it does."""
    outcome = await auth(client)

    assert values(outcome, CONTROL_PLANE_TOKEN_VALID) == {(): 1}
    assert values(outcome, CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS) == {
        (): 4_102_444_800
    }


async def test_an_opaque_token_says_nothing(service: Simulator) -> None:
    """Unknown is absent."""
    service.rule("/auth/profile", status=200, body='{"user": {"id": "u"}}')
    client = client_with(service, ValueSecret(SecretStr("opaque-token")))

    outcome = await auth(client)

    assert values(outcome, CONTROL_PLANE_TOKEN_VALID) == {(): 1}
    assert values(outcome, CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS) == {}


async def test_a_refused_jwt_still_says_when_it_expired(service: Simulator) -> None:
    """Which is the reason why it was refused; and no part of it is told."""
    token = jwt(exp=1_700_000_000, sub="marker-of-a-user")
    client = client_with(service, ValueSecret(SecretStr(token)))

    outcome = await auth(client)

    assert outcome.verdict.reason is Reason.AUTH
    assert values(outcome, CONTROL_PLANE_TOKEN_VALID) == {(): 0}
    assert values(outcome, CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS) == {
        (): 1_700_000_000
    }
    told = f"{outcome.samples} {outcome.verdict} {outcome.facts}"
    for part in (*token.split("."), "marker-of-a-user"):
        assert part not in told


def plain(token: str) -> str:
    """Return the content of a file that holds the token alone."""
    return f"{token}\n"


def as_json(token: str) -> str:
    """Return the content of a file that holds it among other things."""
    return json.dumps({"tokens": {"access": token}, "refresh": "another"})


@pytest.mark.parametrize(
    ("content", "key"), [(plain, None), (as_json, "tokens.access")]
)
async def test_a_token_is_followed_when_its_file_is_replaced(
    service: Simulator, tmp_path: Path, content: Callable[[str], str], key: str | None
) -> None:
    """A timer writes it anew; the daemon is not told and need not be."""
    file, fresh = tmp_path / "token", tmp_path / "fresh"
    file.write_text(content(jwt(exp=1_700_000_000)), encoding="utf-8")
    client = client_with(service, FileSecret(file, key=key))
    before = await auth(client)

    fresh.write_text(content(service.token), encoding="utf-8")
    fresh.replace(file)
    after = await auth(client)

    assert values(before, CONTROL_PLANE_TOKEN_VALID) == {(): 0}
    assert values(after, CONTROL_PLANE_TOKEN_VALID) == {(): 1}
    assert values(after, CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS) == {
        (): 4_102_444_800
    }


async def test_a_token_file_that_is_gone(service: Simulator, tmp_path: Path) -> None:
    """It is our configuration that fails; of the token nothing is known."""
    client = client_with(service, FileSecret(tmp_path / "token"))

    outcome = await auth(client)

    assert outcome.verdict.reason is Reason.CONFIGURATION
    assert outcome.samples == ()
    assert not service.requests


@pytest.mark.parametrize(
    ("accepted", "flag"),
    [
        pytest.param("2026-01-02T03:04:05Z", 1, id="rfc3339"),
        pytest.param("2026-01-02T03:04:05.123456789+02:00", 1, id="offset"),
        pytest.param(1_767_323_045, 1, id="seconds"),
        pytest.param("1767323045000", 1, id="milliseconds-as-text"),
        pytest.param(0, 0, id="zero"),
    ],
)
async def test_when_the_terms_were_accepted(
    answer: Callable[..., None], client: ControlPlaneClient, accepted: Any, flag: int
) -> None:
    """Whatever form the time has."""
    answer("/auth/profile", {"user": {"tosAcceptedAt": accepted}})

    assert values(await auth(client), TOS_ACCEPTED) == {(): flag}


@pytest.mark.parametrize(
    "path",
    [
        "/auth/cli/start",
        "/auth/cli/exchange",
        "/auth/cli/refresh",
        "/v1/admin/users",
        "/v1/admin/billing/balances",
        "/v1/admin/billing/balances:add",
        "/v1/billing/stripe/customers",
        "/v1/billing/stripe/customers/",
        "/v1/users/accept-tos",
        "/v1/models/5e7f0000-0000-4000-8000-000000000101",
        "/v1/observability/deployments/d/logs",
        "/v1/observability/deployments//metrics",
        "/v1/observability/deployments/../metrics",
        "/v1/observability/deployments/a/b/metrics",
        "/v1/observability/deployments/%2e%2e/metrics",
        "/v1/observability/deployments/d/metrics?x=/metrics",
        "/v1/observability/deployments/d/metrics\n",
        "https://elsewhere.example/v1/models",
        "//elsewhere.example/v1/models",
        "/v1/models/../billing/stripe/customers",
        "/v1/models?page=2",
        "v1/models",
        "",
        "/",
    ],
)
async def test_no_route_with_an_effect_can_be_asked_for(
    service: Simulator, client: ControlPlaneClient, path: str
) -> None:
    """Neither admin, nor login, nor what makes a customer by being looked at."""
    with pytest.raises(ValueError, match="not a route"):
        await client.get(path, timeout=1)

    assert not service.requests


def test_the_routes_that_are_read_have_no_effect() -> None:
    """The list is closed: what is added to it has to be looked up first."""
    for route in READ_ROUTES:
        assert not route.startswith(("/auth/cli", "/v1/admin"))
        assert not route.endswith(("/customers", "/accept-tos", "/messages", "/logs"))


def test_the_client_has_no_way_to_write() -> None:
    """There is no method but one, and it takes neither verb nor body."""
    methods = {
        name
        for name, value in inspect.getmembers(ControlPlaneClient, callable)
        if not name.startswith("_")
    }

    assert methods == {"get", "credential_expiry"}
    assert set(inspect.signature(ControlPlaneClient.get).parameters) == {
        "self",
        "path",
        "timeout",
        "params",
    }


async def test_whatever_is_asked_for_is_a_get(
    service: Simulator, client: ControlPlaneClient
) -> None:
    """Also what has an id in its path."""
    route = deployment_metrics_route("deployment-1")
    assert route is not None
    for path in (*READ_ROUTES, route):
        await client.get(path, timeout=5, params={"size": "1"})

    assert {request.method for request in service.requests} == {"GET"}


@pytest.mark.parametrize(
    "deployment_id", ["", ".", "..", "a/b", "a b", "a%2Fb", "ä", "-a", "a" * 129, "a\n"]
)
def test_an_id_that_fits_no_path_has_no_route(deployment_id: str) -> None:
    """It is the service that names it, and it could name anything."""
    assert deployment_metrics_route(deployment_id) is None
