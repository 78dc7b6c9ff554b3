"""
Write the dashboards, or check that those committed are current.

usage: python -m grafana.source [--check]
"""

import sys
from pathlib import Path

from grafana.source.dashboards import files


FOLDER = Path(__file__).parents[1] / "dashboards"


def main(arguments: list[str]) -> int:
    """Do what the arguments ask; 1 if a file is not current."""
    old = [name for name, text in files().items() if _committed(name) != text]
    strangers = {path.name for path in FOLDER.glob("*.json")} - files().keys()
    if "--check" in arguments:
        for name in (*old, *sorted(strangers)):
            sys.stderr.write(f"grafana/dashboards/{name} is not current: make docs\n")
        return 1 if old or strangers else 0
    FOLDER.mkdir(exist_ok=True)
    for name in old:
        (FOLDER / name).write_text(files()[name], encoding="utf-8")
    return 0


def _committed(name: str) -> str | None:
    path = FOLDER / name
    return path.read_text("utf-8") if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
