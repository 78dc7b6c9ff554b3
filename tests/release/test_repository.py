"""What those who come to the repository are asked, and told."""

import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from scripts.packages import ROOT, sources


FORMS = sorted(
    path
    for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")
    if path.name != "config.yml"
)
_TEXT = {"type": "string", "minLength": 1}


def _element(kind: str, attributes: dict[str, Any], *required: str) -> dict[str, Any]:
    """Return the schema of a part of a form."""
    return {
        "if": {"properties": {"type": {"const": kind}}},
        "then": {
            "properties": {
                "attributes": {
                    "properties": attributes,
                    "required": list(required),
                    "additionalProperties": False,
                }
            }
        },
    }


_ASKED = {"label": _TEXT, "description": _TEXT, "placeholder": _TEXT, "value": _TEXT}
FORM = {
    "type": "object",
    "required": ["name", "description", "body"],
    "additionalProperties": False,
    "properties": {
        "name": _TEXT,
        "description": _TEXT,
        "title": _TEXT,
        "labels": {"type": "array", "items": _TEXT},
        "body": {
            "type": "array",
            "minItems": 1,
            "contains": {"properties": {"type": {"not": {"const": "markdown"}}}},
            "items": {
                "required": ["type", "attributes"],
                "additionalProperties": False,
                "properties": {
                    "type": {
                        "enum": [
                            *("markdown", "textarea", "input"),
                            *("dropdown", "checkboxes"),
                        ]
                    },
                    "id": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
                    "attributes": {"type": "object"},
                    "validations": {
                        "properties": {"required": {"type": "boolean"}},
                        "additionalProperties": False,
                    },
                },
                "allOf": [
                    _element("markdown", {"value": _TEXT}, "value"),
                    _element("textarea", {**_ASKED, "render": _TEXT}, "label"),
                    _element("input", _ASKED, "label"),
                    _element(
                        "dropdown",
                        {
                            **_ASKED,
                            "multiple": {"type": "boolean"},
                            "default": {"type": "integer"},
                            "options": {
                                "type": "array",
                                "items": _TEXT,
                                "minItems": 1,
                                "uniqueItems": True,
                            },
                        },
                        "label",
                        "options",
                    ),
                    _element(
                        "checkboxes",
                        {
                            **_ASKED,
                            "options": {
                                "type": "array",
                                "items": {"type": "object", "required": ["label"]},
                                "minItems": 1,
                            },
                        },
                        "label",
                        "options",
                    ),
                ],
            },
        },
    },
}
"""Of an issue form. Source: GitHub's syntax for issue forms and its form schema."""


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_a_form_is_one(form: Path) -> None:
    """A form with a mistake is not shown, and nobody is told."""
    document = yaml.safe_load(form.read_text())

    jsonschema_rs.validate(FORM, document)
    names = [part["id"] for part in document["body"] if part["type"] != "markdown"]
    labels = [part["attributes"].get("label") for part in document["body"]]
    assert len(names) == len(set(names))
    assert len(labels) == len(set(labels))


def test_there_are_forms() -> None:
    """For what does not work, what is not so, and what is missing."""
    assert [form.stem for form in FORMS] == ["bug", "wish", "wrong-verdict"]


def test_contributing_fits_on_two_screens() -> None:
    """It is read before the first change, or never."""
    text = (ROOT / "CONTRIBUTING.md").read_text()

    assert len(text.splitlines()) <= 90
    assert len(text.split()) < 1000


def test_contributing_names_what_there_is() -> None:
    """Every folder and module of the program has its place in the table, once."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    table = text.partition("| | in `tm_exporter/` |")[2].partition("\n\n")[0]
    first_cells = [row.split("|")[1] for row in table.splitlines() if "| `" in row]
    named = re.findall(r"`([\w/.]+)`", " ".join(first_cells))
    package = ROOT / "tm_exporter"

    assert [name for name in named if not (package / name).exists()] == []
    folders = {
        f"{name.split('/')[1]}/"
        for name in sources()
        if name.startswith("tm_exporter/")
    }
    folders = {name for name in folders if not name.endswith(".py/")} - {"py.typed/"}
    assert folders <= set(named)
    assert len(named) == len(set(named))


def test_each_decision_is_on_the_list_and_says_what_would_change_it() -> None:
    """Someone who wants to undo it should know what was thought of."""
    folder = ROOT / "docs/adr"
    pages = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    listed = re.findall(
        r"^\| \[(\d+)\]\(([\w.-]+)\) \| (.+) \|$",
        (folder / "README.md").read_text(),
        re.MULTILINE,
    )

    assert [name for _, name, _ in listed] == [page.name for page in pages]
    for page, (number, _, title) in zip(pages, listed, strict=True):
        text = page.read_text()
        assert text.startswith(f"# {number}. {title}\n\nStatus: ")
        for heading in ("Context", "Decision", "Consequences", "What would change it"):
            assert f"\n## {heading}\n" in text, f"{page.name} has no {heading}"
