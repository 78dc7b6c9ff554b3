"""What a request line may name."""

from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send


_SCHEMES = (b"http://", b"https://")


class OriginForm:
    """
    Middleware that takes scheme and host off a request line.

    A proxy is asked so, and some pass it on as it is; a server must take it, and
    which host is named makes no difference here.

    Args:
        app: What answers.

    Source: RFC 9112, 3.2.2.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the path answered."""
        raw = scope["raw_path"]
        if raw.lower().startswith(_SCHEMES):
            path = b"/" + raw.split(b"/", 3)[3] if raw.count(b"/") > 2 else b"/"
            scope = {**scope, "raw_path": path, "path": unquote(path.decode("ascii"))}
        await self._app(scope, receive, send)
