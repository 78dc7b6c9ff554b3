"""
The election on a real API server, which scripts/kube-apiserver.sh builds and runs.

It has the role that the documentation asks for, and no right more.
"""

import asyncio
import json
import os
import ssl
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tm_exporter.budget.totals import Totals
from tm_exporter.budget.windows import Windows
from tm_exporter.clients.leases import LeaseUnreachable
from tm_exporter.config.lease import LeasePlace
from tm_exporter.daemon.succession import _api
from tm_exporter.lease.election import Election
from tm_exporter.lease.record import Record


DURATION = 2.0
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"

pytestmark = [pytest.mark.e2e, pytest.mark.kube]


def ask(method: str, path: str, body: Any = None) -> Any:
    """Have the server do something, as its administrator."""
    token = (Path(os.environ["KUBE_TOKENS"]) / "admin").read_text().strip()
    request = urllib.request.Request(  # noqa: S310 -- loopback only
        os.environ["KUBE_URL"] + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
        },
    )
    context = ssl.create_default_context(cafile=os.environ["KUBE_CA"])
    with urllib.request.urlopen(request, timeout=5, context=context) as answer:  # noqa: S310
        return json.loads(answer.read())


def allow() -> None:
    """Give the exporter its role."""
    rule = {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "verbs": ["get", "create", "update"],
    }
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "lease"}
    subject = {"kind": "User", "name": "exporter"}
    named = {"metadata": {"name": "lease"}}
    ask("POST", f"{RBAC}/roles", {**named, "rules": [rule]})
    ask(
        "POST",
        f"{RBAC}/rolebindings",
        {**named, "roleRef": role, "subjects": [subject]},
    )


def competitor(name: str) -> Election:
    """Return one that competes for the lease."""
    place = LeasePlace(
        api_url=os.environ["KUBE_URL"],
        namespace="default",
        name="tm-exporter",
        token_file=Path(os.environ["KUBE_TOKENS"]) / "exporter",
        ca_bundle=Path(os.environ["KUBE_CA"]),
    )
    api = _api(place, DURATION / 5, lambda _: None)
    return Election(api, name, DURATION, clock=time.monotonic, now=time.time)


async def until(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.02)


async def test_two_compete_for_a_lease_that_carries_the_account() -> None:
    """Made, renewed, taken over, freed; the server takes and keeps every field."""
    one, other = competitor("one"), competitor("other")
    with pytest.raises(LeaseUnreachable, match="its role must allow"):
        await one._store.read()
    await asyncio.to_thread(allow)
    one.start(lambda: None)
    await until(lambda: one.permit)
    other.start(lambda: None)
    await other.decided(10)
    today = Windows.at(time.time())
    spent = Totals(int(time.time()), {today.day: 5}, {today.month: 5})
    covered = await one.cover(spent, spent.plus(10, 10))
    standby = other.permit
    await one.stop(spent)
    await until(lambda: other.permit)
    record = Record.of(await asyncio.to_thread(ask, "GET", f"{LEASES}/tm-exporter"))
    await other.stop()
    freed = await asyncio.to_thread(ask, "GET", f"{LEASES}/tm-exporter")

    assert covered
    assert standby is None
    assert record.holder == "other"
    assert record.totals is not None
    assert record.totals == spent
    assert freed["spec"].get("holderIdentity", "") == ""
    assert freed["spec"]["leaseTransitions"] >= 1
