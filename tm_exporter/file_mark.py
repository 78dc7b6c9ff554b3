"""What tells two states of a file apart, so that it is read again when it changed."""

import os


Mark = tuple[int, ...]


def mark_of(state: os.stat_result) -> Mark:
    """
    Return what differs between two states of a file, rights to read it included.

    The time of the last change of the inode is in it, which nobody can set back.
    """
    times = state.st_mtime_ns, state.st_ctime_ns
    return (*times, state.st_size, state.st_ino, state.st_dev)
