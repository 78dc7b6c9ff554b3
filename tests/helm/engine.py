"""The chart, rendered by the command lines of the real Helm 3 and Helm 4."""

import json
import os
import subprocess
from collections.abc import Hashable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml


ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy/helm/tm-exporter"
ENGINES = ("3", "4")
OLDEST, NEWEST = "1.25.0", "1.37.0"
"""The versions of Kubernetes that the chart is for."""

Json = dict[str, Any]

_ENVIRONMENT = {"HOME": str(ROOT / ".tools/helm"), "KUBECONFIG": os.devnull}
"""Nothing of who runs the tests: neither clusters nor plugins."""


class _Strict(yaml.CSafeLoader):
    """Refuses a key that is there twice, as all do but Helm itself."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        """Return a mapping whose keys are as many as were written."""
        made = super().construct_mapping(node, deep)
        assert len(made) == len(node.value), f"a key twice: {node.start_mark}"
        return made


class Refused(Exception):  # noqa: N818  # what Helm did, not what went wrong here
    """Helm took the values not; its text says why."""


def helm(*arguments: str | Path, engine: str = "4", given: str = "") -> str:
    """
    Return what Helm prints.

    Args:
        arguments: Of the command line.
        engine: `3` or `4`.
        given: What stands on its input.

    Raises:
        Refused: It failed; what it said.
    """
    command = [ROOT / ".tools/helm" / engine / "helm", *arguments]
    done = subprocess.run(  # noqa: S603  # our own words
        command,
        input=given,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env=_ENVIRONMENT,
    )
    if done.returncode:
        raise Refused(done.stderr)
    return done.stdout


def render(
    values: Mapping[str, Any] | None = None,
    name: str = "tm-exporter",
    namespace: str = "monitoring",
    *,
    engine: str = "4",
    kubernetes: str = NEWEST,
) -> list[Json]:
    """
    Return the objects of a release, those of hooks included.

    Args:
        values: In place of the chart's.
        name: Of the release.
        namespace: Where it is installed.
        engine: `3` or `4`.
        kubernetes: The version of the cluster.

    Raises:
        Refused: The values are refused, and why.
    """
    # YAML as PyYAML writes it is not quite what Go reads; JSON is.
    text = json.dumps(dict(values or {}), ensure_ascii=False)
    made = _template(text, name, namespace, engine, kubernetes)
    return [document for document in yaml.load_all(made, _Strict) if document]


@cache
def _template(values: str, name: str, namespace: str, engine: str, cluster: str) -> str:
    where = ("--namespace", namespace, "--kube-version", cluster)
    return helm(
        *("template", name, CHART, *where, "--values", "-"), engine=engine, given=values
    )


def scenarios() -> list[Path]:
    """Return the chart's values files for CI, one for each way to install it."""
    return sorted((CHART / "ci").glob("*-values.yaml"))


def cases(name: str) -> Any:
    """Return what a file of cases holds: values, and what becomes of them."""
    path = Path(__file__).parent / "cases" / f"{name}.yaml"
    return yaml.safe_load(path.read_text("utf-8"))


def of_file(path: Path, **how: Any) -> list[Json]:
    """Return the objects of a release with the values of a file."""
    return render(yaml.safe_load(path.read_text("utf-8")), **how)


def workload(documents: list[Json]) -> Json:
    """Return the Deployment or StatefulSet of a release."""
    return next(
        document
        for document in documents
        if document["kind"] in ("Deployment", "StatefulSet")
    )


def pod(documents: list[Json]) -> Json:
    """Return what the release's pods are."""
    spec: Json = workload(documents)["spec"]["template"]["spec"]
    return spec


def container(documents: list[Json]) -> Json:
    """Return the container of the release's pods."""
    only: Json
    (only,) = pod(documents)["containers"]
    return only


def of_kind(kind: str, documents: list[Json]) -> list[Json]:
    """Return the objects of a kind."""
    return [document for document in documents if document["kind"] == kind]
