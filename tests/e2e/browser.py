"""A real browser that looks at the status page, and tells on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright


CHROMIUM = Path(__file__).parents[2] / ".tools/browser/chromium"

_OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-background-networking", "--disable-sync"),
    "--disable-component-update",
)
Scheme = Literal["light", "dark"]

WIDE = (1280, 900)
PHONE = (390, 844)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser, and end it afterwards."""
    assert CHROMIUM.exists(), "no browser: run make parts"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=list(_OPTIONS)
        )
        yield browser
        browser.close()


@dataclass
class Watched:
    """
    A tab, and all that it said and asked for.

    Attributes:
        page: The tab.
        complaints: What the console says, errors of scripts, dialogs.
        requests: Each address that was asked for.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def foreign(self, url: str) -> list[str]:
        """Return what was asked for of others than this address."""
        return [each for each in self.requests if not each.startswith(f"{url}/")]

    def show(self) -> None:
        """Have the page look for news now, as if someone came back to it."""
        self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@contextmanager
def tab(
    browser: Browser,
    *,
    size: tuple[int, int] = WIDE,
    scheme: Scheme = "light",
    **options: Any,
) -> Iterator[Watched]:
    """Open a tab of its own, which shares nothing with others."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, **options
    )
    yield _watched(context)
    context.close()


def _watched(context: BrowserContext) -> Watched:
    page = context.new_page()
    watched = Watched(page)
    page.on("console", lambda said: watched.complaints.append(said.text))
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.on("request", lambda request: watched.requests.append(request.url))

    def dismiss(dialog: Any) -> None:
        watched.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", dismiss)
    return watched
