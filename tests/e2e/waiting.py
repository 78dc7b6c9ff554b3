"""Waiting for something that another process does, with a bound."""

import time
from collections.abc import Callable
from typing import TypeVar


T = TypeVar("T")


def eventually(
    attempt: Callable[[], T | None],
    *,
    within: float,
    what: str,
    context: Callable[[], str] = str,
) -> T:
    """
    Return what `attempt` gives as soon as it is something.

    Args:
        attempt: Asked again and again; a false value means not yet.
        within: Seconds after which it has failed.
        what: What is waited for, as a noun phrase.
        context: Called on failure, for what a reader needs to know besides.
    """
    deadline = time.monotonic() + within
    while not (result := attempt()):
        if time.monotonic() > deadline:
            raise AssertionError(f"no {what} within {within:g} s. {context()}")
        time.sleep(0.02)
    return result
