"""
What to do about each alert, as pages at `/runbooks/<name of the alert>`.

The alerts of a version link to the pages of the same version, which the exporter
itself serves: they can be read where the documentation cannot be reached.
"""

import functools
from collections.abc import Mapping
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tm_exporter.web.html import Child, Html, tag
from tm_exporter.web.markdown import markup
from tm_exporter.web.static import FILES


BASE = "/runbooks"


def folder() -> Path:
    """Return where the pages are: in an installed package, or in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "runbooks"
    return installed if installed.is_dir() else package.parent / "docs" / "runbooks"


@functools.cache
def pages(where: Path) -> Mapping[str, str]:
    """Return the documents of a folder by the names of their alerts."""
    return {
        path.stem: _document(
            path.stem, markup(path.read_text(encoding="utf-8"), base=f"{BASE}/")
        )
        for path in sorted(where.glob("*.md"))
    }


def routes() -> list[Route]:
    """Return the routes of the pages and of their list."""
    documents = pages(folder())

    async def index(_: Request) -> Response:
        """Answer with the names of all pages."""
        return HTMLResponse(_index(documents))

    async def page(request: Request) -> Response:
        """Answer with one page."""
        document = documents.get(request.path_params["name"])
        if document is None:
            raise HTTPException(404)
        return HTMLResponse(document)

    return [Route(BASE, index), Route(f"{BASE}/{{name}}", page)]


def _index(names: Mapping[str, str]) -> str:
    rows = (tag("li", tag("a", name, href=f"{BASE}/{name}")) for name in names)
    return _document("Runbooks", tag("h1", "Runbooks"), tag("ul", *rows))


def _document(title: str, *children: Child) -> str:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("title", f"{title} - tm-exporter"),
        tag("link", rel="stylesheet", href=FILES["page.css"].path),
    )
    links = tag(
        "nav",
        tag("a", "Status", href="/"),
        " ",
        tag("a", "All runbooks", href=BASE),
    )
    body = tag("body", links, tag("main", *children))
    return Html("<!doctype html>\n") + tag("html", head, body, lang="en") + "\n"
