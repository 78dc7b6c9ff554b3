"""The JSON Schema of the configuration file."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from tm_exporter.config.masking import duration_text, masked
from tm_exporter.config.registry import KINDS
from tm_exporter.config.settings import Settings
from tm_exporter.config.text import NAME


DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ABOUT = ("default", "description", "examples", "title")
_NULL = {"type": "null"}
_TEXT = {"type": "string", "minLength": 1}


def schema() -> dict[str, Any]:
    """Return the schema of the whole file, in draft 2020-12."""
    sections: tuple[type[BaseModel], ...] = (Settings, *KINDS.values())
    references, combined = models_json_schema(
        [(section, "validation") for section in sections], title="tm-exporter"
    )
    definitions: dict[str, Any] = combined["$defs"]
    for definition in definitions.values():
        _refine(definition)
    kinds = {kind: references[KINDS[kind], "validation"] for kind in KINDS}
    target = definitions["Target"]["properties"]
    target["probes"] = _probes(kinds, target["probes"])
    target["models"] = _models(target["models"])
    top = definitions.pop("Settings")
    globs = top["properties"]["targets_from"]
    top["properties"]["targets_from"] = {"anyOf": [globs, _TEXT]}
    defaults = masked(Settings.of(()))
    _fill_in(top, defaults)
    _fill_in(definitions["DefaultSlo"], defaults["slo"])
    about = {"title": "tm-exporter", "description": "Configuration of tm-exporter."}
    return {"$schema": DIALECT, **top, **about, "$defs": definitions}


def _refine(definition: dict[str, Any]) -> None:
    """Write defaults as a user would, and let null stand for a key left out."""
    required = definition.get("required", ())
    if "description" in definition:  # what follows is for those who read the code
        definition["description"] = definition["description"].partition("\n\n")[0]
    for key, value in definition.get("properties", {}).items():
        default = value.get("default")
        if isinstance(default, float) and "pattern" in str(value):
            value["default"] = duration_text(default)
        if key not in required and _NULL not in value.get("anyOf", ()):
            definition["properties"][key] = _or_null(value)


def _fill_in(section: dict[str, Any], defaults: Mapping[str, Any]) -> None:
    """Have defaults that are sections as a user would write them, too."""
    for key, default in defaults.items():
        section["properties"][key]["default"] = default


def _or_null(value: dict[str, Any]) -> dict[str, Any]:
    about = {key: item for key, item in value.items() if key in _ABOUT}
    rest = {key: item for key, item in value.items() if key not in _ABOUT}
    return {"anyOf": [rest, _NULL], **about}


def _models(field: dict[str, Any]) -> dict[str, Any]:
    one = {"anyOf": [_TEXT, {"$ref": "#/$defs/ModelSection"}]}
    many = {"type": "array", "items": one}
    return {
        "anyOf": [_TEXT, many, _NULL],
        "default": "auto",
        "description": field["description"],
    }


def _probes(kinds: dict[str, Any], field: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of the probes: usual names, and others with a `kind`."""
    other = {"anyOf": list(_named(kinds))}
    return {
        "type": ["object", "null"],
        "description": field["description"],
        "propertyNames": {"pattern": NAME},
        "properties": {
            kind: {"anyOf": [{"type": ["boolean", "null"]}, reference, other]}
            for kind, reference in kinds.items()
        },
        "additionalProperties": other,
    }


def _named(kinds: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for reference in kinds.values():
        yield {"allOf": [reference, {"required": ["kind"]}]}
