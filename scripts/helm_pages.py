"""
Write what follows from the chart's sources: values.schema.json and README.md.

usage: python scripts/helm_pages.py [--check]
"""  # noqa: INP001  # a script, not a module

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tm_exporter.config.schema import schema


HELM = Path("deploy/helm")
CHART = HELM / "tm-exporter"

_NOT_CHECKED = ("title", "default", "examples", "writeOnly", "format")
_NULL = {"type": "null"}
_KEY = re.compile(r"(?P<indent> *)(?P<key>[A-Za-z]+):(?P<value> .*)?")
_COMMENT = (
    "Written by `make docs` from deploy/helm/values.schema.yaml; edit that instead."
)
_HEAD = """\
# tm-exporter's chart

Written by `make docs` from `values.yaml`; edit that instead.
How to use the chart is told in `docs/kubernetes.md` of the project.

| Value | Default | Meaning |
| --- | --- | --- |
"""


class Value(NamedTuple):
    """One value of the chart: its path, what it is by default, and its text."""

    path: str
    default: Any
    text: str


def values_schema() -> str:
    """Return the schema of the chart's values, the exporter's own within it."""
    whole = yaml.safe_load((HELM / "values.schema.yaml").read_text("utf-8"))
    whole["definitions"] |= _of_exporter()
    # A value that is set to null is gone, and no template reckons with that.
    whole["required"] = list(yaml.safe_load(_values()))
    return json.dumps({"$comment": _COMMENT, **whole}, indent=1) + "\n"


def _values() -> str:
    return (CHART / "values.yaml").read_text("utf-8")


def _of_exporter() -> dict[str, Any]:
    """Return the exporter's definitions in draft 7, the whole file as `Config`."""
    top = schema()
    definitions = top.pop("$defs")
    target = definitions["Target"]["properties"]
    target["probes"], definitions["NamedProbe"] = _probes(target["probes"])
    top.pop("$schema")
    return {name: _plain(node) for name, node in {"Config": top, **definitions}.items()}


def _probes(field: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    Return the schema of the probes and of one that says its kind.

    They mean what the exporter's mean, but tell of a mistake for one kind only.
    """
    own = {name: node["anyOf"][1] for name, node in field["properties"].items()}
    of_kind = {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(own)}},
        "allOf": [
            {
                "if": {"required": ["kind"], "properties": {"kind": {"const": name}}},
                "then": reference,
            }
            for name, reference in own.items()
        ],
    }
    other = {"$ref": "#/$defs/NamedProbe"}
    named = {
        name: {
            "if": {"type": "object"},
            "then": {"if": {"required": ["kind"]}, "then": other, "else": reference},
            "else": {"type": ["boolean", "null"]},
        }
        for name, reference in own.items()
    }
    return {**field, "properties": named, "additionalProperties": other}, of_kind


def _plain(node: Any) -> Any:
    """Return a part of a schema in draft 7, without what checks nothing."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {"$ref": node["$ref"].replace("/$defs/", "/definitions/")}
    plain = {
        key: {name: _plain(item) for name, item in value.items()}
        if key == "properties"
        else value
        if key in ("enum", "const", "required")
        else _plain(value)
        for key, value in node.items()
        if key not in _NOT_CHECKED
    }
    return _or_null(plain)


def _or_null(node: dict[str, Any]) -> dict[str, Any]:
    """Say `or null` such that a mistake is told without it."""
    choices = node.get("anyOf", [])
    others = [choice for choice in choices if choice != _NULL]
    if len(others) == len(choices):
        return node
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    then = others[0] if len(others) == 1 else {"anyOf": others}
    return {**rest, "if": {"not": _NULL}, "then": then}


def readme() -> str:
    """Return the table of the chart's values as Markdown."""
    rows = [
        f"| `{path}` | `{json.dumps(default)}` | {meaning.replace('|', '&#124;')} |\n"
        for path, default, meaning in values(_values())
    ]
    return _HEAD + "".join(rows)


def values(text: str) -> Iterator[Value]:
    """Yield every value of `values.yaml` that has a text above it."""
    whole, path, meaning = yaml.safe_load(text), [], ""
    for line in text.splitlines():
        if match := _KEY.fullmatch(line):
            path = [*path[: len(match["indent"]) // 2], match["key"]]
            if meaning:
                yield Value(".".join(path), _at(whole, path), meaning)
        meaning = line.strip().removeprefix("# -- ") if "# -- " in line else ""


def _at(whole: Any, path: list[str]) -> Any:
    for key in path:
        whole = whole[key]
    return whole


PAGES = {CHART / "values.schema.json": values_schema, CHART / "README.md": readme}


def main() -> int:
    """Write every page, or say with `--check` which ones are old."""
    pages = {path: page() for path, page in PAGES.items()}
    if "--check" not in sys.argv[1:]:
        for path, page in pages.items():
            path.write_text(page, "utf-8")
        return 0
    old = [
        path
        for path, page in pages.items()
        if not path.is_file() or path.read_text("utf-8") != page
    ]
    for path in old:
        sys.stderr.write(f"{path} is not current: run make docs\n")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
