"""Exponential buckets: what is in them, how many there are, and how they are told."""

import math
from itertools import accumulate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tm_exporter.sinks.native import (
    COARSEST,
    MOST_BUCKETS,
    SCHEMA,
    ZERO_THRESHOLD,
    NativeBuckets,
    bucket_of,
)


SECONDS = st.floats(min_value=1e-9, max_value=1e6)
ANY = st.floats(min_value=ZERO_THRESHOLD, max_value=1.7e308, exclude_min=True)


def upper(index: int, schema: int) -> float:
    """Return the largest value of a bucket."""
    return float(2.0 ** (index * 2.0**-schema))


def filled(values: list[float]) -> NativeBuckets:
    """Return buckets that have seen these values."""
    buckets = NativeBuckets()
    for value in values:
        buckets.observe(value)
    return buckets


def told(buckets: NativeBuckets) -> dict[int, int]:
    """Return the counts that a reader makes of spans and deltas, without empty ones."""
    counts = accumulate(buckets.deltas())
    index, found = 0, {}
    for span in buckets.spans():
        index += span.offset
        for _ in range(span.length):
            if count := next(counts):
                found[index] = count
            index += 1
    assert next(counts, None) is None
    return found


@given(value=ANY, schema=st.integers(COARSEST, SCHEMA))
@example(value=1.0, schema=SCHEMA)
@example(value=2.0, schema=-2)
def test_a_value_is_in_the_bucket_whose_bounds_are_around_it(
    value: float, schema: int
) -> None:
    """The upper bound belongs to it; a hair's breadth is rounding."""
    index = bucket_of(value, schema)
    below, above = (math.log2(value) * 2.0**schema - at for at in (index - 1, index))

    assert below > -1e-9
    assert above < 1e-9


@pytest.mark.parametrize(
    ("value", "index"),
    [
        pytest.param(1.0, 0, id="one"),
        pytest.param(1.0000001, 1, id="above-one"),
        pytest.param(2.0, 8, id="two"),
        pytest.param(0.5, -8, id="half"),
        pytest.param(2.0 ** (1 / 8), 1, id="first-bound"),
        pytest.param(0.25, -16, id="quarter"),
        pytest.param(0.3, -13, id="between"),
    ],
)
def test_buckets_are_eighths_of_powers_of_two(value: float, index: int) -> None:
    """As Prometheus numbers them."""
    assert bucket_of(value, SCHEMA) == index


@given(values=st.lists(SECONDS, max_size=300))
def test_what_is_told_is_what_was_counted(values: list[float]) -> None:
    """Every value once, whatever gaps there are."""
    buckets = filled(values)

    assert told(buckets) == buckets.counts
    assert sum(buckets.counts.values()) == len(values)
    assert all(span.offset > 2 for span in buckets.spans()[1:])


@given(values=st.lists(ANY, min_size=1, max_size=400))
def test_there_are_never_more_buckets_than_the_limit(values: list[float]) -> None:
    """However far apart values are: each is in a bucket of the resolution left."""
    buckets = filled(values)
    reference = {bucket_of(value, buckets.schema) for value in values}

    assert len(buckets.counts) <= MOST_BUCKETS
    assert set(buckets.counts) == reference
    assert sum(buckets.counts.values()) == len(values)


def test_resolution_is_given_up_only_for_too_many_buckets() -> None:
    """One more than the limit halves it, and no earlier."""
    bounds = [upper(index, SCHEMA) for index in range(MOST_BUCKETS + 1)]

    assert filled(bounds[:-1]).schema == SCHEMA
    assert filled(bounds).schema == SCHEMA - 1
    assert len(filled(bounds).counts) == MOST_BUCKETS // 2 + 1


@pytest.mark.parametrize("value", [0.0, -0.0, ZERO_THRESHOLD, 5e-324, -1.0])
def test_what_is_no_time_counts_as_zero(value: float) -> None:
    """So that no value is lost."""
    buckets = filled([value, 1.0])

    assert buckets.zero_count == 1
    assert buckets.counts == {0: 1}


def test_buckets_without_a_value_tell_nothing() -> None:
    """Neither spans nor counts."""
    assert NativeBuckets().spans() == []
    assert [*NativeBuckets().deltas()] == []
