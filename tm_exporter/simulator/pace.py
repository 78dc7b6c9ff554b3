"""When the tokens of an answer are due."""

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """
    A schedule of tokens, all in seconds by the loop's clock.

    Each token has its own absolute time, so that being late once does not make
    the rest late too.

    Attributes:
        start: When the request came.
        first: From there to the first token.
        gap: From one token to the next.
    """

    start: float
    first: float
    gap: float

    async def wait_for(self, index: int) -> None:
        """Wait until a token is due; the first is 0."""
        due = self.start + self.first + max(index, 0) * self.gap
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
