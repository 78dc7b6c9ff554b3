"""The short form of fuzzing: each kept input, and some that are made of them."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.mutation import mutated, scrambled
from tests.fuzz.targets import SEEDS, TARGETS, seeds, timed


every_target = pytest.mark.parametrize("name", TARGETS)


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        pytest.param(name, seed, id=f"{name}-{seed.stem}")
        for name in TARGETS
        for seed in seeds(name)
    ],
)
def test_what_was_once_found_stays_fixed(name: str, seed: Path) -> None:
    """What is kept was a crash once, or reaches far into the reader."""
    timed(TARGETS[name])(seed.read_bytes())


@every_target
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_what_is_made_of_the_kept_inputs_is_no_crash(
    name: str, data: st.DataObject
) -> None:
    """One value is another, or some bytes are."""
    seed = data.draw(st.sampled_from(seeds(name)))
    random = Random(data.draw(st.integers(0, 2**32)))  # noqa: S311
    change = data.draw(st.sampled_from((mutated, scrambled)))

    timed(TARGETS[name])(change(seed.read_bytes(), random))


@every_target
@given(content=st.binary(max_size=60))
@settings(max_examples=30, deadline=None)
def test_any_bytes_are_no_crash(name: str, content: bytes) -> None:
    """They need not be made of anything."""
    timed(TARGETS[name])(content)


def test_every_folder_of_seeds_has_its_target() -> None:
    """What nothing reads would be kept for nothing."""
    assert {each.name for each in SEEDS.iterdir()} == set(TARGETS)
