"""What is generated into the chart: the schema of its values, and their table."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.helm.engine import CHART, ROOT
from tm_exporter import __version__
from tm_exporter.config.masking import masked
from tm_exporter.config.schema import schema
from tm_exporter.config.settings import Settings


CONFIGURATIONS = ROOT / "tests/config"

SCHEMA = json.loads((CHART / "values.schema.json").read_text("utf-8"))
VALUES = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))


def _paths(section: dict[str, Any], above: str = "") -> Iterator[str]:
    """Yield the path of every value, sections included."""
    for key, value in section.items():
        yield f"{above}{key}"
        if isinstance(value, dict):
            yield from _paths(value, f"{above}{key}.")


def test_every_value_is_explained() -> None:
    """Each one, or the section that it is in, has a row in the table."""
    text = (CHART / "README.md").read_text("utf-8")
    rows = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `")}

    def explained(path: str) -> bool:
        parts = path.split(".")
        return any(".".join(parts[: n + 1]) in rows for n in range(len(parts)))

    sections = {path.rpartition(".")[0] for path in _paths(VALUES)}
    leaves = [path for path in _paths(VALUES) if path not in sections]
    assert [path for path in leaves if not explained(path)] == []


def test_every_value_has_a_type() -> None:
    """What values.yaml has, the schema knows, and what it knows is there."""
    keys = set(SCHEMA["properties"]) - {"global"}

    assert keys == set(VALUES)
    for key, value in VALUES.items():
        node = SCHEMA["properties"][key]
        if isinstance(value, dict) and "properties" in node:
            assert node["additionalProperties"] is False
            assert set(value) <= set(node["properties"])


def test_it_is_a_schema_of_draft_7() -> None:
    """That is what all of Helm 3 and 4 understand."""
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema_rs.meta.validate(SCHEMA)


def _configurations() -> Iterator[tuple[str, Any]]:
    """Yield name and content of the exporter's own test files that JSON can hold."""
    for path in (CONFIGURATIONS / "example.yml", *CONFIGURATIONS.glob("invalid/*.y*")):
        try:
            config = yaml.safe_load(path.read_text("utf-8"))
            # A time that YAML sees is a text for Helm.
            yield path.name, json.loads(json.dumps(config, default=str))
        except (yaml.YAMLError, UnicodeDecodeError, ValueError):
            continue  # no YAML, or one that contains itself


def test_config_is_judged_as_the_exporters_schema_does() -> None:
    """No file is refused by one of the two schemas only."""
    chart = jsonschema_rs.validator_for(SCHEMA)
    exporter = jsonschema_rs.validator_for(schema())
    judged = {
        name: (exporter.is_valid(config), chart.is_valid(VALUES | {"config": config}))
        for name, config in _configurations()
    }

    assert [name for name, fine in judged.items() if len(set(fine)) > 1] == []
    assert set(judged.values()) == {(True, True), (False, False)}


@pytest.mark.parametrize(
    "config",
    [
        {"targets": [{"name": "a", "surface": "serverless", "probes": {"chat": True}}]},
        {"targets": [{"name": "a", "surface": "serverless", "probes": None}]},
        {"targets_from": "more/*.yml", "slo": {"ttft": None}, "server": None},
    ],
)
def test_short_forms_are_taken(config: dict[str, Any]) -> None:
    """What the exporter takes, null for a key left out included, the chart takes."""
    assert jsonschema_rs.validator_for(SCHEMA).is_valid(VALUES | {"config": config})


def test_chart_knows_all_keys_that_it_sets() -> None:
    """Whole sections are the chart's, and their defaults are the exporter's."""
    text = (CHART / "templates/_config.tpl").read_text("utf-8")
    define = text.partition('"tm-exporter.ownKeys" -}}')[2].partition("{{-")[0]
    own = yaml.safe_load(define)

    exporter = masked(Settings.of(()))
    assert own == {
        **{
            f"server.{key}": exporter["server"][key]
            for key in ("listen", "health_listen")
        },
        "state_dir": exporter["state_dir"],
        **{f"lease.{key}": value for key, value in exporter["lease"].items()},
        **{f"shard.{key}": value for key, value in exporter["shard"].items()},
    }


def test_chart_names_the_exporter_it_is_for() -> None:
    """The image's tag is the exporter's own version."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))

    assert chart["appVersion"] == __version__
