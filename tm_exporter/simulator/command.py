"""The simulator as a program of its own."""

import asyncio
import contextlib
import os
import signal
import sys
import threading

from tm_exporter.simulator.server import Simulator


_HELP = """\
listening on {url}
serverless     {serverless_url}
on-demand      {on_demand_url}
control plane  {control_plane_url}
The credentials are made up and the same for every simulator:
API key        {api_key}
user id        {user_id}
token          {token}
models         {models}
on-demand      {on_demand_models}
Look:          curl {url}/simulator/state
               curl {url}/simulator/scenarios
Switch:        curl -X PUT {url}/simulator/scenario -d '{{"name": "outage"}}'
One switch:    curl -X PATCH {url}/simulator/switches -d '{{"gap_seconds": 0.1}}'
One route:     curl -X PATCH {url}/simulator/switches \\
                 -d '{{"surface": "serverless", "route": "/health", "status": 503}}'
"""


def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    scenario: str = "healthy",
    *,
    until_stdin_closes: bool = False,
) -> int:
    """
    Simulate until SIGTERM or SIGINT.

    Args:
        host: Address to listen on.
        port: To listen on; 0 lets the system pick one.
        scenario: Name of the one to begin with.
        until_stdin_closes: Also end with whoever holds the other end of standard
            input, so that a parent that is killed leaves nothing behind.

    Returns:
        Exit status: 0, or 2 if the address or the scenario cannot be had.
    """
    try:
        simulator = Simulator(scenario=scenario, host=host, port=port)
        asyncio.run(_serve(simulator, until_stdin_closes=until_stdin_closes))
    except OSError as error:
        why = (error.strerror or str(error)).partition(" (while ")[0].lower()
        return _complain(f"cannot listen on {host}:{port}: {why}")
    except ValueError as error:
        return _complain(str(error))
    return 0


def _tell(text: str) -> None:
    """Print a text, and go on if nobody can be told."""
    try:
        print(text, end="", flush=True)  # noqa: T201 -- for people, and for the demo
    except OSError:  # nor does the interpreter try again at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(text: str) -> int:
    print(f"tm-exporter: {text}", file=sys.stderr)  # noqa: T201 -- for people
    return 2


async def _serve(simulator: Simulator, *, until_stdin_closes: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if until_stdin_closes:
        watch = threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True)
        watch.start()
    async with simulator:
        _tell(_instructions(simulator))
        await stop.wait()


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Read in a thread: not everything that can be standard input can be polled."""
    with contextlib.suppress(OSError):  # closed from the beginning
        while os.read(0, 4096):
            pass
    loop.call_soon_threadsafe(stop.set)


def _instructions(simulator: Simulator) -> str:
    return _HELP.format(
        url=simulator.url,
        serverless_url=simulator.serverless_url,
        on_demand_url=simulator.on_demand_url,
        control_plane_url=simulator.control_plane_url,
        api_key=simulator.api_key,
        user_id=simulator.user_id,
        token=simulator.token,
        models=", ".join(simulator.models),
        on_demand_models=", ".join(simulator.on_demand_models),
    )
