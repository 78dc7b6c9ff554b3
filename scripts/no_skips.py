"""Fail if a test was skipped or was expected to fail: in CI every test runs."""  # noqa: INP001  # a script, not a module

import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def unrun(report: Path) -> list[str]:
    """Return the names of the tests which a JUnit report calls skipped."""
    cases = ET.parse(report).getroot().iter("testcase")  # noqa: S314  # our own file
    return [
        f"{case.get('classname')}::{case.get('name')}"
        for case in cases
        if case.find("skipped") is not None
    ]


def main() -> int:
    """Judge the reports named on the command line; 1 if a test did not run."""
    names = [name for path in sys.argv[1:] for name in unrun(Path(path))]
    for name in names:
        sys.stderr.write(f"not run: {name}\n")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
