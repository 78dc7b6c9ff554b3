"""Answer with a page of series, whichever they are."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from tm_exporter.exposition.page import VARY, Page


Render = Callable[[str, str], Awaitable[Page]]
"""Renders a page by the headers `Accept` and `Accept-Encoding`."""


async def answer(request: Request, render: Render) -> Response:
    """Return the page in the form that the reader asks for."""
    rendered = await render(
        request.headers.get("accept", ""),
        request.headers.get("accept-encoding", ""),
    )
    headers = {"content-type": rendered.content_type, "vary": VARY}
    if rendered.encoding is not None:
        headers["content-encoding"] = rendered.encoding
    return Response(rendered.body, headers=headers)
