"""The status page in a real browser, over a demo that is broken and mended."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.e2e.browser import PHONE, WIDE, Scheme, Watched, chromium, tab
from tests.e2e.children import TM_EXPORTER, child
from tests.e2e.daemon import Daemon, listening
from tests.e2e.demo_probes import PROBES


pytestmark = pytest.mark.e2e

HIDE = """value => Object.defineProperty(
    document, "hidden", {value, configurable: true}
)"""


@dataclass(frozen=True)
class Demo:
    """
    A demo of its own, to be broken.

    Attributes:
        daemon: The exporter.
        simulator: Address of the simulated service.
    """

    daemon: Daemon
    simulator: str

    def play(self, scenario: str) -> None:
        """Have the simulated service play this from now on."""
        path = f"{self.simulator}/simulator/scenario"
        answer = httpx.put(path, json={"name": scenario}, trust_env=False)
        answer.raise_for_status()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run a demo until every probe passed."""
    command = (TM_EXPORTER, "demo", "--listen", "127.0.0.1:0", "--for", "400")
    with child(tmp_path_factory.mktemp("page"), *command) as process:
        daemon = listening(process)
        simulator = process.announced(r"simulated Tensormesh runs at (http://\S+);")
        daemon.wait_for_verdicts(PROBES, within=30)
        yield Demo(daemon, simulator)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run a browser."""
    with chromium() as running:
        yield running


@pytest.fixture
def watched(browser: Browser, demo: Demo) -> Iterator[Watched]:
    """Open the page of a demo in which everything works, and let it complain."""
    demo.play("healthy")
    with tab(browser) as opened:
        opened.page.goto(demo.daemon.url)
        yield opened
        assert opened.complaints == []
        assert opened.foreign(demo.daemon.url) == []


def test_the_page_follows_without_being_loaded_anew(
    watched: Watched, demo: Demo
) -> None:
    """It turns red and green by itself; what someone folded and focused stays."""
    page = watched.page
    page.evaluate("window.same = true")
    expect(page.locator("#glance.ok")).to_be_visible(timeout=30_000)
    expect(page.locator("h1")).to_contain_text("Tensormesh works for us.")
    page.locator("#target-account summary").click()
    page.locator("#pause").focus()

    demo.play("outage")

    expect(page.locator("#glance.failing")).to_be_visible(timeout=40_000)
    expect(page.locator("#answer")).to_contain_text("Whose fault:")
    expect(page.locator("#answer")).to_contain_text("Tensormesh's")
    expect(page.locator("h1")).to_contain_text("serverless", timeout=20_000)
    assert "failing - tm-exporter" in page.title()
    demo.play("healthy")
    expect(page.locator("#glance.ok")).to_be_visible(timeout=60_000)
    expect(page.locator("#failures")).to_contain_text("overloaded")
    assert page.evaluate("window.same")
    assert page.evaluate("document.activeElement.id") == "pause"
    assert not page.locator("#target-account").evaluate("fold => fold.open")
    assert page.locator("#target-serverless").evaluate("fold => fold.open")


def test_it_rests_while_nobody_looks(browser: Browser, demo: Demo) -> None:
    """A tab in the background asks for nothing, and is current once it is back."""
    with tab(browser) as watched:
        page = watched.page
        page.clock.install()
        page.goto(demo.daemon.url, wait_until="networkidle")
        page.evaluate(HIDE, arg=True)
        watched.show()
        asked = len(watched.requests)

        page.clock.run_for(60_000)
        assert len(watched.requests) == asked

        page.evaluate(HIDE, arg=False)
        with page.expect_response(f"{demo.daemon.url}/"):
            watched.show()


def test_updates_can_be_paused(watched: Watched, demo: Demo) -> None:
    """For those whom a page that changes disturbs."""
    page = watched.page
    pause = page.get_by_role("button", name="Pause updates")
    pause.click()
    expect(pause).to_have_attribute("aria-pressed", "true")
    asked = len(watched.requests)
    watched.show()
    page.wait_for_timeout(300)
    assert len(watched.requests) == asked

    with page.expect_response(f"{demo.daemon.url}/"):
        pause.click()


def test_a_page_that_is_cut_off_says_so(browser: Browser, demo: Demo) -> None:
    """An old page that looks current would be worse than none."""
    with tab(browser) as watched:
        page = watched.page
        page.goto(demo.daemon.url)
        page.route("**/*", lambda route: route.abort())

        watched.show()

        note = page.locator("#note")
        expect(note).to_contain_text("The exporter does not answer. What you see is as")
        assert page.title().startswith("? ")
        page.unroute("**/*")
        watched.show()
        expect(note).to_be_empty(timeout=15_000)


def lasting(transcript: str) -> list[str]:
    """Return its lines but the next step, which follows the diagnosis meanwhile."""
    lines = transcript.splitlines()
    return [line for line in lines if not line.startswith("next step")]


def test_evidence_is_copied_with_one_click(browser: Browser, demo: Demo) -> None:
    """What goes into a ticket is what the transcript says."""
    demo.play("bad_key")
    with tab(browser) as watched:
        page = watched.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto(demo.daemon.url)
        refused = page.locator("#failures li", has_text="auth")  # not of a test before
        button = refused.locator("[data-evidence]").first
        expect(button).to_be_visible(timeout=30_000)
        page.get_by_role("button", name="Pause updates").click()
        path = str(button.get_attribute("data-evidence"))

        button.click()

        expect(button).to_have_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert lasting(copied) == lasting(demo.daemon.get(path).text)
        assert "authorization: <masked>" in copied
        assert watched.complaints == []


def test_it_works_without_a_script(browser: Browser, demo: Demo) -> None:
    """Everything is in the document, and everything can be reached by links."""
    with tab(browser, java_script_enabled=False) as watched:
        page = watched.page
        page.goto(demo.daemon.url)

        expect(page.locator("h1")).to_contain_text("Tensormesh")
        expect(page.locator("button:visible")).to_have_count(0)
        page.goto(f"{demo.daemon.url}/?target=serverless")
        expect(page.locator("#target-serverless")).to_contain_text("chat_stream")
        page.get_by_role("link", name="Transcript").first.click()
        expect(page.locator("body")).to_contain_text(re.compile(r"probe_id +[0-9a-f]+"))
        page.goto(demo.daemon.url)
        page.get_by_role("link", name="Configuration").click()
        expect(page.locator("body")).to_contain_text("targets:")
        assert watched.foreign(demo.daemon.url) == []


def test_it_can_be_used_by_keyboard(watched: Watched) -> None:
    """The first stop leads past the links to what matters."""
    page = watched.page

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.locator("#target-account summary").focus()
    before = page.locator("#target-account").evaluate("fold => fold.open")
    page.keyboard.press("Enter")
    after = page.locator("#target-account").evaluate("fold => fold.open")
    assert before != after


@pytest.mark.parametrize(
    ("scenario", "size", "scheme"),
    [
        ("healthy", WIDE, "dark"),
        ("outage", WIDE, "light"),
        ("outage", PHONE, "dark"),
    ],
    ids=["healthy", "failing", "failing on a phone"],
)
def test_everybody_can_read_it(
    browser: Browser, demo: Demo, scenario: str, size: tuple[int, int], scheme: Scheme
) -> None:
    """Axe finds nothing: not in the dark, not in red, not on a small screen."""
    demo.play(scenario)
    with tab(browser, size=size, scheme=scheme) as seen:
        seen.page.goto(demo.daemon.url)
        state = "failing" if scenario == "outage" else "ok"
        expect(seen.page.locator(f"#glance.{state}")).to_be_visible(timeout=60_000)

        found = Axe().run(seen.page).response

        assert found["violations"] == []
        assert len(found["passes"]) > 20


@pytest.mark.parametrize("width", [320, 390, 700, 1000, 1920])
def test_nothing_has_to_be_scrolled_sideways(
    browser: Browser, demo: Demo, width: int
) -> None:
    """From the smallest phone to a screen on the wall."""
    demo.play("outage")
    with tab(browser, size=(width, 800)) as seen:
        seen.page.goto(demo.daemon.url)

        needed = seen.page.evaluate("document.documentElement.scrollWidth")

        assert needed <= width
