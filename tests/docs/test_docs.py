"""The reference says what the code declares, and the code uses what it declares."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tm_exporter.config.fixed import FIXED
from tm_exporter.config.origin import dotted
from tm_exporter.docgen import pages
from tm_exporter.logs.log_events import EVENTS


ROOT = Path(__file__).parents[2]
LEVELS = {"debug", "info", "warning", "error", "exception"}


def logged() -> Iterator[tuple[str, str]]:
    """Yield level and event of every `log.<level>("event")` in the package."""
    for path in sorted((ROOT / "tm_exporter").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="log"), attr=level),
                    args=[ast.Constant(value=str(event)), *_],
                ) if level in LEVELS:
                    yield "error" if level == "exception" else level, event


@pytest.mark.parametrize("path", pages.PAGES)
def test_a_page_is_what_the_declarations_say(path: str) -> None:
    """If not: `make docs`."""
    assert (ROOT / path).read_text(encoding="utf-8") == pages.PAGES[path]()


@pytest.mark.parametrize("page", ["docs/reload.md", "docs/kubernetes.md"])
def test_what_needs_a_restart_is_told(page: str) -> None:
    """Each key; of those that the chart says itself, its page lists them elsewhere."""
    text = (ROOT / page).read_text(encoding="utf-8")
    whose = {("server", "listen"), ("server", "health_listen")}
    keys = FIXED if page == "docs/reload.md" else set(FIXED) - whose

    assert [key for key in map(dotted, keys) if f"`{key}`" not in text] == []


def test_pages_are_written_below_the_root(tmp_path: Path) -> None:
    """What `make docs` does."""
    pages.write(tmp_path)

    files = (path for path in tmp_path.rglob("*") if path.is_file())
    assert {str(path.relative_to(tmp_path)) for path in files} == set(pages.PAGES)


def test_every_logged_event_is_declared() -> None:
    """The set of events is closed: people match on them."""
    found = dict.fromkeys(event for _, event in logged())

    assert set(found) - set(EVENTS) == set()


def test_events_are_logged_at_the_level_that_is_declared() -> None:
    """So that the reference can be believed."""
    wrong = {
        (level, event) for level, event in logged() if EVENTS[event].level != level
    }

    assert wrong == set()
