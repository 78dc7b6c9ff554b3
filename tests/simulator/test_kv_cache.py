"""The cache knows prefixes in whole blocks, for a time."""

import pytest

from tm_exporter.simulator.kv_cache import KvCache


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.time


def test_nothing_is_cached_at_first() -> None:
    """A new prompt has to be computed."""
    cache = KvCache(Clock())

    assert cache.admit("m", range(100), 60) == 0


@pytest.mark.parametrize(
    ("length", "cached"),
    [
        pytest.param(15, 0, id="less than a block"),
        pytest.param(16, 0, id="one token is always computed"),
        pytest.param(17, 16, id="one block and a token"),
        pytest.param(47, 32, id="whole blocks only"),
    ],
)
def test_a_repeated_prompt_is_cached_in_whole_blocks(length: int, cached: int) -> None:
    """Sixteen tokens are a block, and the last token is never from the cache."""
    cache = KvCache(Clock())
    cache.admit("m", range(length), 60)

    assert cache.admit("m", range(length), 60) == cached


def test_only_the_common_beginning_is_cached() -> None:
    """A block counts only if all before it are the same."""
    cache = KvCache(Clock())
    cache.admit("m", [*range(32), *range(1000, 1032)], 60)

    changed_late = cache.admit("m", [*range(32), *range(2000, 2032)], 60)
    changed_first = cache.admit("m", [7, *range(1, 32), *range(1000, 1032)], 60)

    assert (changed_late, changed_first) == (32, 0)


def test_a_block_is_forgotten_after_its_time() -> None:
    """The time counts from the last use."""
    clock = Clock()
    cache = KvCache(clock)
    cache.admit("m", range(32), 60)

    clock.time = 59
    used_again = cache.admit("m", range(33), 60)
    clock.time = 119
    forgotten = cache.admit("m", range(33), 60)

    assert (used_again, forgotten) == (32, 0)


def test_a_full_cache_forgets_everything() -> None:
    """So that it stays small, however long the simulator runs."""
    cache = KvCache(Clock(), most_blocks=3)
    cache.admit("m", range(64), 60)

    assert cache.admit("m", range(64), 60) == 0


def test_models_share_nothing() -> None:
    """The same tokens mean other states in another model."""
    cache = KvCache(Clock())
    cache.admit("m", range(64), 60)

    assert cache.admit("other", range(64), 60) == 0
