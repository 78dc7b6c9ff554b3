"""What arrives takes as much memory as it has bytes, also while it is read."""

import socket
import threading
import time
import tracemalloc

import pytest

from tm_exporter.clients.buffer import LARGEST, buffer
from tm_exporter.clients.stamps import Stamps


@pytest.mark.parametrize("kernel", [False, True], ids=["own", "kernel"])
def test_a_short_piece_needs_no_room_for_a_long_one(*, kernel: bool) -> None:
    """Of thousands of pieces, what was cut off would lie between all that stays."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        reading = Stamps(kernel=kernel).reading(ours, time.monotonic)
        theirs.sendall(b"first")
        reading.read(LARGEST)
        theirs.sendall(b"second")
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            _, data = reading.read(LARGEST)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert data == b"second"
    assert most - before < 1000


def test_each_thread_has_room_of_its_own() -> None:
    """What one reads is not what another one wrote."""
    rooms: list[memoryview] = []
    for _ in range(2):
        thread = threading.Thread(target=lambda: rooms.append(buffer()))
        thread.start()
        thread.join()
    rooms[0][:1], rooms[1][:1] = b"a", b"b"

    assert bytes(rooms[0][:1]) == b"a"
    assert len(buffer()) == LARGEST
