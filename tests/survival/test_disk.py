"""A full or read-only disk: paid probes stop, which is said, and free ones go on."""

import contextlib
import os
import resource
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.e2e.daemon import Page
from tests.survival.world import Living, Log, configured, living, slots, verdict
from tm_exporter.config.report import describe
from tm_exporter.simulator.server import Simulator


HEALTHY = "tensormesh_exporter_ledger_healthy"
LEFT = "tensormesh_canary_budget_remaining_usd"
SKIPPED = "tensormesh_probe_skipped_total"


@contextlib.contextmanager
def full() -> Iterator[None]:
    """Let every write to a file fail, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def read_only() -> Iterator[None]:
    """Let databases be opened only for reading."""
    connect = sqlite3.connect

    def opened(address: str, **options: object) -> sqlite3.Connection:
        return connect(address.replace("mode=rw", "mode=ro"), **options)  # type: ignore[call-overload, no-any-return]  # passed on as it came

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", opened)
        yield


def paid(page: Page) -> float:
    """Return how many paid runs ended."""
    return page.total("tensormesh_probe_attempts_total", probe="chat_stream")


def skipped(page: Page) -> float:
    """Return how many paid runs there was no money for."""
    return page.total(SKIPPED, probe="chat_stream", reason="budget")


async def broke(exporter: Living) -> str:
    """Wait until paid probes stop and free ones go on; return what people read."""
    page = await exporter.until(lambda page: page.total(HEALTHY) == 0)
    known, runs = slots(page), paid(page)
    page = await exporter.until(
        lambda page: slots(page) > known + 2 and skipped(page) > 1
    )
    assert verdict(page) == 1
    assert paid(page) <= runs + 1  # one may have been under way
    assert not page.select(LEFT)
    return (await exporter.get("/")).text


async def test_a_full_disk_stops_what_costs_money_until_there_is_room(
    service: Simulator, log: Log
) -> None:
    """And what was spent before is known after it."""
    async with living(configured(service.serverless_url), log) as exporter:
        page = await exporter.until(lambda page: paid(page) > 0 and page.select(LEFT))
        before = page.total(LEFT, window="day")
        with full():
            people = await broke(exporter)
        page = await exporter.until(lambda page: page.total(HEALTHY) == 1)
        runs = paid(page)
        page = await exporter.until(lambda page: paid(page) > runs)

    assert "No paid probe runs, since the ledger cannot be used" in people
    assert page.total(LEFT, window="day") <= before
    assert [line["level"] for line in log.events("ledger_unusable")][:1] == ["error"]
    assert log.events("ledger_usable")


async def test_a_read_only_disk_stops_what_costs_money_until_it_can_be_written(
    service: Simulator, log: Log
) -> None:
    """The exporter starts there as anywhere."""
    loaded = configured(service.serverless_url)
    async with living(loaded, log) as exporter:
        await exporter.until(lambda page: paid(page) > 0)
    with read_only():
        exporting = living(loaded, log)
        exporter = await exporting.__aenter__()
        people = await broke(exporter)
    try:
        await exporter.until(lambda page: paid(page) > 0)
    finally:
        await exporting.__aexit__(None, None, None)

    assert "is read-only" in people
    assert "is read-only" in log.events("ledger_unusable")[0]["detail"]


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        pytest.param("access", False, "cannot write there", id="read-only"),
        pytest.param(
            "statvfs", SimpleNamespace(f_bavail=0), "the disk is full", id="full"
        ),
    ],
)
def test_check_says_that_nothing_could_be_kept(
    state: Path, monkeypatch: pytest.MonkeyPatch, name: str, answer: object, said: str
) -> None:
    """Of the directory, or of the nearest one above it that exists."""
    before = describe(configured("http://127.0.0.1:1")).warnings
    monkeypatch.setattr(os, name, lambda *_: answer)
    after = describe(configured("http://127.0.0.1:1")).warnings

    (warning,) = set(after) - set(before)
    assert warning.startswith(f"{state.parent}: ")
    assert said in warning
