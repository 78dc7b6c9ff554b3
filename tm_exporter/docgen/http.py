"""Write the reference of the pages over HTTP from their description in OpenAPI."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml


OPENAPI = Path(__file__).parents[2] / "docs/openapi.yaml"
"""Of a checkout; what is installed has none."""


def http_page(description: Path = OPENAPI) -> str:
    """
    Return the reference of the pages as Markdown, in the order of the description.

    Raises:
        OSError: There is no such file.
    """
    whole = yaml.safe_load(description.read_text("utf-8"))
    lines = [
        "# HTTP",
        "",
        "Written by `make docs` from [`openapi.yaml`](openapi.yaml); edit that.",
        "",
        *whole["info"]["description"].strip().splitlines(),
        "",
        "| Page | What it is |",
        "| --- | --- |",
        *(
            f"| [`{_title(method, path)}`](#{operation['operationId']}) "
            f"| {operation['summary']} |"
            for method, path, operation in _operations(whole)
        ),
        *(
            line
            for method, path, operation in _operations(whole)
            for line in _page(method, path, operation, whole["components"])
        ),
    ]
    return "\n".join(lines) + "\n"


def _operations(whole: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _title(method: str, path: str) -> str:
    return path if method == "get" else f"{method.upper()} {path}"


def _page(
    method: str, path: str, operation: Any, components: Mapping[str, Any]
) -> Iterator[str]:
    yield from ("", f"## {operation['operationId']}", "")
    yield f"`{_title(method, path)}`: {_sentence(operation['summary'])}"
    if "description" in operation:
        yield operation["description"]
    given = [_resolved(each, components) for each in operation.get("parameters", ())]
    if given:
        yield from ("", "| Parameter | In | Value | Meaning |")
        yield "| --- | --- | --- | --- |"
        yield from map(_parameter, given)
    yield from ("", "| Status | Answer | As |", "| --- | --- | --- |")
    for status, answer in operation["responses"].items():
        yield _answer(status, _resolved(answer, components))


def _resolved(part: Any, components: Mapping[str, Any]) -> Any:
    """Return what a part says, or what it refers to says."""
    if "$ref" not in part:
        return part
    _, _, kind, name = part["$ref"].split("/")
    return components[kind][name]


def _parameter(given: Any) -> str:
    name = f"`{given['name']}`"
    needed = f"{name}, required" if given.get("required") else name
    schema = given["schema"]
    values = ", ".join(f"`{value}`" for value in schema.get("enum", ()))
    told = given.get("description", "-")
    return f"| {needed} | {given['in']} | {values or schema['type']} | {told} |"


def _answer(status: str, answer: Any) -> str:
    forms = ", ".join(f"`{form}`" for form in answer.get("content", ())) or "-"
    return f"| {status} | {_sentence(answer['description'])} | {forms} |"


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
