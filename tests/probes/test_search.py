"""A regular expression is found or not, and nobody waits for one that never ends."""

import asyncio
import os
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tm_exporter.probes.expectation import Expectation, unmet
from tm_exporter.probes.search import TooHard, compiled, is_found
from tm_exporter.wire.payloads import Completion


BACKTRACKS = "(a+)+$"
HOSTILE = "a" * 60 + "!"
HUGE = 8 * 1024 * 1024
RARE = 30  # seconds which no machine needs


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("ready", "I am ready", True),
        ("^ready", "I am ready", False),
        (r"\bam\b", "I am ready", True),
        ("(?i)READY", "I am ready", True),
        ("^(?!.*sorry)", "I am ready", True),
        ("^(?!.*sorry)", "I am sorry", False),
        (r"(\w)\1", "letter", True),
        ("ready|set", "all set", True),
        ("x{3}", "xx", False),
        ("", "", True),
        ("ü+", "grüßt", True),
        (".+", "", False),
        ("a+\n", "a\n", True),
        ("e$", "e" * 100_000, True),
        ("f", "e" * HUGE, False),
        ("ef+$", "e" * HUGE + "f", True),
    ],
)
async def test_what_python_finds_is_found(
    pattern: str, text: str, *, found: bool
) -> None:
    """Whether it is searched here or by another process."""
    assert await is_found(pattern, text) is found


@given(pattern=st.text("ab.^$[]\\dw-", max_size=8), text=st.text("ab1 \n", max_size=9))
@settings(max_examples=100, deadline=None)
def test_what_is_searched_at_once_is_searched_by_python(
    pattern: str, text: str
) -> None:
    """None of these letters makes an expression that needs another process."""
    with suppress(ValueError):
        wanted = compiled(pattern).search(text) is not None
        assert asyncio.run(is_found(pattern, text)) is wanted


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param(BACKTRACKS, HOSTILE, id="nested-repeats"),
        pytest.param("(a|a)*$", HOSTILE, id="equal-choices"),
        pytest.param(r"(x+x+)+y", "x" * HUGE, id="huge"),
        pytest.param("(?:.|\n)*z", "b" * HUGE, id="memory"),
    ],
)
async def test_a_search_that_does_not_end_is_ended(pattern: str, text: str) -> None:
    """The kernel ends it after a quarter of a second; the loop goes on meanwhile."""
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    turning = asyncio.create_task(turn())
    start = time.monotonic()
    try:
        await is_found(pattern, text)
    except TooHard as error:
        assert "too long" in str(error)  # noqa: PT017 -- it may end, too
    turning.cancel()

    assert time.monotonic() - start < RARE
    assert turns >= 1


async def test_the_answer_that_cannot_be_searched_fails_its_own_run() -> None:
    """It is not what was expected, as far as anyone can tell; it is no crash."""
    said = Completion(text=HOSTILE)

    wrong = await unmet(Expectation(regex=BACKTRACKS), said)

    assert wrong is not None
    assert "regular expression" in wrong


async def test_one_who_stops_waiting_leaves_no_process() -> None:
    """A cancelled run ends its search."""
    searching = asyncio.create_task(is_found(BACKTRACKS, HOSTILE))
    await asyncio.sleep(0.05)
    searching.cancel()
    with suppress(asyncio.CancelledError):
        await searching

    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)  # noqa: ASYNC222 -- it does not wait


@pytest.mark.parametrize(
    "pattern", ["(" * 5000, "a{99999999999999999999}", "[", "(?P<"]
)
def test_what_python_cannot_compile_is_refused(pattern: str) -> None:
    """When the configuration is read, with a sentence."""
    with pytest.raises(ValueError, match=r"regular expression|nested"):
        Expectation(regex=pattern)
