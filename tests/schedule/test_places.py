"""Places for runs, where giving up and a free place come in the same moment."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.schedule.places import Places


async def turn() -> None:
    """Let whoever can go on do so."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize("others", [0, 1])
async def test_who_gave_up_just_before_a_place_was_free_has_none(others: int) -> None:
    """It is for the next who waits, or for who comes later."""
    places = Places(of_target=1, in_all=10)
    await places.take("a")
    gone = asyncio.create_task(places.take("a"))
    next_ones = [asyncio.create_task(places.take("a")) for _ in range(others)]
    await turn()
    gone.cancel()
    places.leave("a")
    await turn()

    assert gone.cancelled()
    assert all(each.done() for each in next_ones)
    assert places.taken == others


@given(
    st.lists(
        st.tuples(st.sampled_from(("take", "leave", "cancel", "turn")), st.integers(0)),
        max_size=60,
    )
)
def test_however_they_come_and_go_nothing_is_lost(steps: list[tuple[str, int]]) -> None:
    """With none between them in which the loop turns, too."""

    async def play() -> None:
        places = Places(of_target=2, in_all=3, sure=1, kept_free=1)
        tasks: list[tuple[str, asyncio.Task[None]]] = []
        for step, number in steps:
            target = "ab"[number % 2]
            has = [t for t in tasks if t[1].done() and not t[1].cancelled()]
            waits = [t for t in tasks if not t[1].done()]
            if step == "take":
                tasks.append((target, asyncio.create_task(places.take(target))))
            elif step == "leave" and has:
                tasks.remove(left := has[number % len(has)])
                places.leave(left[0])
            elif step == "cancel" and waits:
                waits[number % len(waits)][1].cancel()
            elif step == "turn":
                await turn()
        await turn()
        held = [t for t in tasks if t[1].done() and not t[1].cancelled()]
        assert places.taken == len(held)
        for target, _ in held:
            places.leave(target)
        await turn()
        for _, task in tasks:
            task.cancel()
        await asyncio.gather(*(task for _, task in tasks), return_exceptions=True)

    asyncio.run(play())
