"""Fail if a generated page differs from what would be generated now."""  # noqa: INP001  # a script, not a module

import sys
from pathlib import Path

from tm_exporter.docgen.pages import PAGES


def main() -> int:
    """Compare every page with its file; 1 if one is old or missing."""
    old = [
        path
        for path, page in PAGES.items()
        if not Path(path).is_file() or Path(path).read_text("utf-8") != page()
    ]
    for path in old:
        sys.stderr.write(f"{path} is not current: run make docs\n")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
