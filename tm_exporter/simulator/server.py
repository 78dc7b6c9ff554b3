"""The simulated Tensormesh as one server on a socket of its own."""

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from tm_exporter.simulator.control_plane import ControlPlane
from tm_exporter.simulator.gate import Gate
from tm_exporter.simulator.inference import Inference
from tm_exporter.simulator.record import ForbiddenCall, Record
from tm_exporter.simulator.served import ON_DEMAND_MODELS, SERVERLESS_MODELS
from tm_exporter.simulator.surfaces import INFERENCE, PREFIXES, Surface
from tm_exporter.simulator.switchboard import Switchboard
from tm_exporter.simulator.switches import Switches, rule_from
from tm_exporter.simulator.world import World, new_world


class Simulator:
    """
    A simulated Tensormesh, from `async with` to its end.

    It runs on the current loop, takes no signals, logs nothing by itself, and ends
    within a second whatever it is answering.

    Attributes:
        api_key: For both inference surfaces; made up, as the next two.
        user_id: The X-User-Id of the on-demand surface.
        token: For the Control Plane.
        models: Names of the serverless models.
        on_demand_models: Names of the on-demand models.
        world: All its state, for tests that need more than the members here.
    """

    def __init__(
        self,
        *,
        scenario: str = "healthy",
        host: str = "127.0.0.1",
        port: int = 0,
        first_token_seconds: float = 0.15,
        gap_seconds: float = 0.01,
        now: Callable[[], float] = time.time,
    ) -> None:
        """
        Prepare a simulator; nothing listens yet.

        Args:
            scenario: Name of the one to begin with.
            host: Address to listen on.
            port: To listen on; 0 lets the system pick one.
            first_token_seconds: From a request to its first token.
            gap_seconds: From one token to the next.
            now: Wall clock, for everything about money and dates.

        Raises:
            ValueError: There is no such scenario.
        """
        pace = {"first_token_seconds": first_token_seconds, "gap_seconds": gap_seconds}
        self.world = new_world(Switches().changed(pace), now=now)
        self.world.panel.switch(scenario)
        self.api_key = self.world.credentials.api_key
        self.user_id = self.world.credentials.user_id
        self.token = self.world.credentials.token
        self.models = tuple(model.name for model in SERVERLESS_MODELS)
        self.on_demand_models = tuple(model.name for model in ON_DEMAND_MODELS)
        self._address = (host, port)

    async def __aenter__(self) -> Self:
        """
        Begin to listen.

        Raises:
            OSError: The address cannot be had.
        """
        listener = _listening(*self._address)
        self.world.url = _url(listener)
        self._server = _Server(_config(self.world))
        self.world.cut = self._server.cut
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        await self._server.listening.wait()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop()
        await self._serving

    @property
    def url(self) -> str:
        """Of the server, without a path; `/simulator/state` is below it."""
        return self.world.url

    @property
    def serverless_url(self) -> str:
        """Base URL of the serverless surface, without `/v1`."""
        return self.url + PREFIXES["serverless"]

    @property
    def on_demand_url(self) -> str:
        """Base URL of the on-demand surface, without `/v1`."""
        return self.url + PREFIXES["on_demand"]

    @property
    def control_plane_url(self) -> str:
        """Base URL of the Control Plane."""
        return self.url + PREFIXES["control_plane"]

    @property
    def requests(self) -> list[Record]:
        """The last thousand requests, oldest first."""
        return list(self.world.log)

    @property
    def forbidden_calls(self) -> list[ForbiddenCall]:
        """Calls to the Control Plane that no exporter may ever make."""
        return list(self.world.log.forbidden)

    def switch(self, scenario: str, surface: Surface | None = None) -> None:
        """
        Put a scenario in force, on one surface or where it applies.

        Raises:
            ValueError: There is no such scenario.
        """
        self.world.panel.switch(scenario, surface)

    def change(self, surface: Surface | None = None, **switches: Any) -> None:
        """
        Set single switches, everywhere unless a surface is named.

        Raises:
            ValueError: There is no such switch, or it cannot take such a value.
        """
        self.world.panel.change(switches, surface)

    def rule(self, route: str, surface: Surface | None = None, **members: Any) -> None:
        """
        Set what happens to requests of one route; see `switches.Rule`.

        Raises:
            ValueError: A member is unknown or cannot have such a value.
        """
        self.world.panel.rule(rule_from({"route": route, **members}), surface)


class _Server(uvicorn.Server):
    """uvicorn, told what to do by us instead of by signals, and quick to end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Make `serve` return soon."""
        self.should_exit = True
        self._stopping.set()

    def cut(self, client: tuple[str, int]) -> None:
        """Reset the connection from a client's address."""
        for connection in self.server_state.connections:
            transport = connection.transport
            if transport.get_extra_info("peername")[:2] == client:
                _reset(transport)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals to the program we are part of."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets=sockets)
        self.listening.set()

    async def main_loop(self) -> None:
        """Keep the `Date` header right until the end."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End every connection at once, and with it every answer."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()
        if tasks := tuple(self.server_state.tasks):
            await asyncio.wait(tasks, timeout=0.5)


def _config(world: World) -> uvicorn.Config:
    mounts = [
        Mount(PREFIXES[surface], Gate(Inference(surface, world).app(), surface, world))
        for surface in INFERENCE
    ]
    plane = Gate(ControlPlane(world).app(), "control_plane", world)
    mounts.append(Mount(PREFIXES["control_plane"], plane))
    mounts.append(Mount("/simulator", routes=Switchboard(world).routes()))
    return uvicorn.Config(
        Starlette(routes=mounts),
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=512)
    # Connections inherit it. asyncio would set it only where the protocol is named,
    # and without it events wait for acknowledgements, up to 40 ms each.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _reset(transport: asyncio.Transport) -> None:
    """Close a connection with a reset in place of an end."""
    connection = transport.get_extra_info("socket")
    linger = struct.pack("ii", 1, 0)  # on, for no time
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()
