"""The version is written in one place, and all that is released agrees with it."""

import shutil
import tomllib
from pathlib import Path

import pytest
import yaml

from scripts.packages import ROOT
from scripts.release_check import CHART, disagreements, unfinished
from tm_exporter import __version__


CHANGELOG = """\
# Changelog

## Unreleased

## 1.2.3 - 2026-01-01

### Added

- A thing.
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout in which 1.2.3 was released."""
    (tmp_path / "tests/golden/state-1.2.3").mkdir(parents=True)
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def test_it_is_written_once() -> None:
    """The packages take it from the program."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "tm_exporter/__init__.py"


def test_all_of_this_checkout_agree() -> None:
    """The chart installs the image of this version; the manual page is its own."""
    assert list(disagreements()) == []


def test_the_image_and_the_chart_take_it_from_there() -> None:
    """The one by a label at the build, the other as the tag where none is given."""
    build = (ROOT / "scripts/image-build.sh").read_text()
    values = yaml.safe_load((ROOT / CHART).with_name("values.yaml").read_text())
    helpers = (ROOT / CHART).with_name("templates").rglob("*.tpl")

    assert "tm_exporter/__init__.py" in build
    assert not values["image"]["tag"]
    assert any(".Chart.AppVersion" in path.read_text() for path in helpers)


def test_a_chart_of_another_version_is_seen(tmp_path: Path) -> None:
    """Else it would install what was there before."""
    (tmp_path / CHART).parent.mkdir(parents=True)
    (tmp_path / CHART).write_text('appVersion: "0.0.1"')
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs/tm-exporter.1", tmp_path / "docs")

    assert list(disagreements(__version__, tmp_path)) == [
        f"{CHART}: appVersion is 0.0.1: set it to {__version__}"
    ]


def test_a_version_has_three_numbers() -> None:
    """So says the changelog's first paragraph."""
    assert "'1.2' is no version such as 1.2.3" in next(disagreements("1.2"))


def test_what_was_released_lacks_nothing(checkout: Path) -> None:
    """Its part of the changelog has a date, and its state is kept."""
    assert list(unfinished("1.2.3", checkout)) == []


def test_what_a_release_lacks_is_said(checkout: Path) -> None:
    """All of it, with what to do."""
    page = CHANGELOG.replace("Unreleased\n", "Unreleased\n\n### Fixed\n\n- It.\n")
    (checkout / "CHANGELOG.md").write_text(page)

    changelog, changes, state = unfinished("1.3.0", checkout)

    assert "newest release is 1.2.3 - 2026-01-01: run make changelog" in changelog
    assert "changes that are in no release" in changes
    assert "no state-1.3.0" in state


def test_a_fragment_is_a_change(checkout: Path) -> None:
    """It would be forgotten."""
    (checkout / "changelog.d" / "a-fix.fixed.md").write_text("A fix.")

    (only,) = unfinished("1.2.3", checkout)

    assert "changes that are in no release" in only
