"""Links between pages lead somewhere, where the pages are read as files."""

from pathlib import Path

import pytest

from tests.docs.markdown import PAGES, ROOT, anchors, links


OUTSIDE = ("http://", "https://", "mailto:")

each_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: str(page.relative_to(ROOT))
)


def dead(page: Path, link: str) -> bool:
    """Whether a link leads to no file, or to no heading of a page."""
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return True
    return bool(anchor) and (target.suffix != ".md" or anchor not in anchors(target))


@each_page
def test_links_lead_to_files_and_headings(page: Path) -> None:
    """`make site` sees the same for the site; this is for those who read files."""
    within = [link for link in links(page) if not link.startswith(OUTSIDE)]

    assert [link for link in within if dead(page, link)] == []


def test_every_page_can_be_reached_from_the_index() -> None:
    """Runbooks by their list, decisions by theirs."""
    docs = ROOT / "docs"
    met: set[Path] = set()
    waiting = [docs / "index.md"]
    while waiting:
        page = waiting.pop()
        if page.suffix != ".md" or page in met or not page.exists():
            continue
        met.add(page)
        names = (link.partition("#")[0] for link in links(page))
        waiting += [
            (page.parent / name).resolve()
            for name in names
            if name and not name.startswith(OUTSIDE)
        ]

    assert set(docs.rglob("*.md")) - met == set()
