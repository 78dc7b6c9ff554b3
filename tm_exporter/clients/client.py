"""How a target is spoken to: its address, its credential, its headers."""

import re
from collections.abc import Mapping
from typing import Any, Literal

import httpx
import orjson
from pydantic import SecretStr

from tm_exporter import __version__
from tm_exporter.clients.conversation import BodyReader
from tm_exporter.clients.transport import Transport
from tm_exporter.credentials import Secret, SecretUnavailable, expiry
from tm_exporter.exchange import EVENT_STREAM, Exchange, Fault, FaultKind, Stage


USER_AGENT = f"tm-exporter/{__version__}"
_UNAUTHORIZED = 401


class Client:
    """
    What both kinds of client share.

    Args:
        base_url: Without a trailing slash and without /v1.
        transport: Makes one connection for each request.
        secret: Sent as a bearer token where a request is authenticated.
        headers: Sent with every request, besides those of the protocol.
    """

    def __init__(
        self,
        *,
        base_url: str,
        transport: Transport,
        secret: Secret | None = None,
        headers: Mapping[str, SecretStr] | None = None,
    ) -> None:
        self._base_url = base_url
        self._transport = transport
        self._secret = secret
        self._headers = headers or {}
        self._bare: dict[str, tuple[dict[str, str], httpx.Request]] = {}

    async def _header_fields(
        self, *, authenticated: bool, accept: str
    ) -> dict[str, str]:
        """
        Return the headers of a request.

        Raises:
            SecretUnavailable: The credential cannot be read now, whether this request
                needs it or not: half of a target would look like all of it.
        """
        if self._secret is not None:
            self._secret.check()
        fields = {
            "User-Agent": USER_AGENT,
            "Accept": accept,
            "Connection": "close",
            **{name: value.get_secret_value() for name, value in self._headers.items()},
        }
        if authenticated and self._secret is not None:
            secret = await self._secret.get()
            fields["Authorization"] = f"Bearer {secret.get_secret_value()}"
        return fields

    async def credential_expiry(self) -> float | None:
        """
        Return when the credential expires, in seconds since the epoch.

        None where it does not say, or cannot be read now.
        """
        try:
            return None if self._secret is None else expiry(await self._secret.get())
        except SecretUnavailable:
            return None

    def _without_content(self, url: str, fields: dict[str, str]) -> httpx.Request:
        """Return a GET; the one of the last time if it is to say the same."""
        known = self._bare.get(url)
        if known is None or known[0] != fields:
            known = fields, _request("GET", url, fields)
            self._bare[url] = known
        return known[1]

    def _note(self, exchange: Exchange, *, authenticated: bool) -> Exchange:
        """Tell the credential that it was refused, so that it may be renewed."""
        if exchange.status == _UNAUTHORIZED and authenticated and self._secret:
            self._secret.rejected()
        return exchange


class InferenceClient(Client):
    """
    Speaks to a serverless or on-demand surface.

    Args:
        user_id: Sent as X-User-Id with the credential, where the surface wants it.
        auth_on_get: Whether GET routes are given the credential.
    """

    def __init__(
        self, *, user_id: str | None = None, auth_on_get: bool = False, **common: Any
    ) -> None:
        super().__init__(**common)
        self._user_id = user_id
        self._auth_on_get = auth_on_get

    async def get(
        self,
        path: str,
        *,
        timeout: float,  # noqa: ASYNC109
    ) -> Exchange:
        """Ask for a route; whatever goes wrong is in the exchange."""
        return await self._send("GET", path, timeout, authenticated=self._auth_on_get)

    async def post(
        self,
        path: str,
        payload: Mapping[str, Any],
        *,
        timeout: float,  # noqa: ASYNC109
        reader: BodyReader | None = None,
    ) -> Exchange:
        """
        Send JSON to a route, once; whatever goes wrong is in the exchange.

        Args:
            path: From the root of the surface, such as `/v1/chat/completions`.
            payload: The request's JSON object.
            timeout: Seconds from now to the end of the answer.
            reader: Given where the answer is asked for as a stream.
        """
        return await self._send(
            "POST", path, timeout, authenticated=True, payload=payload, reader=reader
        )

    async def _send(
        self,
        method: Literal["GET", "POST"],
        path: str,
        timeout: float,  # noqa: ASYNC109
        *,
        authenticated: bool,
        payload: Mapping[str, Any] | None = None,
        reader: BodyReader | None = None,
    ) -> Exchange:
        """Send one request over a connection of its own."""
        url = f"{self._base_url}{path}"
        accept = "application/json" if reader is None else EVENT_STREAM
        try:
            fields = await self._header_fields(
                authenticated=authenticated, accept=accept
            )
        except SecretUnavailable as error:
            return unprepared(method, url, str(error))
        # A compressed stream would arrive in lumps: not what is to be timed.
        fields["Accept-Encoding"] = "identity" if reader else "gzip, deflate"
        if authenticated and self._user_id is not None:
            fields["X-User-Id"] = self._user_id
        if payload is None:
            request = self._without_content(url, fields)
        else:
            fields["Content-Type"] = "application/json"
            content = orjson.dumps(payload)
            request = _request(method, url, fields, content=content)
        exchange = await self._transport.exchange(
            request, timeout=timeout, reader=reader
        )
        return self._note(exchange, authenticated=authenticated)


READ_ROUTES = (
    "/auth/profile",
    "/v1/models",
    "/v1/billing/balance",
    "/v1/billing/spending/summary",
    "/v1/billing/spending/history",
    "/v1/billing/serverless-usage/history",
    "/v1/billing/transactions",
    "/v1/billing/stripe/customers/payment-methods",
    "/v1/users/api-keys",
    "/v1/activities",
    "/v1/support/tickets",
    "/v1/billing/serverless-pricing",
    "/v1/billing/gpu-pricing",
    "/v1/observability/users/metrics",
)
"""The only routes of the Control Plane that are ever asked for, but for one."""

_DEPLOYMENT_METRICS = re.compile(
    r"/v1/observability/deployments/[A-Za-z0-9][A-Za-z0-9_-]{0,127}/metrics", re.ASCII
)


def deployment_metrics_route(deployment_id: str) -> str | None:
    """Return the one route with an id in it; None for an id that fits no path."""
    route = f"/v1/observability/deployments/{deployment_id}/metrics"
    return route if _DEPLOYMENT_METRICS.fullmatch(route) else None


def may_be_read(path: str) -> bool:
    """Whether a route is one of those that are ever asked for."""
    return path in READ_ROUTES or _DEPLOYMENT_METRICS.fullmatch(path) is not None


class ControlPlaneClient(Client):
    """
    Reads from the Control Plane: it has no way to write, nor to leave its routes.

    Not through httpx's client: that one takes cookies, and reads where a redirect
    leads, which may be no address at all.
    """

    async def get(
        self,
        path: str,
        *,
        timeout: float,  # noqa: ASYNC109
        params: Mapping[str, str] | None = None,
    ) -> Exchange:
        """
        Ask for a route; whatever goes wrong is in the exchange.

        Raises:
            ValueError: The route is none of `READ_ROUTES`, nor that of a deployment's
                metrics.
        """
        if not may_be_read(path):
            raise ValueError(f"{path} is not a route that may be read")
        try:
            fields = await self._header_fields(
                authenticated=True, accept="application/json"
            )
        except SecretUnavailable as error:
            return unprepared("GET", f"{self._base_url}{path}", str(error))
        fields["Accept-Encoding"] = "gzip, deflate"
        request = _request("GET", f"{self._base_url}{path}", fields, params=params)
        exchange = await self._transport.exchange(request, timeout=timeout)
        return self._note(exchange, authenticated=True)


def _request(
    method: str, url: str, fields: Mapping[str, str], **more: Any
) -> httpx.Request:
    """Return a request whose headers may have all that the configuration allows."""
    headers = httpx.Headers(fields, encoding="latin-1")
    return httpx.Request(method, url, headers=headers, **more)


def unprepared(method: str, url: str, detail: str) -> Exchange:
    """Return the exchange of a request that could not even be written."""
    fault = Fault(Stage.PREPARE, FaultKind.FAILED, detail)
    return Exchange(method=method, url=url, fault=fault)
