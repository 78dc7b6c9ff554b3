"""What the landing page shows, and what it cannot be made to show."""

from html.parser import HTMLParser

import pytest

from tests.web.statuses import model_status, status
from tm_exporter.web import page


HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'&amp;"


class Reader(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.texts: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a tag."""
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        """Take a text."""
        self.texts.append(data)


def test_a_row_says_how_a_probe_is_doing() -> None:
    """Everything that somebody on call asks first."""
    failing = model_status(
        state="failing",
        reason="auth",
        detail="refused",
        next_step="check the key",
        ttft_seconds=None,
    )

    texts = Reader(page.render(status(failing))).texts

    for expected in (
        *("eu", "serverless", "chat_stream", "openai/gpt-oss-20b", "failing"),
        *("auth: refused", "check the key", "2026-11-22 12:00:00 UTC", "1.250 s"),
    ):
        assert expected in texts
    assert "1 failing - tm-exporter" in texts


def test_a_page_of_probes_that_pass_says_nothing_of_failures() -> None:
    """The title is what a row of browser tabs shows."""
    texts = Reader(page.render(status(model_status(), not_watched=()))).texts

    assert texts.count("tm-exporter") == 2
    assert "0.400 s" in texts
    assert "Not watched" not in texts


def test_what_is_unknown_is_an_empty_cell() -> None:
    """Not a zero, and not `None`."""
    unknown = model_status(
        state="unknown", since=None, last_duration_seconds=None, ttft_seconds=None
    )

    texts = Reader(page.render(status(unknown, ready=False))).texts

    assert "None" not in "".join(texts)
    assert any("not ready yet" in text for text in texts)


@pytest.mark.parametrize("field", ["model", "reason", "detail", "next_step"])
def test_a_hostile_name_is_a_text(field: str) -> None:
    """Models are named by others, and details quote what a service sent."""
    failing = model_status(**{"state": "failing", "reason": "auth", field: HOSTILE})

    reader = Reader(page.render(status(failing, target=HOSTILE)))

    assert {"script", "img"}.isdisjoint(reader.tags)
    assert "onerror" not in reader.attributes
    assert HOSTILE in reader.texts


def test_nothing_is_fetched_from_anywhere() -> None:
    """The page works where there is no way out, and tells nobody that it is read."""
    reader = Reader(page.render(status(model_status())))

    assert reader.links == ["/metrics", "/config", "/api/v1/status"]
    assert "url(" not in page.STYLE
    assert "@import" not in page.STYLE
