"""
Measure, and write every figure of every round into one file.

usage: python -m benchmarks [SUITE...] [--rounds N] [--short] [--output FILE]
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import footprint, machine, probes, scrapes, starts, streams
from benchmarks.asker import BadAnswerError
from benchmarks.case import SHORT, WHOLE, Case, Figures, Length, ProgramError
from benchmarks.parts import PartMissingError, Parts, prepare


OUTPUT = machine.ROOT / "docs/performance-results.json"

MEASURES: tuple[Callable[[Parts, Length], Iterator[Case]], ...] = (
    probes.cases,
    streams.cases,
    scrapes.cases,
    starts.cases,
    footprint.cases,
)

SUITES = ("probes", "streams", "scrapes", "starts", "memory", "start")

FAULTS = (ProgramError, PartMissingError, BadAnswerError, OSError)
"""What may become of a measurement; a timeout is an OSError."""

Values = dict[str, dict[str, dict[str, list[float]]]]


def main(words: list[str] | None = None) -> int:
    """Measure what is asked for."""
    options = _options(words)
    length = SHORT if options.short else WHOLE
    machine.stay_beside()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        parts = prepare(Path(folder))
        cases = [case for each in MEASURES for case in each(parts, length)]
        if options.short:
            cases = list({case.suite: case for case in cases}.values())
        chosen = [case for case in cases if case.suite in (options.suites or SUITES)]
        with ExitStack() as stack:
            if not options.short:
                stack.enter_context(machine.preferred())
                stack.enter_context(machine.kept_awake(parts.machine))
            stolen = stack.enter_context(machine.stolen())
            values, noise = _rounds(chosen, options.rounds, parts, length)
    results = {
        "when": datetime.now(UTC).isoformat(timespec="minutes"),
        "took seconds": round(time.monotonic() - begun),
        "machine": machine.facts(),
        "stolen %": stolen["stolen %"],
        "noise": noise,
        "values": values,
    }
    text = json.dumps(_short(results), indent=1, ensure_ascii=False)
    options.output.write_text(f"{text}\n")
    _say(f"written to {options.output} after {results['took seconds']} s")
    return 0 if all(all(suite.values()) for suite in values.values()) else 1


def _options(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(SUITES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--short", action="store_true", help="one case of each, briefly"
    )
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(words)
    if unknown := set(options.suites) - set(SUITES):
        parser.error(f"no such suite: {', '.join(sorted(unknown))}")
    return options


def _rounds(
    cases: list[Case], rounds: int, parts: Parts, length: Length
) -> tuple[Values, dict[str, list[float]]]:
    """Measure every case once a round, and how quiet the machine is before each."""
    values: Values = {}
    noise: dict[str, list[float]] = {}
    for number in range(1, rounds + 1):
        for name, value in machine.noise(parts.machine, round(length.seconds)).items():
            noise.setdefault(name, []).append(value)
        for case in cases:
            if number > case.rounds:
                continue
            of_case = values.setdefault(case.suite, {}).setdefault(case.name, {})
            for name, value in _measured(case, f"round {number} of {rounds}").items():
                of_case.setdefault(name, []).append(value)
    return values, noise


def _measured(case: Case, when: str) -> Figures:
    """Measure a case; one that fails twice costs its own figures, and no others."""
    for _ in range(2):
        start = time.monotonic()
        try:
            figures = case.measure()
        except FAULTS as error:
            _say(f"{when}: {case.suite}, {case.name} FAILED: {error}")
        else:
            took = time.monotonic() - start
            _say(f"{when}: {case.suite}, {case.name} ({took:.0f} s)")
            return figures
    return {}


def _short(value: object) -> object:
    """Return figures with no more digits than mean something."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: _short(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_short(each) for each in value]
    return value


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
