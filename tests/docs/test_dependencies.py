"""What we depend on is what the page says, pinned and under licences that permit."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/dependencies.md").read_text()
PERMISSIVE = {
    *("MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "PSF-2.0"),
    "MPL-2.0",  # reaches no further than its own files
}
CLASSIFIED = {
    "MIT License": "MIT",
    "BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""What older metadata has instead of an expression."""


def explained(section: str) -> dict[str, str]:
    """Return the licence of each package in one of the page's tables."""
    table = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([a-z][a-z0-9-]*) \| ([^|]+) \|", table, re.MULTILINE)
    return {name: licence.strip() for name, licence in rows}


def pinned() -> dict[str, str]:
    """Return each run-time package, with the lines that belong to it."""
    text = (ROOT / "requirements.txt").read_text()
    blocks = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    return {re.split("[=@ ]", block)[0]: block for block in blocks}


def declared() -> set[str]:
    """Return the names that the project file asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {re.split("[<>=~! ]", each)[0] for each in project["dependencies"]}


def licence_of(package: str) -> str | None:
    """Return the licence that an installed package declares, None if it is not."""
    try:
        found = metadata(package).json
    except PackageNotFoundError:
        return None
    named = str(found.get("license_expression") or found.get("license") or "")
    if {*re.findall(r"[\w.-]+", named)} - {"AND", "OR"} <= PERMISSIVE and named:
        return named
    names = (each.split(" :: ")[-1] for each in found.get("classifier", ()))
    return " OR ".join(CLASSIFIED[name] for name in names if name in CLASSIFIED)


def test_every_direct_dependency_is_justified() -> None:
    """And no line is left of one that is gone."""
    assert explained("Direct").keys() == declared()


def test_every_indirect_dependency_is_named() -> None:
    """What is pinned is what is explained."""
    assert explained("Direct").keys() | explained("Indirect").keys() == pinned().keys()
    assert explained("Direct").keys().isdisjoint(explained("Indirect"))


@pytest.mark.parametrize("package", pinned())
def test_a_package_is_pinned_by_version_and_hash(package: str) -> None:
    """Whatever an index serves, nothing else gets in."""
    block = pinned()[package]

    assert re.match(rf"{re.escape(package)}==[\w.]+( ;.*)? \\\n", block)
    assert re.search(r"^    --hash=sha256:[0-9a-f]{64}", block, re.MULTILINE)


@pytest.mark.parametrize("package", pinned())
def test_a_licence_is_permissive_and_the_one_we_name(package: str) -> None:
    """As far as it is installed here: one is for Windows alone."""
    named = (explained("Direct") | explained("Indirect"))[package]

    assert set(re.findall(r"[\w.-]+", named)) - {"AND", "OR"} <= PERMISSIVE
    assert licence_of(package) in (named, None if package == "tzdata" else named)
