"""
Fuzz one target with atheris until a crash, or until its time is over.

usage: python -m tests.fuzz.one TARGET [libFuzzer's options and folders]
"""

import sys
from random import Random

import atheris


with atheris.instrument_imports(include=["tm_exporter"]):
    from tests.fuzz.targets import TARGETS, timed

from tests.fuzz.mutation import mutated


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Return a changed input: half of them are still documents."""
    if seed % 2:
        changed = bytes(atheris.Mutate(data, most))
    else:
        changed = mutated(data, Random(seed))  # noqa: S311 -- no secret comes of it
    return changed[:most]


def main(argv: list[str]) -> None:
    """Fuzz; never returns, as libFuzzer ends the process."""
    target = timed(TARGETS[argv[1]])
    atheris.Setup([argv[0], *argv[2:]], target, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
