"""The event loop: uvloop where it is installed, and else what Python has."""

import asyncio
import sys

import pytest
import uvloop

from tm_exporter.process.event_loop import Kind, name, run


async def named() -> str:
    """Return what the loop that this runs on is called."""
    return name()


async def running() -> asyncio.AbstractEventLoop:
    """Return the loop that this runs on."""
    return asyncio.get_running_loop()


def test_uvloop_is_taken_where_it_is_installed() -> None:
    """As it is here."""
    assert isinstance(run(running()), uvloop.Loop)
    assert run(named()) == "uvloop"


def test_another_loop_can_be_asked_for() -> None:
    """Whatever is installed."""
    assert run(named(), "asyncio") == "asyncio"


def test_without_uvloop_the_standard_loop_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra, and no more."""
    monkeypatch.setitem(sys.modules, "uvloop", None)

    assert isinstance(run(running()), asyncio.SelectorEventLoop)


@pytest.mark.parametrize("kind", ["auto", "asyncio"])
def test_what_a_program_comes_to_is_passed_on(kind: Kind) -> None:
    """Its result, or its error."""

    async def program(*, fails: bool) -> str:
        await asyncio.sleep(0)
        if fails:
            raise LookupError("what failed")
        return "what it is"

    assert run(program(fails=False), kind) == "what it is"
    with pytest.raises(LookupError, match="what failed"):
        run(program(fails=True), kind)
