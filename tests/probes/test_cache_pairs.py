"""What several pairs tell of a cache."""

import pytest

from tm_exporter.probes.cache_pairs import (
    HIT_RATIO,
    MISS_RATIO,
    Memory,
    Pair,
    Wanted,
    expected,
)


@pytest.mark.parametrize(
    ("expectation", "ratios", "met"),
    [
        pytest.param("hit", (0, 0, 0.9, 0.9, 0.9), True, id="most-hit"),
        pytest.param("hit", (0, 0, 0, 0.9, 0.9), False, id="most-miss"),
        pytest.param("hit", (HIT_RATIO,) * 5, True, id="just-a-hit"),
        pytest.param("hit", (0.39,) * 5, False, id="not-quite-a-hit"),
        pytest.param("miss", (MISS_RATIO,) * 5, True, id="just-a-miss"),
        pytest.param("miss", (0.11,) * 5, False, id="not-quite-a-miss"),
        pytest.param("hit", (0, 0, 0, 0, None), True, id="one-is-unknown"),
        pytest.param("hit", (0, 0, 0, 0), True, id="too-few"),
        pytest.param("hit", (0, 0, 0, 0, 0.9, 0.9, 0.9), True, id="the-last-five"),
    ],
)
def test_the_median_of_the_last_five_pairs_is_judged(
    expectation: Wanted, ratios: tuple[float | None, ...], *, met: bool
) -> None:
    """By the bounds that are documented."""
    memory = Memory()
    memory.pairs.extend(Pair(ratio, None) for ratio in ratios)

    assert expected(memory.pairs, expectation).passed == met


@pytest.mark.parametrize("block", [16, 256, 448])
def test_a_working_cache_of_any_block_size_is_a_hit(block: int) -> None:
    """Blocks that are not full are never cached."""
    prompt = 1024 + 64

    assert 1024 // block * block / prompt >= HIT_RATIO


def test_only_the_last_prompt_that_waited_long_enough_is_sent_again() -> None:
    """Older ones would show less of how long the cache keeps."""
    memory = Memory()
    memory.sent.extend([("a", 1.0), ("b", 2.0), ("c", 3.0)])

    assert memory.take_sent_before(0.5) is None
    assert memory.take_sent_before(2.5) == "b"
    assert [prefix for prefix, _ in memory.sent] == ["c"]
