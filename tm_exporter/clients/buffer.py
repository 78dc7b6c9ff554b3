"""
Room for what is about to be read: once for each thread, and not anew for each piece.

A socket that is asked for bytes makes an object for as many as there may be, and cuts
it to those that came: some hundred of eight thousand, usually. What is cut off lies
between objects that stay, too small for the next one, so that memory grows for hours.
"""

import threading
from typing import Final


LARGEST: Final = 16 * 1024
"""Bytes that are read at a time at the most: those of one record of TLS."""


class _OfThread(threading.local):
    def __init__(self) -> None:
        self.room = memoryview(bytearray(LARGEST))


_OF_THREAD: Final = _OfThread()


def buffer(size: int = LARGEST) -> memoryview:
    """
    Return room for so many bytes, whose content holds until the next call.

    Args:
        size: `LARGEST` at the most.
    """
    return _OF_THREAD.room[:size]
