"""Names that move to another address, and networks that come and go."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.scripted_server import free_port
from tests.survival.world import (
    FAST,
    Living,
    Log,
    configured,
    living,
    slots,
    unaccounted,
    verdict,
)
from tm_exporter.simulator.server import Simulator


NAME = "service.example"
FREE = {"health": FAST, "models": FAST, "chat_stream": False, "tokenize": False}


@pytest.fixture
def points_to(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    """Return what lets the service's name have an address, or none."""
    look_up, address = socket.getaddrinfo, ["127.0.0.1"]

    def found(host: Any, *rest: Any, **options: Any) -> Any:
        if host != NAME:
            return look_up(host, *rest, **options)
        if not address[0]:
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return look_up(address[0], *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return lambda where: address.__setitem__(0, where or "")


async def settled(exporter: Living, wanted: float) -> float:
    """Return how many slots it took until a verdict was the wanted one."""
    start = slots(await exporter.page())
    return slots(await exporter.until(lambda page: verdict(page) == wanted)) - start


async def test_a_name_is_looked_up_for_each_run(
    log: Log, points_to: Callable[[str | None], None]
) -> None:
    """What moves is asked at its new address by the next run, and at no other."""
    port = free_port()
    async with (
        Simulator(host="127.0.0.1", port=port) as old,
        Simulator(host="127.0.0.2", port=port) as new,
    ):
        url = f"http://{NAME}:{port}/serverless"
        loaded = configured(url, probes=FREE, allow_plain_http=True)
        async with living(loaded, log) as exporter:
            await exporter.until(lambda page: verdict(page) == 1)
            assert not new.requests
            points_to("127.0.0.2")
            known = slots(await exporter.page())
            await exporter.until(lambda page: slots(page) > known and new.requests)
            asked = len(old.requests)
            await exporter.until(lambda page: slots(page) > known + 2)
            moved = len(old.requests) - asked
            points_to(None)
            lost = await settled(exporter, 0)
            points_to("127.0.0.1")
            found = await settled(exporter, 1)

    assert moved <= 1  # one may have been under way
    assert lost <= 2
    assert found <= 2
    assert log.events("probe_failing")[0]["reason"] == "dns"


async def test_a_service_that_comes_back_is_well_within_an_interval(log: Log) -> None:
    """No run is made up for, and none is queued."""
    port, loop = free_port(), asyncio.get_running_loop()
    service = Simulator(port=port)
    async with service:
        url = service.serverless_url
        loaded = configured(url, probes=FREE)
    async with living(loaded, log) as exporter:
        await exporter.until(lambda page: verdict(page) == 0)
        await exporter.until(lambda page: slots(page) >= 4)
        async with Simulator(port=port) as again:
            took = await settled(exporter, 1)
            began, known = loop.time(), len(again.requests)
            page = await exporter.until(lambda page: slots(page) >= 8)
            asked, passed = len(again.requests) - known, loop.time() - began

    assert took <= 2
    assert asked <= 2 * (passed + 3)  # two probes, a run a second each
    assert unaccounted(page) <= {0, 1}
