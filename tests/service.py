"""A simulated service in a thread, for tests that have no loop of their own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tm_exporter.simulator.server import Simulator


class Service:
    """
    A simulator that runs on the loop of another thread.

    Attributes:
        simulator: Only to be looked at from here.
    """

    def __init__(self) -> None:
        self.simulator = Simulator(first_token_seconds=0.02, gap_seconds=0.001)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.simulator, name)

    def switch(self, scenario: str) -> None:
        """Play a scenario from now on."""
        self._do(self._switch(scenario))

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()
        self._do(self.simulator.__aenter__())

    def stop(self) -> None:
        """End the simulator, its loop and the thread."""
        self._do(self.simulator.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _switch(self, scenario: str) -> None:
        self.simulator.switch(scenario)

    def _do(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)


@contextmanager
def running_service() -> Iterator[Service]:
    """Run a simulated service for as long as the block takes."""
    service = Service()
    service.start()
    try:
        yield service
    finally:
        service.stop()
