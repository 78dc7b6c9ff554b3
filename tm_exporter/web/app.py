"""The routes of the exporter. None waits for anything but memory."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import yaml
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tm_exporter.evidence import Transcript
from tm_exporter.exposition import VARY, Exposition
from tm_exporter.status import Status
from tm_exporter.web import runbooks
from tm_exporter.web.people import PeoplesPages
from tm_exporter.web.security import SecurityHeaders


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """
    Where the answers come from. Each is asked at every request.

    Attributes:
        metrics: Renders `/metrics`.
        healthy: Whether loop and scheduler turn.
        ready: Whether every enabled probe ran once, or had the time to.
        config: The configuration in force as plain data, secrets masked.
        status: How every probe is doing.
        evidence: Returns the transcript of a kept run, None if it is not kept.
    """

    metrics: Exposition
    healthy: Callable[[], bool]
    ready: Callable[[], bool]
    config: Callable[[], Mapping[str, Any]]
    status: Callable[[], Awaitable[Status]]
    evidence: Callable[[str], Transcript | None] = lambda _: None


class Pages:
    """The answers, one method for each path."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def metrics(self, request: Request) -> Response:
        """Answer with all series."""
        rendered = await self._sources.metrics.render(
            request.headers.get("accept", ""),
            request.headers.get("accept-encoding", ""),
        )
        headers = {"content-type": rendered.content_type, "vary": VARY}
        if rendered.encoding is not None:
            headers["content-encoding"] = rendered.encoding
        return Response(rendered.body, headers=headers)

    async def config(self, _: Request) -> Response:
        """Answer with the configuration as YAML."""
        data = dict(self._sources.config())
        text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
        return PlainTextResponse(text)

    async def healthy(self, _: Request) -> Response:
        """Answer whether the exporter works."""
        return _verdict("healthy", holds=self._sources.healthy())

    async def ready(self, _: Request) -> Response:
        """Answer whether the exporter has something to say."""
        return _verdict("ready", holds=self._sources.ready())


def build(sources: Sources) -> Starlette:
    """Return the application."""
    pages = Pages(sources)
    routes = {
        "/metrics": pages.metrics,
        "/config": pages.config,
        "/-/healthy": pages.healthy,
        "/-/ready": pages.ready,
    }
    app = Starlette(
        routes=[
            *(Route(path, handler) for path, handler in routes.items()),
            *PeoplesPages(sources.status, sources.evidence).routes(),
            *runbooks.routes(),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: _refuse},
    )
    app.router.redirect_slashes = False  # it would repeat the client's Host header
    return app


async def _refuse(_: Request, error: Exception) -> Response:
    """Answer in plain text, without repeating what was asked for."""
    refusal = cast("HTTPException", error)
    return PlainTextResponse(
        f"{refusal.detail}\n",
        status_code=refusal.status_code,
        headers=refusal.headers,
    )


def _verdict(word: str, *, holds: bool) -> Response:
    if holds:
        return PlainTextResponse(f"{word}\n")
    return PlainTextResponse(f"not {word}\n", status_code=503)
