"""A KV cache: which prefixes of prompts were seen not long ago."""

from collections.abc import Callable, Sequence
from itertools import count


BLOCK_TOKENS = 16


class KvCache:
    """
    Remembers prompts in whole blocks of 16 tokens, from their start.

    A block counts only after the same blocks before it, so blocks form a tree, and
    a block is known by the number of its parent and its tokens.
    """

    def __init__(self, clock: Callable[[], float], most_blocks: int = 200_000) -> None:
        """
        Make an empty cache.

        Args:
            clock: In seconds.
            most_blocks: With more than so many it forgets all of them.
        """
        self._clock = clock
        self._most_blocks = most_blocks
        self._numbers = count(1)
        self._blocks: dict[tuple[str, int, tuple[int, ...]], tuple[int, float]] = {}

    def admit(self, model: str, prompt: Sequence[int], lifetime: float) -> int:
        """
        Return how many tokens of a prompt are cached, then remember all of it.

        At least one token is never from the cache: an answer starts from it.

        Args:
            model: Each has a cache of its own.
            prompt: Its tokens.
            lifetime: Seconds for which a block is remembered after its last use.
        """
        now = self._clock()
        if len(self._blocks) > self._most_blocks:
            self._blocks.clear()
        cached, parent, unbroken = 0, 0, True
        for start in range(0, len(prompt) - BLOCK_TOKENS + 1, BLOCK_TOKENS):
            key = (model, parent, tuple(prompt[start : start + BLOCK_TOKENS]))
            number, until = self._blocks.get(key, (0, 0.0))
            unbroken = unbroken and number > 0 and now < until
            cached += (
                BLOCK_TOKENS if unbroken and start + BLOCK_TOKENS < len(prompt) else 0
            )
            parent = number or next(self._numbers)
            self._blocks[key] = (parent, now + lifetime)
        return cached
