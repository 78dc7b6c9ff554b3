"""The routes by which people and tests look at the simulator and change it."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tm_exporter.simulator.event_stream import Json
from tm_exporter.simulator.scenarios import scenarios
from tm_exporter.simulator.surfaces import Surface, surface_named
from tm_exporter.simulator.switches import rule_from
from tm_exporter.simulator.world import World


_SHOWN_REQUESTS = 100


class Switchboard:
    """State, scenarios and switches, below `/simulator`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Return its routes."""
        return [
            Route("/state", self._state),
            Route("/scenarios", self._scenarios),
            Route("/scenario", _explained(self._scenario), methods=["PUT", "POST"]),
            Route("/switches", _explained(self._switches), methods=["PATCH"]),
        ]

    async def _state(self, _: Request) -> Response:
        world = self._world
        requests = [asdict(record) for record in world.log]
        return Json(
            {
                **self._in_force(),
                "balance": str(world.account.balance),
                "charged": {
                    "usd": str(world.account.charged),
                    "requests": world.account.charges,
                },
                "requests_total": world.log.total,
                "requests": requests[-_SHOWN_REQUESTS:],
                "forbidden_calls": [asdict(call) for call in world.log.forbidden],
            }
        )

    async def _scenarios(self, _: Request) -> Response:
        table = scenarios().items()
        return Json({"scenarios": [{"name": n, "description": d} for n, d in table]})

    async def _scenario(self, request: Request) -> Response:
        values, surface = await _wanted(request)
        self._world.panel.switch(str(values.get("name")), surface)
        return Json(self._in_force())

    async def _switches(self, request: Request) -> Response:
        values, surface = await _wanted(request)
        if "route" in values:
            self._world.panel.rule(rule_from(values), surface)
        else:
            self._world.panel.change(values, surface)
        return Json(self._in_force())

    def _in_force(self) -> dict[str, Any]:
        panel = self._world.panel
        switches = {surface: asdict(s) for surface, s in panel.switches.items()}
        return {"scenario": panel.scenario, "switches": switches}


async def _wanted(request: Request) -> tuple[dict[str, Any], Surface | None]:
    """Return the members of a request's body, the surface apart."""
    values = orjson.loads(await request.body())
    if not isinstance(values, dict):
        raise ValueError("the body must be an object")  # noqa: TRY004 - a value it is
    name = values.pop("surface", None)
    return values, None if name is None else surface_named(str(name))


def _explained(
    endpoint: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint which answers 400 where it meets a wrong value."""

    async def explained(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ValueError as error:
            return Json({"error": str(error)}, status_code=400)

    return explained
