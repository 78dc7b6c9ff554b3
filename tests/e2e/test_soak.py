"""Many targets with changing faults: nothing adds up, is left over or contradicts."""

from pathlib import Path

import pytest

from tests.e2e.soak import soak


SECONDS = 12.0
"""`make soak` takes two hours for the same."""

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def test_a_short_life_leaves_nothing_behind(tmp_path: Path) -> None:
    """No task, socket or thread; and each slot of each series is accounted for."""
    soaked = soak(tmp_path, SECONDS)

    soaked.assert_sound()
    slots = [each["slots"] for each in soaked.censuses if each["what"] == "census"]
    assert slots[-1] > slots[0]
