"""The Leases of a Kubernetes API server, as far as an election can tell."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Leases:
    """
    Leases in memory, by the rules of the API server.

    Attributes:
        kept: By namespace and name.
        writes: How many succeeded.
    """

    kept: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    writes: int = 0

    def get(self, where: tuple[str, str]) -> tuple[int, dict[str, Any]]:
        """Answer a GET."""
        found = self.kept.get(where)
        if found is None:
            return 404, status(404, "NotFound")
        return 200, copy.deepcopy(found)

    def post(
        self, namespace: str, body: Mapping[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        """Answer a POST."""
        where = namespace, body["metadata"]["name"]
        if where in self.kept:
            return 409, status(409, "AlreadyExists")
        return 201, self._write(where, body)

    def put(
        self, where: tuple[str, str], body: Mapping[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        """Answer a PUT, which must tell the version that it is based on."""
        found = self.kept.get(where)
        if found is None:
            return 404, status(404, "NotFound")
        told = body["metadata"].get("resourceVersion")
        if told != found["metadata"]["resourceVersion"]:
            return 409, status(409, "Conflict")
        return 200, self._write(where, body)

    def delete(self, where: tuple[str, str]) -> None:
        """Delete a lease, as a person would."""
        self.kept.pop(where, None)

    def _write(self, where: tuple[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
        self.writes += 1
        lease = json.loads(json.dumps(body))
        lease["metadata"]["resourceVersion"] = str(1000 + self.writes)
        self.kept[where] = lease
        return copy.deepcopy(lease)


def status(code: int, reason: str, message: str = "") -> dict[str, Any]:
    """Return what the API server answers instead of a lease."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": message or f"leases.coordination.k8s.io: {reason}",
        "reason": reason,
        "code": code,
    }
