"""Write the reference of the configuration from its JSON Schema."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tm_exporter.config import vendor
from tm_exporter.config.masking import duration_text
from tm_exporter.config.registry import KINDS
from tm_exporter.config.schema import schema
from tm_exporter.section import ProbeSection


_NULL = {"type": "null"}
_OF_EVERY_PROBE = tuple(ProbeSection.model_fields)

_HEAD = """\
# Configuration

Written by `make docs` from the classes of `tm_exporter/config` and of the probes; edit
those instead. `tm-exporter schema` prints the same as JSON Schema, for editors, and
`tm-exporter check` tells what is in force, and where each value came from.

The file is YAML, named by `--config` or `TM_EXPORTER_CONFIG`. A key that is not below
is an error. The first of these that says something counts:

1. the command line;
2. the environment: `TM_EXPORTER_` and the path in upper case, joined by two underscores
   (`TM_EXPORTER_SERVER__LISTEN`); a target by its name, `-` as `_`
   (`TM_EXPORTER_TARGETS__MY_TARGET__API_KEY`);
3. the file;
4. the vendor's own variables, and the `config.toml` of its `tm` command;
5. the defaults below.

A duration is a text such as `500ms`, `15s` or `1h30m`; a bare number is refused. `null`
is as good as leaving the key out. A secret may stand in a file (`..._file`), which is
read again when it changes.
"""

_VENDOR = """\
## The vendor's names

They work without any file, and make targets named `serverless`, `on_demand` and
`account`. Where the file has `targets`, they only give credentials that a target lacks.

| Gives | Variable | In `config.toml` |
| --- | --- | --- |
"""

_PROBES = """\
## `targets[].probes`

Keys are names. `kind` is the name where it is left out; `false` switches a probe off; a
probe that is left out has the defaults below. Every one has these keys:

"""


def configuration_page() -> str:
    """Return the reference of the configuration file as Markdown."""
    whole = schema()
    definitions = whole["$defs"]
    parts = dict(_sections(whole, definitions))
    lines = [
        *_HEAD.splitlines(),
        *(line for path, part in parts.items() for line in _section(path, part, parts)),
        "",
        *_PROBES.splitlines(),
        *_table(_shared(definitions), (), parts),
        *_kinds(),
        *_own_keys(definitions, parts),
        "",
        *_VENDOR.splitlines(),
        *_vendor_rows(),
    ]
    return "\n".join(lines) + "\n"


def _sections(
    whole: Mapping[str, Any], definitions: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield path and definition of each section but the probes', from the top down."""
    waiting, met = [("", whole)], set[str]()
    while waiting:
        path, part = waiting.pop(0)
        yield path, part
        below = []
        for key, field in part["properties"].items():
            name = _reference(field)
            if name in definitions and name not in met and key != "probes":
                met.add(name)
                full = f"{path}.{key}".lstrip(".") + _brackets(field)
                below.append((full, definitions[name]))
        waiting = below + waiting
    yield "expect", definitions["Expectation"]


def _reference(field: Mapping[str, Any]) -> str:
    """Return the definition that a field refers to, itself or by its items; or ''."""
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    inner = [*field.get("anyOf", ()), *([field["items"]] if "items" in field else ())]
    return next(filter(None, map(_reference, inner)), "")


def _brackets(field: Mapping[str, Any]) -> str:
    return "[]" if '"items"' in json.dumps(field) else ""


def _section(
    path: str, part: Mapping[str, Any], parts: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    yield ""
    yield f"## `{path}`" if path else "## At the top"
    yield ""
    if path:
        yield part["description"]
        yield ""
    yield from _table(part["properties"], part.get("required", ()), parts)


def _table(
    fields: Mapping[str, Any],
    required: Iterable[str],
    parts: Mapping[str, Mapping[str, Any]],
) -> Iterator[str]:
    yield "| Key | Value | Default | Meaning |"
    yield "| --- | --- | --- | --- |"
    for key, field in fields.items():
        default = "required" if key in required else _default(field)
        where = _where(key, field, parts)
        cells = (
            f"`{key}`",
            where or _type(field),
            default,
            _meaning(key, field, parts),
        )
        yield f"| {' | '.join(map(_cell, cells))} |"


def _where(
    key: str, field: Mapping[str, Any], parts: Mapping[str, Mapping[str, Any]]
) -> str:
    """Return a link to the section that a field has, or ''."""
    if key == "probes":
        return "[by name](#targetsprobes)"
    name = _reference(field)
    for path, part in parts.items():
        if part.get("title") == name:
            anchor = path.replace(".", "").replace("[]", "")
            word = "list of" if _brackets(field) else "mapping, see"
            return f"{word} [`{path}`](#{anchor})"
    return ""


def _type(field: Mapping[str, Any]) -> str:
    """Return what a value may be, in words."""
    if "anyOf" in field:
        kinds = dict.fromkeys(
            _type(each) for each in field["anyOf"] if each != _NULL and each
        )
        return " or ".join(filter(None, kinds))
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    return _simple(field)


def _simple(field: Mapping[str, Any]) -> str:
    if "ms|s|m|h|d" in field.get("pattern", ""):
        return "duration"
    if field.get("format") == "path":
        return "file name"
    if field.get("format") == "date-time":
        return "time with its zone"
    if field.get("writeOnly"):
        return "secret"
    words = {
        "array": "list",
        "boolean": "`true`, `false`",
        "integer": "whole number",
        "object": "mapping",
        "string": "text",
    }
    kind = str(field.get("type", ""))
    return words.get(kind, kind) + _range(field)


def _range(field: Mapping[str, Any]) -> str:
    """Return the limits of a number, such as ` from 1 to 5`, or ''."""
    limits = (
        ("minimum", "from"),
        ("exclusiveMinimum", "above"),
        ("maximum", "to"),
        ("exclusiveMaximum", "and below"),
    )
    told = (f"{word} {field[key]:,.9g}" for key, word in limits if key in field)
    return " ".join(("", *told)).rstrip()


def _default(field: Mapping[str, Any]) -> str:
    """Return the default; that of a whole section stands where its keys do."""
    default = field.get("default")
    if default in (None, [], {}, "") or isinstance(default, dict):
        return "-"
    text = default if isinstance(default, str) else json.dumps(default)
    return f"`{text}`"


def _meaning(
    key: str, field: Mapping[str, Any], parts: Mapping[str, Mapping[str, Any]]
) -> str:
    """Return what is said of a field, else of one of its forms, or of its section."""
    name = _reference(field)
    sections = (part for part in parts.values() if part.get("title") == name)
    told = (each.get("description") for each in (field, *field.get("anyOf", ())))
    found = next(filter(None, (*told, *(each["description"] for each in sections))), "")
    if not found and key in _OF_EVERY_PROBE:
        return ProbeSection.model_fields[key].description or ""
    return found


def _shared(definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that every probe has, without what differs between them."""
    fields = definitions["HealthSection"]["properties"]
    shared = {key: dict(fields[key]) for key in _OF_EVERY_PROBE}
    for field in shared.values():
        field["default"] = None
    return {**shared, "kind": {"type": "string"}}


def _kinds() -> Iterator[str]:
    yield ""
    yield "| Kind | Surfaces | Runs | Interval | Timeout | What it is |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for kind, section in KINDS.items():
        runs = "for each model" if section.per_model else "for the target"
        fields = section.model_fields
        cells = (
            f"`{kind}`",
            ", ".join(f"`{surface}`" for surface in section.surfaces),
            f"{runs}, paid" if section.paid else runs,
            f"`{duration_text(fields['interval'].default)}`",
            f"`{duration_text(fields['timeout'].default)}`",
            (section.__doc__ or "").strip().partition("\n\n")[0],
        )
        yield f"| {' | '.join(map(_cell, cells))} |"


def _own_keys(
    definitions: Mapping[str, Any], parts: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Yield a table for each kind that has keys of its own."""
    for kind, section in KINDS.items():
        fields = definitions[section.__name__]["properties"]
        own = {key: fields[key] for key in fields if key not in _OF_EVERY_PROBE}
        if own:
            yield from ("", f"### `{kind}`", "")
            yield from _table(own, (), parts)


def _vendor_rows() -> Iterator[str]:
    keys = {**vendor.GATEWAY, **vendor.TOP}
    for what in dict.fromkeys((*vendor.VARIABLES, *keys)):
        variables = vendor.VARIABLES.get(what, ())
        names = ", ".join(f"`{name}`" for name in variables) or "-"
        key = f"`{keys[what]}`" if what in keys else "-"
        yield f"| {what.replace('_', ' ')} | {names} | {key} |"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
