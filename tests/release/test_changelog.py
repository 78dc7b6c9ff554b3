"""The changelog: fragments have a form, and are gathered where they belong."""

from pathlib import Path

import pytest

from scripts.changelog import (
    CHANGELOG,
    FOLDER,
    KINDS,
    ROOT,
    Fragment,
    fragments,
    gathered,
    problems,
    released,
    unreleased,
    versions,
)


PAGE = """\
# Changelog

Newest first.

## Unreleased

### Added

- One thing
  in two lines.

### Metrics

- A series.

## 0.1.0 - 2026-01-01

### Added

- All of it.
"""


def change(kind: str, text: str) -> Fragment:
    """Return a change that no file holds."""
    return Fragment(Path(f"x.{kind}.md"), kind, text)


def written(folder: Path, name: str, text: str) -> Path:
    """Write a fragment."""
    (folder / FOLDER).mkdir(exist_ok=True)
    path = folder / FOLDER / name
    path.write_text(text)
    return path


def test_the_fragments_of_this_checkout_can_be_gathered() -> None:
    """Otherwise a release would begin with a repair."""
    page = (ROOT / CHANGELOG).read_text()

    text = gathered(page, fragments())

    assert text.startswith("# Changelog\n")
    assert "### " in unreleased(text) or versions(text)


def test_this_changelog_has_its_headings_in_order() -> None:
    """Gathering nothing leaves it as it is."""
    page = (ROOT / CHANGELOG).read_text()

    assert gathered(page, []) == page.rstrip("\n") + "\n"


def test_a_change_goes_to_the_end_of_its_kind() -> None:
    """And a kind that was not there gets its heading, in the usual order."""
    text = gathered(PAGE, [change("fixed", "A fault."), change("added", "More.")])

    assert unreleased(text) == (
        "### Added\n\n- One thing\n  in two lines.\n- More.\n\n"
        "### Fixed\n\n- A fault.\n\n"
        "### Metrics\n\n- A series."
    )
    assert text.endswith("## 0.1.0 - 2026-01-01\n\n### Added\n\n- All of it.\n")


def test_a_release_leaves_an_empty_part_for_what_comes() -> None:
    """Nothing is lost, and the newest is above."""
    text = released(PAGE, "0.2.0", "2026-02-01")

    assert unreleased(text) == ""
    assert versions(text) == ["0.2.0 - 2026-02-01", "0.1.0 - 2026-01-01"]
    assert "## 0.2.0 - 2026-02-01\n\n### Added\n\n- One thing\n" in text


def test_what_comes_after_a_release_can_be_gathered_again() -> None:
    """An empty part is a part."""
    text = gathered(released(PAGE, "0.2.0", "2026-02-01"), [change("added", "New.")])

    assert unreleased(text) == "### Added\n\n- New."
    assert versions(text)[0] == "0.2.0 - 2026-02-01"


def test_lines_of_a_fragment_are_one_line_of_the_page(tmp_path: Path) -> None:
    """As the page has one line for each change."""
    written(tmp_path, "proxy-port.fixed.md", "A proxy without a port\nis refused.\n")
    written(tmp_path, "README.md", "# Not a fragment")

    (found,) = fragments(tmp_path)

    assert found.kind == "fixed"
    assert found.text == "A proxy without a port is refused."


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("fix.md", "A fix.", "must be called WORDS.KIND.md"),
        ("A Fix.fixed.md", "A fix.", "must be called WORDS.KIND.md"),
        ("a-fix.repaired.md", "A fix.", f"those are {', '.join(KINDS)}"),
        ("a-fix.fixed.md", "- A fix.", "must be a whole sentence"),
        ("a-fix.fixed.md", "a fix", "must be a whole sentence"),
        ("a-fix.fixed.md", "", "must be a whole sentence"),
        ("a-fix.fixed.md", "word " * 200 + ".", "1001 letters: say it in 800"),
    ],
)
def test_what_is_no_fragment_is_refused(
    name: str, text: str, why: str, tmp_path: Path
) -> None:
    """With the file, and what to do."""
    (problem,) = problems(written(tmp_path, name, text))

    assert problem.startswith(f"{FOLDER}/{name}: ")
    assert why in problem
    with pytest.raises(ValueError, match=FOLDER):
        fragments(tmp_path)


def test_a_page_without_the_part_is_refused() -> None:
    """It says which."""
    with pytest.raises(ValueError, match="has no part `## Unreleased`"):
        gathered("# Changelog\n", [])
