"""
One Lease of Kubernetes, by the three calls that an election needs.

Source: Kubernetes API reference, `coordination.k8s.io/v1` Lease. A `PUT` with the
`resourceVersion` that was read succeeds only if nobody wrote in between.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

import httpx

from tm_exporter.clients.client import USER_AGENT
from tm_exporter.clients.transport import Transport
from tm_exporter.credentials import Secret, SecretUnavailable


API_VERSION = "coordination.k8s.io/v1"

Method = Literal["GET", "POST", "PUT"]

_LONGEST_MESSAGE = 300


class LeaseConflict(Exception):  # noqa: N818 -- somebody was faster, no error
    """The lease is not what was read any more: nothing was written."""


class LeaseUnreachable(Exception):  # noqa: N818 -- a state of the world
    """
    Nobody knows what became of a call; the text says why and what to do.

    What was to be written may have been written, or may yet be.
    """


class LeaseApi:
    """
    Reads and writes one lease.

    Args:
        transport: To the API server.
        base_url: Of the API server, without a trailing slash.
        namespace: Of the lease.
        name: Of the lease.
        token: Sent with each call; None for a server that wants none.
        timeout: Seconds that a call may take.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        base_url: str,
        namespace: str,
        name: str,
        token: Secret | None,
        timeout: float,
    ) -> None:
        self._transport = transport
        self._namespace = namespace
        self._name = name
        self._token = token
        self._timeout = timeout
        self._all = f"{base_url}/apis/{API_VERSION}/namespaces/{namespace}/leases"
        self._one = f"{self._all}/{name}"

    async def read(self) -> Mapping[str, Any] | None:
        """
        Return the lease, None if there is none.

        Raises:
            LeaseUnreachable: That is not known.
        """
        status, body = await self._call("GET", self._one)
        return None if status == 404 else body

    async def create(self, lease: Mapping[str, Any]) -> Mapping[str, Any]:
        """
        Make the lease, and return it as it is now.

        Raises:
            LeaseConflict: Somebody else made it.
            LeaseUnreachable: Nobody knows whether it was made.
        """
        metadata = {
            **lease.get("metadata", {}),
            "name": self._name,
            "namespace": self._namespace,
        }
        status, body = await self._call(
            "POST", self._all, {**lease, **_KIND, "metadata": metadata}
        )
        if status == 404:
            raise LeaseUnreachable(
                f"there is no namespace {self._namespace}: look at `lease.namespace`"
            )
        return body

    async def replace(self, lease: Mapping[str, Any]) -> Mapping[str, Any]:
        """
        Write the lease over the one that was read, and return it as it is now.

        Raises:
            LeaseConflict: It is another one by now, or there is none any more.
            LeaseUnreachable: Nobody knows whether it was written.
        """
        status, body = await self._call("PUT", self._one, {**lease, **_KIND})
        if status == 404:
            raise LeaseConflict
        return body

    async def _call(
        self, method: Method, url: str, content: Mapping[str, Any] | None = None
    ) -> tuple[int, Mapping[str, Any]]:
        """Return status and body of a 2xx or 404, and raise what is anything else."""
        request = httpx.Request(
            method,
            url,
            headers=await self._fields(),
            content=None if content is None else json.dumps(content).encode(),
        )
        exchange = await self._transport.exchange(request, timeout=self._timeout)
        status = exchange.status
        if status == 409:
            raise LeaseConflict
        if status == 404:
            return status, {}
        if exchange.fault is not None and (status is None or status < 300):
            raise self._unreachable(exchange.fault.detail)
        body = _object(exchange.content)
        if status is None or not 200 <= status < 300:
            raise self._unreachable(_refusal(method, status, body))
        if body is None:
            raise self._unreachable("it answers something that is no lease")
        return status, body

    async def _fields(self) -> dict[str, str]:
        fields = {
            "User-Agent": USER_AGENT,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
            "Content-Type": "application/json",
        }
        if self._token is not None:
            try:
                token = await self._token.get()
            except SecretUnavailable as error:
                raise self._unreachable(str(error)) from None
            fields["Authorization"] = f"Bearer {token.get_secret_value()}"
        return fields

    def _unreachable(self, why: str) -> LeaseUnreachable:
        where = f"lease {self._namespace}/{self._name}"
        return LeaseUnreachable(f"{where}: the Kubernetes API gives no answer: {why}")


_KIND = {"apiVersion": API_VERSION, "kind": "Lease"}
_HINTS = {
    401: "look at the token of the service account",
    403: "its role must allow to get, create and update leases",
}


def _refusal(method: Method, status: int | None, body: Mapping[str, Any] | None) -> str:
    """Return what a refusal says, in one line."""
    told = (body or {}).get("message")
    message = " ".join(told.split())[:_LONGEST_MESSAGE] if isinstance(told, str) else ""
    parts = (
        f"{method} is answered with {status}",
        message,
        _HINTS.get(status or 0, ""),
    )
    return ": ".join(part for part in parts if part)


def _object(content: bytes) -> Mapping[str, Any] | None:
    """Return the JSON object that a body is, None if it is none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
