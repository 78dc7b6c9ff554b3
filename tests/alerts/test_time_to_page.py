"""How long a page takes, as the documentation says it."""

from pathlib import Path

from tests.alerts.promtool import each_lane
from tests.alerts.time_to_page import TROUBLES, pages, table


PAGE = Path(__file__).parents[2] / "docs/alerting.md"
BEGIN = "<!-- time to page: written by the tests with --update-golden -->\n\n"
END = "\n\n<!-- end -->"
BURN = "TensormeshErrorBudgetBurn"


@each_lane
def test_pages_come_in_time(lane: str, tmp_path: Path, update_golden: bool) -> None:  # noqa: FBT001  # a fixture
    """Within the bound of each trouble, and within what the table promises."""
    measured = []
    for number, trouble in enumerate(TROUBLES):
        folder = tmp_path / str(number)
        folder.mkdir()
        measured.append(pages(trouble, lane, folder))
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    written, _, after = rest.partition(END)
    if update_golden:
        written = table(measured)
        PAGE.write_text(before + BEGIN + written + END + after, encoding="utf-8")

    for trouble, found in zip(TROUBLES, measured, strict=True):
        assert found[BURN] <= trouble.within, trouble.name
    assert written == table(measured)
