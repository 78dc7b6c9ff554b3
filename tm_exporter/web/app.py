"""The routes of the exporter. None but `/probe` waits for anything but memory."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tm_exporter.exposition.page import Exposition
from tm_exporter.one_shot.wishes import Asker, Nobody
from tm_exporter.views.evidence import Transcript
from tm_exporter.views.status import Status
from tm_exporter.web import runbooks, series_page
from tm_exporter.web.guard import guarded
from tm_exporter.web.health import health_routes
from tm_exporter.web.people import PeoplesPages
from tm_exporter.web.probe import ProbePage
from tm_exporter.web.protection import Current, none
from tm_exporter.web.refusing import refuse
from tm_exporter.web.reload import Reload, nothing_to_reload, reload_route


_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the first is in C, if there


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
        asker: Runs probes for `/probe`.
        may_reload: Whether `/-/reload` is answered.
        reload: Reads the configuration again.
    """

    metrics: Exposition
    healthy: Callable[[], bool]
    ready: Callable[[], bool]
    config: Callable[[], Mapping[str, Any]]
    status: Callable[[], Awaitable[Status]]
    evidence: Callable[[str], Transcript | None] = lambda _: None
    asker: Asker = field(default_factory=Nobody)
    may_reload: Callable[[], bool] = lambda: False
    reload: Reload = nothing_to_reload


class Pages:
    """The answers, one method for each path."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def metrics(self, request: Request) -> Response:
        """Answer with all series."""
        return await series_page.answer(request, self._sources.metrics.render)

    async def config(self, _: Request) -> Response:
        """Answer with the configuration as YAML, which is long with many targets."""
        return PlainTextResponse(await asyncio.to_thread(self._config))

    def _config(self) -> str:
        """Return the configuration as YAML."""
        return yaml.dump(
            dict(self._sources.config()),
            Dumper=_Dumper,
            sort_keys=False,
            allow_unicode=True,
        )


def build(sources: Sources, protection: Current = none) -> ASGIApp:
    """
    Return the application, behind all that protects it.

    Args:
        sources: Where the answers come from.
        protection: Who may ask, and how often.
    """
    pages = Pages(sources)
    routes = {
        "/metrics": pages.metrics,
        "/probe": ProbePage(sources.asker).answer,
        "/config": pages.config,
    }
    app = Starlette(
        routes=[
            *(Route(path, handler) for path, handler in routes.items()),
            *health_routes(sources.healthy, sources.ready),
            reload_route(sources.may_reload, sources.reload),
            *PeoplesPages(sources.status, sources.evidence).routes(),
            *runbooks.routes(),
        ],
        exception_handlers={HTTPException: refuse},
    )
    app.router.redirect_slashes = False  # it would repeat the client's Host header
    return guarded(app, protection)
