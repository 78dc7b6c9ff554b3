"""Kubernetes' own schemas: what its oldest and newest API servers take."""

import json
import re
from functools import cache
from typing import Any

import jsonschema_rs

from tests.helm.engine import ROOT


VERSIONS = ("oldest", "newest")

_SCHEMAS = ROOT / ".tools/helm/schemas"
_DEFINITIONS = "urn:kubernetes"


def faults(document: dict[str, Any], version: str) -> list[str]:
    """
    Return what an API server would refuse in an object, unknown keys included.

    Args:
        document: The object.
        version: `oldest` or `newest`.

    Raises:
        FileNotFoundError: There is no such kind in that version.
    """
    kind, api = document["kind"].lower(), document["apiVersion"]
    # `rbac.authorization.k8s.io/v1` is `rbac-v1` in the names of files.
    name = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api)
    return [
        f"{'/'.join(map(str, fault.instance_path))}: {fault.message}"
        for fault in _validator(version, f"{kind}-{name}.json").iter_errors(document)
    ]


@cache
def _validator(version: str, name: str) -> jsonschema_rs.Draft202012Validator:
    registry = _registry(version)
    return jsonschema_rs.Draft202012Validator(
        _load(version, name), registry=registry, validate_formats=False
    )


@cache
def _registry(version: str) -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry([(_DEFINITIONS, _load(version, "_definitions.json"))])


def _load(version: str, name: str) -> Any:
    text = (_SCHEMAS / version / name).read_text("utf-8")
    return json.loads(text.replace('"/api/_definitions.json#', f'"{_DEFINITIONS}#'))
