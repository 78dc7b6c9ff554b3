"""The page of failure reasons says what the code does."""

from pathlib import Path

from tm_exporter.docgen_reasons import failure_reasons_page
from tm_exporter.observation import Reason
from tm_exporter.verdict import QUOTA_CODES, QUOTA_TEXTS, UNKNOWN_CODES


PAGE = Path(__file__).parents[1] / "docs/failure-reasons.md"


def test_the_page_is_current() -> None:
    """Whoever changes a reason or a list writes the page anew: make docs."""
    assert PAGE.read_text(encoding="utf-8") == failure_reasons_page()


def test_the_page_has_each_reason_and_each_published_text() -> None:
    """Nothing that decides is left out."""
    page = failure_reasons_page()
    names = [*Reason, *QUOTA_CODES, *QUOTA_TEXTS, *UNKNOWN_CODES]

    assert [name for name in names if f"`{name}`" not in page] == []
