"""The page of failure reasons says what the code does."""

from pathlib import Path

from tm_exporter.docgen.reasons import failure_reasons_page
from tm_exporter.fault_matrix import FAULTS
from tm_exporter.observation import Reason
from tm_exporter.verdict import QUOTA_CODES, QUOTA_TEXTS, UNKNOWN_CODES


PAGE = Path(__file__).parents[2] / "docs/failure-reasons.md"


def test_the_page_is_current() -> None:
    """Whoever changes a reason or a list writes the page anew: make docs."""
    assert PAGE.read_text(encoding="utf-8") == failure_reasons_page()


def test_the_page_has_each_reason_and_each_published_text() -> None:
    """Nothing that decides is left out."""
    page = failure_reasons_page()
    names = [*Reason, *QUOTA_CODES, *QUOTA_TEXTS, *UNKNOWN_CODES]

    assert [name for name in names if f"`{name}`" not in page] == []


def test_the_page_has_each_fault_of_the_matrix_once() -> None:
    """The same that tests/faults brings about."""
    rows = [row for row in failure_reasons_page().splitlines() if row.startswith("| ")]
    found = [row.split(" | ")[0].removeprefix("| ").partition(" (`")[0] for row in rows]
    faults = [fault.happens for stage in FAULTS.values() for fault in stage]

    assert [fault for fault in faults if found.count(fault) != 1] == []
    assert len(faults) >= 120
