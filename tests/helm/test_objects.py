"""Every scenario of the chart: what the real Helm makes of it is valid."""

from collections import Counter
from itertools import product
from pathlib import Path

import pytest
import yaml

from tests.helm.engine import (
    CHART,
    ENGINES,
    Refused,
    helm,
    of_file,
    of_kind,
    render,
    scenarios,
)
from tests.helm.kubernetes import VERSIONS, faults


pytestmark = pytest.mark.e2e  # starts Helm

OF_OPERATORS = {"PodMonitor", "PrometheusRule", "ServiceMonitor"}

each_scenario = pytest.mark.parametrize(
    "path", scenarios(), ids=lambda path: path.stem.removesuffix("-values")
)


@each_scenario
@pytest.mark.parametrize("engine", ENGINES)
def test_lint_finds_nothing(engine: str, path: Path) -> None:
    """Helm's own linter is content, warnings included."""
    done = helm("lint", "--strict", CHART, "--values", path, engine=engine)

    assert "0 chart(s) failed" in done


@each_scenario
def test_both_engines_make_the_same(path: Path) -> None:
    """Helm 3 and Helm 4 agree on every object."""
    assert of_file(path, engine="3") == of_file(path, engine="4")


@each_scenario
@pytest.mark.parametrize("version", VERSIONS)
def test_api_server_takes_each_object(version: str, path: Path) -> None:
    """Nothing is unknown to, or wrong for, the oldest and the newest Kubernetes."""
    objects = [o for o in of_file(path) if o["kind"] not in OF_OPERATORS]

    assert {o["metadata"]["name"]: faults(o, version) for o in objects} == {
        o["metadata"]["name"]: [] for o in objects
    }


def test_unknown_keys_are_seen() -> None:
    """The schemas that the objects are held against are the strict ones."""
    (service,) = of_kind("Service", of_file(CHART / "ci/default-values.yaml"))
    service = service | {"spec": service["spec"] | {"portz": []}}

    assert all("portz" in str(faults(service, version)) for version in VERSIONS)


@each_scenario
def test_releases_in_one_namespace_do_not_collide(path: Path) -> None:
    """No object of a release has the name of another release's, whatever they are."""
    names = ["tm-exporter", "a", "a-tm-exporter", f"{'a' * 52}x", f"{'a' * 52}y"]
    found = Counter(
        (o["apiVersion"], o["kind"], o["metadata"]["name"])
        for name in names
        for o in of_file(path, name=name)
    )
    if "everything" in path.stem:  # its fullnameOverride is what a user answers for
        assert set(found.values()) == {len(names)}
    else:
        assert set(found.values()) == {1}


def test_pods_are_told_apart_by_their_release() -> None:
    """Whatever selects pods selects only those of its own release."""
    one, other = (
        of_file(CHART / "ci/lease-values.yaml", name=name) for name in ("one", "other")
    )
    pods = of_kind("Deployment", other)[0]["spec"]["template"]["metadata"]["labels"]
    selectors = [
        of_kind("Deployment", one)[0]["spec"]["selector"]["matchLabels"],
        of_kind("Service", one)[0]["spec"]["selector"],
        of_kind("PodDisruptionBudget", one)[0]["spec"]["selector"]["matchLabels"],
        of_kind("NetworkPolicy", one)[0]["spec"]["podSelector"]["matchLabels"],
    ]

    assert not any(selector.items() <= pods.items() for selector in selectors)


@each_scenario
def test_test_pod_is_none_of_the_exporters(path: Path) -> None:
    """What selects the exporter's pods never selects the pod of `helm test`."""
    objects = of_file(path)
    selected = of_kind("Service", objects)[0]["spec"]["selector"]

    for test in of_kind("Pod", objects):
        assert not selected.items() <= test["metadata"]["labels"].items()


@each_scenario
def test_names_fit_however_long_the_release_is(path: Path) -> None:
    """What becomes a label has at most 63 characters, a shard's number included."""
    objects = of_file(path, name="r" * 53)

    assert max(len(o["metadata"]["name"]) for o in objects) <= 63
    for stateful in of_kind("StatefulSet", objects):
        assert len(stateful["metadata"]["name"]) + len("-0123456789") <= 63


@each_scenario
def test_every_object_says_whose_it_is(path: Path) -> None:
    """Each object has the release's namespace and the recommended labels."""
    for document in of_file(path, namespace="elsewhere"):
        labels = document["metadata"]["labels"]

        assert document["metadata"]["namespace"] == "elsewhere"
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
        assert labels["app.kubernetes.io/instance"] == "tm-exporter"


@each_scenario
def test_labels_that_are_given_take_the_place_of_usual_ones(path: Path) -> None:
    """Each is there once, and what says whose an object is stays as it is."""
    name = "app.kubernetes.io/"
    given = {f"{name}part-of": "ours", f"{name}version": "1", "helm.sh/chart": "c"}
    whose = {f"{name}instance": "7", f"{name}managed-by": "me", f"{name}name": "n"}
    component = {f"{name}component": "canaries"}
    values = yaml.safe_load(path.read_text("utf-8"))

    more = values | {"labels": given | whose | component}
    for document in render(more, name="7", namespace="8"):
        labels = document["metadata"]["labels"]

        assert document["metadata"]["namespace"] == "8"
        assert given.items() <= labels.items()
        assert labels[f"{name}managed-by"] == "Helm"
        assert labels[f"{name}instance"] == "7"
        assert labels[f"{name}name"] != "n"
        assert labels[f"{name}component"] in ("canaries", "headless", "metrics", "test")


@pytest.mark.parametrize(
    ("engine", "cluster"),
    list(product(ENGINES, ("1.19.0", "1.24.17", "1.24.17-eks-1"))),
)
def test_too_old_a_cluster_is_refused(engine: str, cluster: str) -> None:
    """The floor is 1.25."""
    with pytest.raises(Refused, match=r"1\.25"):
        helm("template", "x", CHART, "--kube-version", cluster, engine=engine)


@pytest.mark.parametrize("cluster", ["1.25.0", "v1.25.3-gke.100", "1.37.0"])
def test_vendors_versions_are_taken(cluster: str) -> None:
    """What a vendor puts behind a version does not make it older."""
    assert helm("template", "x", CHART, "--kube-version", cluster)


def test_packaged_chart_is_small(tmp_path: Path) -> None:
    """A release's Secret, which holds the chart, may have a megabyte."""
    helm("package", CHART, "--destination", tmp_path)
    (package,) = tmp_path.iterdir()

    assert package.stat().st_size < 400_000
