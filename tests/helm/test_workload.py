"""What runs in the cluster, and with which rights: by values, as users set them."""

from pathlib import Path
from typing import Any

import pytest

from tests.helm.engine import (
    CHART,
    container,
    of_file,
    of_kind,
    pod,
    render,
    scenarios,
    workload,
)
from tm_exporter.config.fixed import FIXED


pytestmark = pytest.mark.e2e  # starts Helm

PAID = {
    "targets": [
        {"name": "serverless", "surface": "serverless", "api_key_file": "/k"},
    ]
}
LEASE = {"lease": {"enabled": True}, "config": PAID}
VOLUME = {"persistence": {"enabled": True}, "config": PAID}
SHARDS = {"sharding": {"enabled": True, "shards": 3}}

each_scenario = pytest.mark.parametrize(
    "path", scenarios(), ids=lambda path: path.stem.removesuffix("-values")
)


def _environment(documents: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        entry["name"]: entry.get("value", entry.get("valueFrom"))
        for entry in container(documents)["env"]
    }


def _mounts(documents: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what is mounted, by its path."""
    volumes = {volume["name"]: volume for volume in pod(documents)["volumes"]}
    return {
        mount["mountPath"]: volumes.get(mount["name"], {}) | mount
        for mount in container(documents)["volumeMounts"]
    }


@each_scenario
def test_pods_keep_the_restricted_profile(path: Path) -> None:
    """Pod Security's restricted profile takes every pod, that of the test too."""
    objects = of_file(path)
    for spec in [pod(objects), *(test["spec"] for test in of_kind("Pod", objects))]:
        secured = spec["securityContext"]
        assert secured["runAsNonRoot"] is True
        assert secured["runAsUser"] >= 1000
        assert secured["seccompProfile"] == {"type": "RuntimeDefault"}
        for one in spec["containers"]:
            assert one["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
        assert spec["enableServiceLinks"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()


@each_scenario
def test_kubelet_asks_the_port_without_credentials(path: Path) -> None:
    """Its probes go to the health port in plain HTTP, whatever /metrics asks for."""
    one = container(of_file(path))
    ports = {port["name"]: port["containerPort"] for port in one["ports"]}
    environment = {entry["name"]: entry.get("value", "") for entry in one["env"]}

    assert one["livenessProbe"]["httpGet"] == {"path": "/-/healthy", "port": "health"}
    assert one["readinessProbe"]["httpGet"] == {"path": "/-/ready", "port": "health"}
    assert one["startupProbe"]["httpGet"] == {"path": "/-/healthy", "port": "health"}
    for variable, name in (("HEALTH_LISTEN", "health"), ("LISTEN", "http")):
        address = environment[f"TM_EXPORTER_SERVER__{variable}"]
        assert address.rpartition(":")[2] == str(ports[name])


@each_scenario
def test_files_are_mounted_so_that_they_change(path: Path) -> None:
    """ConfigMap and Secret are whole directories: a sub-path is never brought up."""
    objects = of_file(path)
    mounts = container(objects)["volumeMounts"]

    assert not any("subPath" in mount for mount in mounts)
    assert "configMap" in _mounts(objects)["/etc/tm-exporter/config"]


def test_changed_configuration_starts_no_new_pods() -> None:
    """Another target or secret changes nothing in the pod; another format does."""
    plain, other, format_ = (
        workload(render(values))["spec"]["template"]
        for values in (
            {"secret": {"api-key": "one"}},
            {
                "secret": {"api-key": "two"},
                "config": {
                    "targets": [{"name": "a", "surface": "serverless"}],
                    "log": {"level": "debug"},
                },
            },
            {"secret": {"api-key": "one"}, "config": {"log": {"format": "console"}}},
        )
    )

    assert plain == other
    assert plain != format_


def test_all_that_needs_a_restart_starts_new_pods() -> None:
    """What a running exporter would refuse to change reaches new pods."""
    changes: dict[tuple[str, ...], dict[str, Any]] = {
        ("server", "listen"): {"service": {"port": 9000}},
        ("server", "health_listen"): {"healthPort": 9000},
        ("server", "web_config_file"): {"config": {"server": {"web_config_file": "x"}}},
        ("log", "format"): {"config": {"log": {"format": "console"}}},
        ("event_loop",): {"config": {"event_loop": "asyncio"}},
        ("lease",): {"lease": {"enabled": True}},
        ("shard",): {"sharding": {"enabled": True}},
    }

    assert {*changes, ("state_dir",)} == set(FIXED)  # which is the same for ever
    now = workload(render())["spec"]["template"]
    for values in changes.values():
        assert workload(render(values))["spec"]["template"] != now


@pytest.mark.parametrize(
    ("values", "strategy"),
    [
        ({}, "RollingUpdate"),
        (VOLUME, "Recreate"),
        (LEASE, "RollingUpdate"),
        (LEASE | {"persistence": {"enabled": True}}, "Recreate"),
        ({"config": PAID, "acceptLedgerLoss": True}, "Recreate"),
    ],
    ids=["nothing paid", "volume", "lease", "lease and volume", "ledger may be lost"],
)
def test_two_pods_at_once_only_where_one_pays(
    values: dict[str, Any], strategy: str
) -> None:
    """The old pod ends before the new one begins, unless a Lease says who pays."""
    assert workload(render(values))["spec"]["strategy"]["type"] == strategy


def test_ledger_is_on_the_claim() -> None:
    """With persistence the state directory is on a volume that outlives pods."""
    objects = render(VOLUME, name="a")
    (claim,) = of_kind("PersistentVolumeClaim", objects)
    state = _mounts(objects)["/var/lib/tm-exporter"]

    assert state["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert "storageClassName" not in claim["spec"]
    assert _environment(objects)["TM_EXPORTER_STATE_DIR"] == "/var/lib/tm-exporter"


def test_existing_claim_is_used_and_none_is_made() -> None:
    """A claim that was made before is mounted."""
    objects = render({"persistence": {"enabled": True, "existingClaim": "mine"}})

    assert of_kind("PersistentVolumeClaim", objects) == []
    claim = _mounts(objects)["/var/lib/tm-exporter"]["persistentVolumeClaim"]
    assert claim == {"claimName": "mine"}


def test_shards_are_a_stateful_set() -> None:
    """Each shard knows its number by its name, how many there are, and has a volume."""
    objects = render(SHARDS | {"persistence": {"enabled": True}}, name="a")
    (stateful,) = of_kind("StatefulSet", objects)
    environment = _environment(objects)

    assert of_kind("Deployment", objects) == []
    assert of_kind("PersistentVolumeClaim", objects) == []
    assert stateful["spec"]["replicas"] == 3
    assert stateful["spec"]["podManagementPolicy"] == "Parallel"
    assert environment["TM_EXPORTER_SHARD__TOTAL"] == "3"
    assert environment["POD_NAME"]["fieldRef"]["fieldPath"] == "metadata.name"
    (template,) = stateful["spec"]["volumeClaimTemplates"]
    mounts = container(objects)["volumeMounts"]
    assert {
        "name": template["metadata"]["name"],
        "mountPath": "/var/lib/tm-exporter",
    } in mounts
    headless = next(
        service
        for service in of_kind("Service", objects)
        if service["metadata"]["name"] == stateful["spec"]["serviceName"]
    )
    assert headless["spec"]["clusterIP"] == "None"


def test_prometheus_scrapes_each_pod_once() -> None:
    """Of two Services only one has the label by which monitors choose."""
    services = of_kind("Service", render(SHARDS))
    components = [
        service["metadata"]["labels"]["app.kubernetes.io/component"]
        for service in services
    ]

    assert sorted(components) == ["headless", "metrics"]


def test_without_lease_no_access_to_the_cluster() -> None:
    """No token in the pod, no Role."""
    objects = render(VOLUME)

    assert pod(objects)["automountServiceAccountToken"] is False
    assert of_kind("Role", objects) == of_kind("RoleBinding", objects) == []
    (account,) = of_kind("ServiceAccount", objects)
    assert account["automountServiceAccountToken"] is False
    assert "TM_EXPORTER_LEASE__ENABLED" not in _environment(objects)


def test_lease_is_the_only_thing_that_pods_may_touch() -> None:
    """The Role has one Lease by its name, and the pods know its name and their own."""
    objects = render(LEASE | {"replicas": 2}, name="a")
    (role,) = of_kind("Role", objects)
    environment = _environment(objects)

    assert pod(objects)["automountServiceAccountToken"] is True
    assert environment["TM_EXPORTER_LEASE__ENABLED"] == "true"
    assert environment["TM_EXPORTER_LEASE__DURATION"] == "15s"
    create, change = role["rules"]
    assert create["verbs"] == ["create"]
    assert change["verbs"] == ["get", "update"]
    assert change["resourceNames"] == [environment["TM_EXPORTER_LEASE__NAME"]]
    for rule in role["rules"]:
        assert rule["apiGroups"] == ["coordination.k8s.io"]
        assert rule["resources"] == ["leases"]
    assert environment["POD_NAME"]["fieldRef"]["fieldPath"] == "metadata.name"
    assert environment["POD_NAMESPACE"]["fieldRef"]["fieldPath"] == "metadata.namespace"


def test_own_role_can_be_brought_along() -> None:
    """Where the chart may make no Role there is none, and the account is as told."""
    objects = render(
        LEASE
        | {"rbac": {"create": False}, "serviceAccount": {"create": False, "name": "x"}}
    )

    assert of_kind("Role", objects) == of_kind("ServiceAccount", objects) == []
    assert pod(objects)["serviceAccountName"] == "x"


def test_secret_is_made_only_if_asked() -> None:
    """By default there is none, and an existing one is mounted as it is."""
    assert of_kind("Secret", render()) == []
    assert "/etc/tm-exporter/secrets" not in _mounts(render())
    existing = render({"existingSecret": "mine"})
    assert of_kind("Secret", existing) == []
    assert (
        _mounts(existing)["/etc/tm-exporter/secrets"]["secret"]["secretName"] == "mine"
    )
    made = render({"secret": {"api-key": "a"}})
    (secret,) = of_kind("Secret", made)
    assert secret["data"] == {"api-key": "YQ=="}
    mounted = _mounts(made)["/etc/tm-exporter/secrets"]["secret"]
    assert mounted["secretName"] == secret["metadata"]["name"]


def test_image_is_named_by_tag_or_digest() -> None:
    """The digest wins; without both it is the chart's own version."""
    digest = f"sha256:{'0' * 64}"
    named = [
        container(render({"image": image}))["image"]
        for image in (
            {},
            {"tag": "x"},
            {"repository": "r", "tag": "x", "digest": digest},
        )
    ]

    assert named[1:] == ["tm-exporter:x", f"r@{digest}"]
    assert named[0].startswith("tm-exporter:")


def test_spread_means_the_own_pods() -> None:
    """A constraint without a selector gets the release's, one with keeps it."""
    other = {"matchLabels": {"a": "b"}}
    spread = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
    objects = render(
        {"topologySpreadConstraints": [spread, spread | {"labelSelector": other}]}
    )
    first, second = pod(objects)["topologySpreadConstraints"]

    assert first["labelSelector"] == workload(objects)["spec"]["selector"]
    assert second["labelSelector"] == other


def test_extras_reach_the_pod() -> None:
    """What the chart has no name for can be added."""
    objects = of_file(CHART / "ci/everything-values.yaml")
    spec, one = pod(objects), container(objects)

    assert _environment(objects)["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert one["envFrom"] == [{"secretRef": {"name": "more", "optional": True}}]
    assert spec["priorityClassName"] == "monitoring"
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert spec["tolerations"][0]["key"] == "dedicated"
    assert one["resources"]["limits"] == {"cpu": 1, "memory": "256Mi"}
    template = workload(objects)["spec"]["template"]["metadata"]
    assert template["labels"]["sidecar.example.com/inject"] == "false"
    assert template["labels"]["team"] == "inference"
    assert template["annotations"]["example.com/owner"] == "inference"
    files = of_file(CHART / "ci/shards-values.yaml")
    assert _mounts(files)["/etc/tm-exporter/targets"]["readOnly"] is True


def test_labels_of_users_do_not_take_pods_away() -> None:
    """A label that the selectors need cannot be set to something else."""
    wrong = {"app.kubernetes.io/name": "x", "app.kubernetes.io/instance": "y"}
    objects = render({"labels": wrong, "podLabels": wrong})
    selector = workload(objects)["spec"]["selector"]["matchLabels"]

    labels = workload(objects)["spec"]["template"]["metadata"]["labels"]
    assert selector.items() <= labels.items()
