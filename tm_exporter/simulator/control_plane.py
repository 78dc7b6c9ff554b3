"""The routes of the Control Plane: like grpc-gateway."""

import secrets
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tm_exporter.simulator import billing, deployments, identity
from tm_exporter.simulator.event_stream import Json
from tm_exporter.simulator.proto_json import (
    cursor_page,
    money,
    number_of,
    numbered_page,
    seconds_of,
    without_zero_values,
)
from tm_exporter.simulator.refusal import Refusal, gateway_error
from tm_exporter.simulator.switches import Switches
from tm_exporter.simulator.world import World


Answer = Callable[[Request], dict[str, Any]]


class ControlPlane:
    """The Control Plane; it only reads, and knows one user."""

    def __init__(self, world: World) -> None:
        self._world = world

    def app(self) -> ASGIApp:
        """Return its routes as an application."""
        answers: dict[str, Answer] = {
            "/auth/profile": lambda _: identity.profile(self._world),
            "/v1/users/api-keys": self._api_keys,
            "/v1/models": self._models,
            "/v1/models/{id}": self._model,
            "/v1/observability/users/metrics": self._metrics,
            "/v1/observability/deployments/{id}/metrics": self._deployment_metrics,
            "/v1/support/tickets": self._tickets,
            "/v1/activities": self._activities,
            **self._billing_answers(),
        }
        app = Starlette(
            routes=[Route(p, self._endpoint(a)) for p, a in answers.items()],
            exception_handlers={Refusal: _refused, HTTPException: _unrouted},
        )
        app.router.redirect_slashes = False
        return _Authorised(app, self._world)

    def _billing_answers(self) -> dict[str, Answer]:
        account = self._world.account
        return {
            "/v1/billing/balance": self._balance,
            "/v1/billing/spending/summary": lambda _: billing.spending_summary(account),
            "/v1/billing/spending/history": lambda _: billing.spending_history(
                account, self._world.now()
            ),
            "/v1/billing/transactions": self._transactions,
            "/v1/billing/serverless-pricing": self._serverless_pricing,
            "/v1/billing/serverless-usage/history": self._usage,
            "/v1/billing/gpu-pricing": self._gpu_pricing,
            "/v1/billing/stripe/customers/payment-methods": self._payment_methods,
        }

    def _endpoint(self, answer: Answer) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            self._check_user(request)
            content = answer(request)
            zero_values = self._switches.zero_values
            return Json(content if zero_values else without_zero_values(content))

        return endpoint

    @property
    def _switches(self) -> Switches:
        return self._world.panel.switches["control_plane"]

    def _check_user(self, request: Request) -> None:
        asked = request.query_params.get("userId", "")
        if asked not in ("", self._world.credentials.user_id):
            raise gateway_error(403, 7, "that is another user")

    def _api_keys(self, request: Request) -> dict[str, Any]:
        deleted = request.query_params.get("includeDeleted") == "true"
        return identity.api_keys(self._world, deleted=deleted)

    def _models(self, request: Request) -> dict[str, Any]:
        return self._numbered("models", self._deployments(), request)

    def _model(self, request: Request) -> dict[str, Any]:
        return {"model": self._deployed("modelId", request)}

    def _deployments(self) -> list[dict[str, Any]]:
        return deployments.deployments(self._world, self._switches.deployment_status)

    def _deployed(self, member: str, request: Request) -> dict[str, Any]:
        wanted = request.path_params["id"]
        for model in self._deployments():
            if model[member] == wanted:
                return model
        raise gateway_error(404, 5, "there is no such model")

    def _deployment_metrics(self, request: Request) -> dict[str, Any]:
        self._deployed("deploymentId", request)
        return self._metrics(request)

    def _metrics(self, request: Request) -> dict[str, Any]:
        query, now = request.query_params, self._world.now()
        end = seconds_of(query, "endTime", now)
        start = seconds_of(query, "startTime", end - 900)
        return deployments.metrics(start, end, number_of(query, "stepSeconds", 60))

    def _tickets(self, request: Request) -> dict[str, Any]:
        status = request.query_params.get("status", "")
        return self._numbered("tickets", identity.tickets(self._world, status), request)

    def _activities(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        start = seconds_of(query, "startTime", 0.0)
        end = seconds_of(query, "endTime", self._world.now())
        action = query.get("action", "")
        done = identity.activities(self._world, action, start, end)
        return self._numbered("activities", done, request)

    def _balance(self, _: Request) -> dict[str, Any]:
        used_up = self._switches.balance_used_up
        return {
            "balance": money(Decimal(0) if used_up else self._world.account.balance)
        }

    def _transactions(self, request: Request) -> dict[str, Any]:
        every = billing.transactions(self._world.account, self._world.now())
        limit = self._switches.page_limit
        return cursor_page("transactions", every, request.query_params, limit)

    def _serverless_pricing(self, request: Request) -> dict[str, Any]:
        asked = request.query_params.get("model", "")
        models = [m for m in self._world.account.models if asked in ("", m.name)]
        return billing.serverless_pricing(models, self._world.price_factor)

    def _usage(self, request: Request) -> dict[str, Any]:
        query, now = request.query_params, self._world.now()
        bucket = query.get("bucket", "USAGE_BUCKET_DAY")
        start = seconds_of(query, "startTime", 0.0)
        end = seconds_of(query, "endTime", now)
        return billing.usage_history(self._world.account, bucket, start, end)

    def _gpu_pricing(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        return billing.gpu_pricing(
            query.get("cloudProvider", ""),
            query.get("gpuType", ""),
            active_only=query.get("activeOnly") == "true",
        )

    def _payment_methods(self, _: Request) -> dict[str, Any]:
        expired = self._switches.card_expired
        return billing.payment_methods(self._world.now(), expired=expired)

    def _numbered(
        self, key: str, items: list[dict[str, Any]], request: Request
    ) -> dict[str, Any]:
        return numbered_page(
            key, items, request.query_params, self._switches.page_limit
        )


class _Authorised:
    """Asks for the token before anything else: unknown routes need it too."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shown = Request(scope).headers.get("authorization", "").encode()
        wanted = f"Bearer {self._world.credentials.token}".encode()
        refused = self._world.panel.switches["control_plane"].refuse_credentials
        if refused or not secrets.compare_digest(shown, wanted):
            error = gateway_error(401, 16, "the token is missing, wrong or expired")
            await Json(error.content, status_code=401)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


async def _refused(_: Request, error: Exception) -> Response:
    refusal = cast("Refusal", error)
    return Json(refusal.content, status_code=refusal.status)


async def _unrouted(_: Request, error: Exception) -> Response:
    found = cast("HTTPException", error)
    code = 5 if found.status_code == 404 else 12
    content = gateway_error(found.status_code, code, found.detail).content
    headers = dict(found.headers or {})
    return Json(content, status_code=found.status_code, headers=headers)
