"""How many files and sockets this process may have open, and how many it needs."""

import resource
from typing import Final

from tm_exporter.schedule import places


RESERVED: Final = 200
"""Descriptors for all but probes: the pages' clients, ledger, log, files of secrets."""


def limit() -> int:
    """Return how many may be open; a number that nobody reaches where none is set."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**31 - 1 if soft == resource.RLIM_INFINITY else soft


def runs_at_a_time(targets: int, descriptors: int) -> int:
    """Return how many runs may be under way: each of them has a socket open."""
    wanted = max(places.IN_ALL, places.SURE * targets)
    return max(1, min(wanted, descriptors - RESERVED))


def shortage(targets: int, probes: int, descriptors: int) -> str:
    """
    Return what to do about too few descriptors; empty if there are enough.

    Args:
        targets: How many are configured.
        probes: How many may run at a time, if all of them hang.
        descriptors: How many may be open.
    """
    wanted = min(probes, max(places.IN_ALL, places.SURE * targets)) + RESERVED
    if descriptors >= wanted:
        return ""
    return (
        f"only {descriptors} files may be open at a time (`ulimit -n`, or LimitNOFILE= "
        f"of systemd), and {probes} probes want up to {wanted}: fewer run at a time, "
        "and slots may be missed while a service hangs"
    )
