"""A Control Plane that answers what a test says, without a socket."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from tm_exporter.clients.client import may_be_read
from tm_exporter.exchange import Exchange, Piece
from tm_exporter.observation import Outcome, Probe, ProbeKey


KEY = ProbeKey("account", "control_plane", "pull")
Query = Mapping[str, str]
Script = Callable[[str, Query], Any]
NOW = 1_795_368_600.0  # 2026-11-22T17:30:00Z
TODAY = 1_795_305_600.0  # the midnight before


@dataclass
class ScriptedPlane:
    """
    Takes the place of a client.

    Attributes:
        script: Returns the payload for a path and a query: JSON, bytes, or an
            Exchange as it is.
        asked: Path and query of each request, in order.
        timeouts: What each request was given, in seconds.
    """

    script: Script
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)

    async def get(
        self,
        path: str,
        *,
        timeout: float,  # noqa: ASYNC109 -- the client's own name
        params: Query | None = None,
    ) -> Exchange:
        """Answer."""
        assert may_be_read(path)
        self.asked.append((path, dict(params or {})))
        self.timeouts.append(timeout)
        payload = self.script(path, params or {})
        return payload if isinstance(payload, Exchange) else answered(payload)


def answered(payload: Any, status: int = 200) -> Exchange:
    """Return the exchange of a complete answer."""
    content = payload if isinstance(payload, bytes) else orjson.dumps(payload)
    return Exchange(
        method="GET",
        url="http://127.0.0.1/",
        status=status,
        headers=(("content-type", "application/json"),),
        body=(Piece(0.0, content),),
    )


async def pulled(
    pull: Callable[..., Probe], section: Any, script: Script | Any
) -> Outcome:
    """Run a pull once against a script, or against one payload for all routes."""
    plane = ScriptedPlane(script if callable(script) else lambda _, __: script)
    return await pull(section, KEY, plane, now=lambda: NOW).run()
