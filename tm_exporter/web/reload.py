"""`POST /-/reload`: have the configuration read again, where that is allowed."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route


Reload = Callable[[], Awaitable[tuple[int, str]]]
"""Reads the configuration again; returns a status and what to say."""

_NOT_ALLOWED = (
    "reloading by request is off: send SIGHUP, or set `server.allow_reload`\n"
)


def reload_route(allowed: Callable[[], bool], reload: Reload) -> Route:
    """
    Return the route.

    Args:
        allowed: Whether whoever gets here may reload.
        reload: Does it.
    """

    async def answer(_: Request) -> Response:
        """Reload, and answer once the new configuration is in force, or refused."""
        if not allowed():
            return PlainTextResponse(_NOT_ALLOWED, status_code=403)
        status, text = await reload()
        return PlainTextResponse(f"{text}\n", status_code=status)

    return Route("/-/reload", answer, methods=["POST"])


async def nothing_to_reload() -> tuple[int, str]:
    """Answer where there is no daemon behind the pages."""
    return 404, "there is nothing to reload"
