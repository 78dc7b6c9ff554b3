"""Blocks that are neither commands nor YAML: programs, changes of them, units."""

from configparser import RawConfigParser

import pytest

from tests.docs.markdown import PAGES, Block, blocks


SHOWN = [block for page in PAGES for block in blocks(page)]
UNITS = [block for block in SHOWN if block.language == "ini"]

FOLLOWED = {
    "docs/adding-a-probe.md": "test_adding",
    "docs/adding-a-metric.md": "test_adding",
    "docs/tutorial.md": "test_tutorial",
}
"""Pages with programs, and the test that does what they say."""

DIRECTIVES = {
    "Unit": {"Description", "Wants", "After"},
    "Service": {
        *("Type", "User", "Group", "Environment", "ExecStart"),
        *("RuntimeDirectory", "RuntimeDirectoryMode", "RuntimeDirectoryPreserve"),
    },
    "Timer": {"OnBootSec", "OnUnitActiveSec", "RandomizedDelaySec"},
    "Install": {"WantedBy"},
}
"""What systemd 249 knows of each section, as far as it is used here."""


def test_programs_are_on_pages_that_a_test_follows() -> None:
    """None is shown that nobody ran."""
    pages = {b.page for b in SHOWN if b.language in {"python", "diff"}}

    assert pages == set(FOLLOWED)


@pytest.mark.parametrize("block", UNITS, ids=[block.place for block in UNITS])
def test_a_unit_has_sections_and_directives_that_there_are(block: Block) -> None:
    """Of another one systemd would only warn, and leave it out."""
    unit = RawConfigParser()
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # as its manual says
    unit.read_string(block.text)

    assert unit.sections()
    assert [
        f"{section}: {key}"
        for section in unit.sections()
        for key in unit[section]
        if key not in DIRECTIVES[section]
    ] == []


@pytest.mark.parametrize("block", UNITS, ids=[block.place for block in UNITS])
def test_a_unit_names_a_file_that_its_page_has(block: Block) -> None:
    """What it starts is told above it."""
    above = "".join(b.told for b in SHOWN if b.page == block.page)
    unit = RawConfigParser()
    unit.read_string(block.text)

    for section in unit.sections():
        assert unit[section].get("ExecStart", "").strip() in above
