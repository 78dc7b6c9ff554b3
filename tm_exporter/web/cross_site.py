"""
Keeps other people's web pages from using a visitor's browser against the exporter.

A browser says on its own that a page is behind a request, by `Origin` or
`Sec-Fetch-Site`, and no page can leave that out. None of the exporter's own pages
changes anything, so that such a request comes from a stranger's, whatever host it
names: a name of theirs may well lead to our address.

Source: Fetch Metadata Request Headers (W3C); Fetch Standard, `Origin` header.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from tm_exporter.web.limits import Headers, Refusal


_READING = {"GET", "HEAD", "OPTIONS", "TRACE"}


class NoStrangers:
    """
    Middleware that refuses what a stranger's page wants changed.

    Args:
        app: What answers the rest.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if _is_strangers(scope["method"], scope["headers"]):
            refusal = Refusal(403, "this is not for other web pages to ask")
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _is_strangers(method: str, headers: Headers) -> bool:
    """Whether another page is behind a request that may change something."""
    if method in _READING:
        return False
    said = dict(headers)
    return b"origin" in said or said.get(b"sec-fetch-site", b"none") != b"none"
