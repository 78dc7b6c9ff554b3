"""The NetworkPolicy: as open as the configuration needs, and no more."""

from typing import Any

import pytest

from tests.helm.engine import Json, cases, of_kind, render


pytestmark = pytest.mark.e2e  # starts Helm

DNS = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]


def _policy(values: dict[str, Any]) -> dict[str, Any]:
    wanted = {"enabled": True, **values.get("networkPolicy", {})}
    (policy,) = of_kind("NetworkPolicy", render(values | {"networkPolicy": wanted}))
    spec: dict[str, Any] = policy["spec"]
    return spec


@pytest.mark.parametrize("case", cases("egress"), ids=str)
def test_egress_is_dns_and_the_configured_hosts(case: Json) -> None:
    """The ports come from the addresses; those of hosts behind a proxy are its."""
    dns, hosts = _policy(case["values"])["egress"]

    assert dns == {"ports": DNS}
    ports = [{"protocol": "TCP", "port": port} for port in case["ports"]]
    assert hosts == {"ports": ports}


def test_lease_opens_the_api_servers_own_port() -> None:
    """It is the port behind the Service, as policies see it, and a value."""
    for values, ports in (
        ({}, [6443]),
        ({"networkPolicy": {"apiServerPorts": [443, 8443]}}, [443, 8443]),
    ):
        *_, api = _policy(values | {"lease": {"enabled": True}})["egress"]

        assert [port["port"] for port in api["ports"]] == ports


def test_only_metrics_can_be_reached() -> None:
    """Ingress is to the metrics port alone, from everyone or from who is named."""
    policy = _policy({"service": {"port": 9000}})
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["ingress"] == [{"ports": [{"protocol": "TCP", "port": 9000}]}]
    peer = {"namespaceSelector": {"matchLabels": {"a": "b"}}}
    (rule,) = _policy({"networkPolicy": {"ingressFrom": [peer]}})["ingress"]
    assert rule["from"][0] == peer


def test_pod_of_helm_test_is_let_in() -> None:
    """Where peers are named, the test pod is one of them, if there is one."""
    peers = {"networkPolicy": {"ingressFrom": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}}
    test = of_kind("Pod", render(peers))[0]["metadata"]["labels"]

    (rule,) = _policy(peers)["ingress"]
    assert rule["from"][1]["podSelector"]["matchLabels"].items() <= test.items()
    (rule,) = _policy(peers | {"tests": {"enabled": False}})["ingress"]
    assert len(rule["from"]) == 1


def test_there_is_none_by_default() -> None:
    """A policy is asked for: it may close what a cluster needs."""
    assert of_kind("NetworkPolicy", render()) == []
