"""A token which a program prints."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence

from pydantic import SecretStr

from tm_exporter.config.program import output_of
from tm_exporter.config.secret_text import checked, decoded
from tm_exporter.credentials import SecretUnavailable, expiry


_REST = 60.0  # seconds between two runs
_MARGIN = 90.0  # seconds before expiry: more than the rest, so that one retry fits


class CommandSecret:
    """
    The first line of a program's output, kept until it expires or is refused.

    The program is run without a shell, at most once a minute, and by one caller
    for all that wait. If it fails, the token it gave before is used for as long as
    it is good. What it writes to its standard error is not read.

    Args:
        argv: Program and arguments.
        clock: Monotonic, in seconds.
        now: Seconds since the epoch, for a token that says when it expires.
        timeout: Seconds after which the program is killed.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        timeout: float = 10.0,
    ) -> None:
        self._argv = tuple(argv)
        self._clock = clock
        self._now = now
        self._timeout = timeout
        self._token: SecretStr | None = None
        self._expires = math.inf
        self._refused = False
        self._failure = ""
        self._ran = -math.inf
        self._run: asyncio.Task[None] | None = None

    async def get(self) -> SecretStr:
        """
        Return the token, running the program first if that is due.

        Raises:
            SecretUnavailable: The program failed and there is no good token.
        """
        if self._run is None and self._is_due():
            self._ran = self._clock()
            self._run = asyncio.create_task(self._renew())
        if self._run is not None:
            await asyncio.shield(self._run)  # one impatient caller ends it for none
        good = not self._refused and self._now() < self._expires
        if self._token is None or (self._failure and not good):
            raise SecretUnavailable(self._failure)
        return self._token

    def check(self) -> None:
        """Nothing is known before the program has run, which only a need is worth."""

    def rejected(self) -> None:
        """Have the program run again, as soon as a minute has passed."""
        self._refused = True

    def warnings(self) -> tuple[str, ...]:
        """Nothing: there is no file to look at."""
        return ()

    def _is_due(self) -> bool:
        wanted = (
            self._token is None
            or self._refused
            or self._now() >= self._expires - _MARGIN
        )
        return wanted and self._clock() - self._ran >= _REST

    async def _renew(self) -> None:
        try:
            output = await output_of(self._argv, self._timeout)
            line = decoded(output, "the output of token_command").partition("\n")[0]
            self._token = checked(line, "the first line of token_command's output")
        except SecretUnavailable as error:
            self._failure = str(error)
        else:
            self._failure, self._refused = "", False
            self._expires = expiry(self._token) or math.inf
        finally:
            self._run = None
