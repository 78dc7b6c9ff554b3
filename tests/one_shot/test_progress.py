"""How far a long command is, for whoever waits for it."""

import asyncio
from io import StringIO

from tests.doubles import FakeClock
from tm_exporter.one_shot.progress import Progress, shown


def test_the_line_says_what_takes_the_longest() -> None:
    """Of all that goes on, what began first."""
    clock = FakeClock()
    progress = Progress(clock)
    progress.total = 3
    progress.begin("kv_cache of eu (a-model)")
    clock.advance(7)
    progress.begin("chat of eu (a-model)")

    assert progress.line() == "0 of 3 probes ran; kv_cache of eu (a-model) for 7 s"

    progress.end("kv_cache of eu (a-model)")
    progress.end("chat of eu (a-model)")
    assert progress.line() == "2 of 3 probes ran"


async def test_nothing_of_it_is_left_behind() -> None:
    """It is one line, which the result replaces."""
    stream = StringIO()
    progress = Progress()
    progress.total = 1
    progress.begin("a probe\x1b of a name that is far too long for one line")

    async with asyncio.timeout(5), shown(progress, stream, 40):
        while "probes ran" not in stream.getvalue():
            await asyncio.sleep(0.01)

    last = stream.getvalue().rpartition("\r\x1b[2K")
    assert last[2] == ""
    assert "\n" not in stream.getvalue()
    assert all(len(line) < 40 for line in stream.getvalue().split("\r\x1b[2K"))


async def test_a_terminal_that_goes_away_ends_nothing() -> None:
    """The probes run on, and their result is told elsewhere."""

    class Gone(StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    async with shown(Progress(), Gone(), 80):
        await asyncio.sleep(0)
