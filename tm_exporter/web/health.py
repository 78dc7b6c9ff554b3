"""Healthy and ready, and nothing else, for those who have no credentials."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tm_exporter.web.guard import guarded
from tm_exporter.web.refusing import refuse


def health(healthy: Callable[[], bool], ready: Callable[[], bool]) -> ASGIApp:
    """
    Return the application of the second address.

    Args:
        healthy: Whether loop and scheduler turn.
        ready: Whether every enabled probe ran once, or had the time to.
    """
    app = Starlette(
        routes=health_routes(healthy, ready), exception_handlers={HTTPException: refuse}
    )
    app.router.redirect_slashes = False
    return guarded(app)


def health_routes(
    healthy: Callable[[], bool], ready: Callable[[], bool]
) -> list[Route]:
    """Return the routes of both, which the exporter's main address has, too."""

    async def is_healthy(_: Request) -> Response:
        """Answer whether the exporter works."""
        return _verdict("healthy", holds=healthy())

    async def is_ready(_: Request) -> Response:
        """Answer whether the exporter has something to say."""
        return _verdict("ready", holds=ready())

    return [Route("/-/healthy", is_healthy), Route("/-/ready", is_ready)]


def _verdict(word: str, *, holds: bool) -> Response:
    if holds:
        return PlainTextResponse(f"{word}\n")
    return PlainTextResponse(f"not {word}\n", status_code=503)
