"""The Control Plane: the shape of every route, and the habits of protobuf-JSON."""

from collections.abc import AsyncIterator
from datetime import datetime

import httpx
import pytest

from tests.simulator.conftest import Read
from tm_exporter.simulator.server import Simulator


PAYMENT_METHODS = "/v1/billing/stripe/customers/payment-methods"
SHAPES = [
    ("/auth/profile", {"user"}),
    ("/v1/users/api-keys", {"apiKeys"}),
    ("/v1/models", {"models", "page", "size", "total"}),
    ("/v1/models/5e7f0000-0000-4000-8000-000000000101", {"model"}),
    ("/v1/billing/balance", {"balance"}),
    ("/v1/billing/spending/summary", {"spend24h", "spend7d", "spend30d"}),
    ("/v1/billing/spending/history", {"buckets"}),
    ("/v1/billing/transactions", {"transactions", "nextPageToken"}),
    ("/v1/billing/serverless-pricing", {"pricing"}),
    ("/v1/billing/serverless-usage/history", {"rows"}),
    ("/v1/billing/gpu-pricing", {"pricing"}),
    (PAYMENT_METHODS, {"stripePaymentMethodIds", "paymentMethods"}),
    ("/v1/support/tickets", {"tickets", "page", "size", "total"}),
    ("/v1/activities", {"activities", "page", "size", "total"}),
    ("/v1/observability/users/metrics", {"metrics"}),
    ("/v1/observability/deployments/deployment-1/metrics", {"metrics"}),
]


@pytest.mark.parametrize(("path", "members"), SHAPES, ids=[path for path, _ in SHAPES])
async def test_every_route_answers_with_its_members(
    read: Read, path: str, members: set[str]
) -> None:
    """All are objects in camel case."""
    answer = await read(path)

    assert answer.status_code == 200
    assert set(answer.json()) == members


@pytest.mark.parametrize("path", [path for path, _ in SHAPES] + ["/v1/nothing"])
@pytest.mark.parametrize("token", [None, "ak-simulated-not-a-secret", "wrong"])
async def test_every_route_needs_the_token(
    sim: Simulator, client: httpx.AsyncClient, path: str, token: str | None
) -> None:
    """An inference key is no token, and an unknown route tells nothing without one."""
    headers = {"authorization": f"Bearer {token}"} if token else {}

    answer = await client.get(sim.control_plane_url + path, headers=headers)

    assert answer.status_code == 401
    assert (answer.json()["code"], answer.json()["details"]) == (16, [])


async def test_zero_values_are_left_out(read: Read) -> None:
    """A stopped deployment has no replicas, so it has no such member."""
    models = (await read("/v1/models")).json()["models"]

    assert [model.get("replicas") for model in models] == [1, None, 2]
    assert "description" not in models[0]
    assert models[1]["infra"] == {"cloudProvider": "CLOUD_PROVIDER_LAMBDA"}


async def test_zero_values_can_be_written(sim: Simulator, read: Read) -> None:
    """Then unset messages are null and enums say UNSPECIFIED."""
    sim.switch("zero_values")

    models = (await read("/v1/models")).json()["models"]
    user = (await read("/auth/profile")).json()["user"]

    assert models[1]["replicas"] == 0
    assert user["surveyCompletedAt"] is None
    assert user["userRole"] == "USER_ROLE_UNSPECIFIED"


async def test_times_are_rfc3339_in_utc(sim: Simulator, read: Read) -> None:
    """A key's end lies ahead of us, a deleted one is shown only if asked for."""
    keys = (await read("/v1/users/api-keys")).json()["apiKeys"]
    every = (await read("/v1/users/api-keys", includeDeleted="true")).json()["apiKeys"]

    ends = [key["expiresAt"] for key in keys if "expiresAt" in key]
    assert [datetime.fromisoformat(end).timestamp() > sim.world.now() for end in ends]
    assert all(end.endswith("Z") for end in ends)
    assert [key["id"] for key in every if "deletedAt" in key] == ["key-3"]


@pytest.mark.parametrize(
    ("path", "key", "identity"),
    [
        pytest.param("/v1/models", "models", "modelId", id="models"),
        pytest.param("/v1/support/tickets", "tickets", "ticketId", id="tickets"),
        pytest.param("/v1/activities", "activities", "activityId", id="activities"),
    ],
)
async def test_numbered_pages_add_up(
    read: Read, path: str, key: str, identity: str
) -> None:
    """Pages are counted from 1, and the total is told on each."""
    found: list[str] = []
    page = 1
    while items := (answer := (await read(path, page=page, size=2)).json()).get(key):
        found += [item[identity] for item in items]
        page += 1

    assert len(found) == len(set(found)) == answer["total"] > 2


async def _transactions(read: Read, size: int) -> AsyncIterator[str]:
    query: dict[str, object] = {"pageSize": size}
    while True:
        answer = (await read("/v1/billing/transactions", **query)).json()
        for transaction in answer["transactions"]:
            yield transaction["transactionId"]
        if "nextPageToken" not in answer:
            return
        query["pageToken"] = answer["nextPageToken"]


async def test_pages_by_cursor_add_up(read: Read) -> None:
    """The last page has no token for a next one."""
    few = [each async for each in _transactions(read, 4)]

    every = [each async for each in _transactions(read, 100)]

    assert few == every
    assert len(set(few)) == len(few) > 20


async def test_pages_can_be_kept_small(sim: Simulator, read: Read) -> None:
    """Whatever size is asked for: the server decides."""
    sim.switch("small_pages")

    numbered = (await read("/v1/models", size=100)).json()
    cursor = (await read("/v1/billing/transactions", pageSize=100)).json()

    assert (len(numbered["models"]), numbered["size"]) == (2, 2)
    assert len(cursor["transactions"]) == 2


@pytest.mark.parametrize(
    ("path", "query"),
    [
        pytest.param("/v1/models", {"page": "0"}, id="page zero"),
        pytest.param("/v1/models", {"size": "many"}, id="size is a word"),
        pytest.param("/v1/billing/transactions", {"pageToken": "x"}, id="no token"),
        pytest.param("/v1/billing/transactions", {"pageToken": "YTpi"}, id="foreign"),
        pytest.param("/v1/activities", {"startTime": "today"}, id="no time"),
        pytest.param(
            "/v1/billing/serverless-usage/history", {"bucket": "YEAR"}, id="no bucket"
        ),
    ],
)
async def test_a_wrong_query_is_refused(
    read: Read, path: str, query: dict[str, str]
) -> None:
    """In the form of grpc-gateway: code 3 is an invalid argument."""
    answer = await read(path, **query)

    assert (answer.status_code, answer.json()["code"]) == (400, 3)


async def test_another_user_is_none_of_ours(sim: Simulator, read: Read) -> None:
    """The token is for one user; naming that one is fine."""
    own = await read("/v1/billing/balance", userId=sim.user_id)
    other = await read("/v1/billing/balance", userId="somebody")

    assert (own.status_code, other.status_code) == (200, 403)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/nothing",
        "/v1/models/none",
        "/v1/observability/deployments/none/metrics",
    ],
)
async def test_what_is_unknown_is_a_404(read: Read, path: str) -> None:
    """Code 5 is `not found`."""
    answer = await read(path)

    assert (answer.status_code, answer.json()["code"]) == (404, 5)


async def test_tickets_can_be_asked_for_by_status(read: Read) -> None:
    """An unspecified status means all."""
    path = "/v1/support/tickets"

    counts = [
        (await read(path, status=f"TICKET_STATUS_{name}")).json()["total"]
        for name in ("OPEN", "CLOSED", "UNSPECIFIED")
    ]

    assert counts[0] + counts[1] == counts[2] == 5


async def test_activities_can_be_asked_for_by_action_and_time(read: Read) -> None:
    """Both narrow the list."""
    every = (await read("/v1/activities")).json()["total"]
    logins = (await read("/v1/activities", action="user.login")).json()["total"]
    future = await read("/v1/activities", startTime="2100-01-01T00:00:00Z")

    assert 0 < logins < every
    assert "total" not in future.json()


async def test_gpu_prices_can_be_asked_for_by_kind(read: Read) -> None:
    """Unspecified means all; an inactive price has no `isActive`."""
    path = "/v1/billing/gpu-pricing"

    every = (await read(path, gpuType="GPU_TYPE_UNSPECIFIED")).json()["pricing"]
    active = (await read(path, activeOnly="true")).json()["pricing"]
    narrow = (
        await read(path, gpuType="GPU_TYPE_H100", cloudProvider="CLOUD_PROVIDER_NEBIUS")
    ).json()["pricing"]

    assert [price.get("isActive") for price in every] == [True] * 4 + [None]
    assert len(active) == 4
    assert [price["hourlyRate"]["units"] for price in narrow] == ["2"]


async def test_metrics_cover_the_time_asked_for(read: Read) -> None:
    """One value a step, the newest last."""
    answer = await read(
        "/v1/observability/users/metrics",
        startTime="2026-11-22T10:00:00Z",
        endTime="2026-11-22T10:05:00Z",
        stepSeconds=60,
    )

    data = answer.json()["metrics"][0]["data"]
    assert len(data) == 6
    assert data[-1]["timestamp"] == "2026-11-22T10:05:00Z"


FORBIDDEN = [
    ("GET", "/v1/billing/stripe/customers", 404),
    ("GET", "/auth/cli/start", 404),
    ("GET", "/v1/admin/users", 404),
    ("POST", "/v1/models", 405),
    ("PUT", "/v1/models/any", 405),
    ("DELETE", "/v1/users/api-keys", 405),
    ("POST", "/v1/billing/nothing", 404),
]


@pytest.mark.parametrize(("method", "path", "status"), FORBIDDEN)
async def test_calls_with_an_effect_are_refused_and_counted(
    sim: Simulator, client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    """So that a test can say that nobody makes them."""
    headers = {"authorization": f"Bearer {sim.token}"}

    answer = await client.request(method, sim.control_plane_url + path, headers=headers)

    state = (await client.get(sim.url + "/simulator/state")).json()
    assert answer.status_code == status
    assert state["forbidden_calls"] == [{"method": method, "path": path}]
    assert [(c.method, c.path) for c in sim.forbidden_calls] == [(method, path)]


async def test_plain_reads_are_not_counted_as_forbidden(
    sim: Simulator, read: Read
) -> None:
    """The payment methods lie below a route that is forbidden, and are fine."""
    await read(PAYMENT_METHODS)

    assert sim.forbidden_calls == []
