"""Grafana 13's own types, made into JSON schemas, accept every dashboard."""

import json
from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from tests.grafana.boards import FILES, ROOT, Json, load, panels


pytestmark = pytest.mark.e2e  # needs what make parts generates

SCHEMAS = ROOT / ".tools/grafana/schemas"

OF_PROMETHEUS = {"expr", "step", "tagKeys", "titleFormat"}
"""Keys of an annotation that are the data source's own. Grafana's type has none of
any data source, while its Prometheus plugin reads exactly these."""


@cache
def validator(name: str) -> jsonschema_rs.Validator:
    """Return what validates against a schema that `make parts` generated."""
    path = SCHEMAS / f"{name.replace('state-timeline', 'statetimeline')}.json"
    assert path.is_file(), f"{path} is missing: run make parts"
    return jsonschema_rs.validator_for(json.loads(path.read_text("utf-8")))


def faults(schema: str, instance: Any) -> list[str]:
    """Return what a schema has against a value."""
    return [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}"
        for error in validator(schema).iter_errors(instance)
    ]


def without_keys_of_prometheus(board: Json) -> Json:
    """Return a dashboard whose annotations have only what all have."""
    plain = [
        {key: value for key, value in each.items() if key not in OF_PROMETHEUS}
        for each in board["annotations"]["list"]
    ]
    return {**board, "annotations": {"list": plain}}


@pytest.mark.parametrize("name", FILES)
def test_a_dashboard_is_one(name: str) -> None:
    """Every key is one that Grafana 13 knows, with a value of the right type."""
    assert faults("dashboard", without_keys_of_prometheus(load(name))) == []


@pytest.mark.parametrize("name", FILES)
def test_panels_have_options_of_their_type(name: str) -> None:
    """So do the options that each type of panel has of its own."""
    wrong = [
        f"{panel['title']}: {fault}"
        for panel in panels(load(name))
        for fault in faults(f"{panel['type']}-Options", panel.get("options", {}))
    ]

    assert wrong == []


@pytest.mark.parametrize("name", FILES)
def test_panels_have_fields_of_their_type(name: str) -> None:
    """And what it has of its own for each series."""
    wrong = [
        f"{panel['title']}: {fault}"
        for panel in panels(load(name))
        for fault in faults(
            f"{panel['type']}-FieldConfig",
            panel["fieldConfig"]["defaults"].get("custom", {}),
        )
    ]

    assert wrong == []


def test_a_wrong_dashboard_is_refused() -> None:
    """The schemas are closed: a misspelt key is a fault."""
    board = without_keys_of_prometheus(load(FILES[0]))

    assert faults("dashboard", {**board, "heading": "a"})
    assert faults("timeseries-FieldConfig", {"lineWidht": 1})
