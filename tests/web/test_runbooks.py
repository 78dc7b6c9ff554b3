"""The pages that alerts link to, as the exporter serves them."""

import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from hatchling.builders.wheel import WheelBuilder
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from tm_exporter.alerts import GROUPS
from tm_exporter.alerts.overrides import alerts_of
from tm_exporter.web import runbooks
from tm_exporter.web.markdown import markup


ROOT = Path(__file__).parents[2]
ALERTS = sorted({alert.name for alert in alerts_of(GROUPS)})


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of the pages alone."""
    transport = httpx.ASGITransport(app=Starlette(routes=runbooks.routes()))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://exporter", trust_env=False
    ) as client:
        yield client


async def test_each_alert_has_a_page(client: httpx.AsyncClient) -> None:
    """Under the name that its annotation links to."""
    for name in ALERTS:
        answer = await client.get(f"/runbooks/{name}")

        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert f"<h1>{name}</h1>" in answer.text
        assert "<h2>First command</h2>" in answer.text
        assert "](" not in answer.text  # a link that is shown as it is written


async def test_the_list_has_them_all(client: httpx.AsyncClient) -> None:
    """So that one can look around."""
    answer = await client.get("/runbooks")

    assert answer.status_code == 200
    assert all(f'href="/runbooks/{name}"' in answer.text for name in ALERTS)


@pytest.mark.parametrize("name", ["Nobody", "..%2f..%2fREADME", "%00", "a/b", "<b>"])
async def test_other_names_have_none(client: httpx.AsyncClient, name: str) -> None:
    """Nothing is read from the disk for a request."""
    answer = await client.get(f"/runbooks/{name}")

    assert answer.status_code == 404
    assert "<b>" not in answer.text


def test_an_installed_package_has_the_pages(tmp_path: Path) -> None:
    """A wheel brings them along, where no checkout is."""
    (built,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path))

    with zipfile.ZipFile(built) as wheel:
        packed = {name for name in wheel.namelist() if "/runbooks/" in name}
    assert packed == {f"tm_exporter/runbooks/{name}.md" for name in ALERTS}


def test_markdown_becomes_html() -> None:
    """As much of it as the pages use."""
    text = (
        "# A\n\nRun `a < b`, see [Other](Other.md).\nAgain.\n\n## C\n\n"
        "```sh\n# not a heading\n\n<x>\n```\n\n* one\n  more\n* `two`\n\n<script>\n"
    )

    assert markup(text, base="/runbooks/") == (
        "<h1>A</h1>"
        "<p>Run <code>a &lt; b</code>, see "
        '<a href="/runbooks/Other">Other</a>.\nAgain.</p>'
        "<h2>C</h2>"
        "<pre><code># not a heading\n\n&lt;x&gt;\n</code></pre>"
        "<ul><li>one\n  more</li><li><code>two</code></li></ul>"
        "<p>&lt;script&gt;</p>"
    )


@given(st.text(alphabet="a<>&\"'`[]()*# \n.", max_size=80))
def test_no_text_becomes_markup(text: str) -> None:
    """Whatever is written in a page."""
    shown = str(markup(text, base="/"))
    for tag in ("h1", "h2", "h3", "p", "ul", "li", "pre", "code", "a"):
        shown = shown.replace(f"<{tag}>", "").replace(f"</{tag}>", "")

    assert "<" not in shown.replace('<a href="/', "")
