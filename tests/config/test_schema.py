"""The JSON Schema of the file, as an editor would use it."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tm_exporter.config.schema import schema


EXAMPLE = Path(__file__).parent / "example.yml"


@pytest.fixture(scope="module")
def validator() -> jsonschema_rs.Validator:
    """Return a validator for configuration files."""
    return jsonschema_rs.validator_for(schema())


def test_it_is_a_schema() -> None:
    """It holds against the schema of schemas."""
    jsonschema_rs.meta.validate(schema())


def test_the_example_is_valid(validator: jsonschema_rs.Validator) -> None:
    """The reference's own example must not be underlined."""
    assert validator.is_valid(yaml.safe_load(EXAMPLE.read_text()))


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "server:",
        "targets: [{name: a, surface: serverless, models: auto}]",
        "targets: [{name: a, surface: serverless, models: [{name: m}]}]",
        "targets: [{name: a, surface: serverless, probes: {chat: false}}]",
        "targets: [{name: a, surface: serverless, probes: {x: {kind: chat}}}]",
        "targets: [{name: a, surface: serverless, probes: {chat: {kind: health}}}]",
        "targets_from: more/*.yml",
        "slo: {ttft: null}",
        "slo: {ttft: {threshold: 5s}}",
    ],
)
def test_what_loads_is_valid(validator: jsonschema_rs.Validator, text: str) -> None:
    """Short forms included."""
    assert validator.is_valid(yaml.safe_load(text))


@pytest.mark.parametrize(
    "text",
    [
        "sever: {}",
        "server: {listn: x}",
        "targets: [{name: a}]",
        "targets: [{name: a, surface: x}]",
        "targets: [{name: a, surface: serverless, probes: {chatt: {}}}]",
        "targets: [{name: a, surface: serverless, probes: {chat: {interval: 15}}}]",
        "targets: [{name: a, surface: serverless, probes: {chat: {intervals: 5m}}}]",
    ],
)
def test_what_does_not_load_is_invalid(
    validator: jsonschema_rs.Validator, text: str
) -> None:
    """As far as a schema can know."""
    assert not validator.is_valid(yaml.safe_load(text))


def test_keys_are_described_and_defaults_are_as_written() -> None:
    """An editor shows both; a duration is not a number there."""
    definitions: dict[str, Any] = schema()["$defs"]

    assert definitions["Target"]["description"] == (
        "One surface of the service at one address."
    )
    lease = definitions["LeaseSection"]["properties"]["duration"]
    assert lease["default"] == "15s"
    assert all(
        "description" in field
        for name in ("Target", "ServerSection", "ModelSection")
        for field in definitions[name]["properties"].values()
    )


def test_a_file_of_nothing_but_defaults_is_valid(
    validator: jsonschema_rs.Validator,
) -> None:
    """An editor that fills in a section writes what the schema calls its default."""
    top: dict[str, Any] = schema()["properties"]
    defaults = {key: field["default"] for key, field in top.items()}

    assert validator.is_valid(defaults)
    assert defaults["lease"]["duration"] == "15s"
    assert defaults["slo"]["ttft"] == {"objective": 0.95, "threshold": "3s"}
    assert defaults["targets_from"] == []
