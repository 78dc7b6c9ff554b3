"""
Write the dashboards, and the copies of the chart, or check that those are current.

usage: python -m grafana.source [--check]
"""

import sys
from pathlib import Path

from grafana.source.dashboards import files


ROOT = Path(__file__).parents[2]
FOLDERS = ("grafana/dashboards", "deploy/helm/tm-exporter/files/dashboards")
"""A chart can only have files that are within it."""


def main(arguments: list[str]) -> int:
    """Do what the arguments ask; 1 if a file is not current."""
    made = files()
    wanted = {ROOT / folder / name: made[name] for folder in FOLDERS for name in made}
    old = [path for path, text in wanted.items() if _committed(path) != text]
    if "--check" in arguments:
        wrong = [*old, *sorted(_there() - wanted.keys())]
        for path in wrong:
            sys.stderr.write(f"{path.relative_to(ROOT)} is not current: make docs\n")
        return 1 if wrong else 0
    for path in old:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
    return 0


def _committed(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None


def _there() -> set[Path]:
    """Return all files that lie where only ours should."""
    return {path for folder in FOLDERS for path in (ROOT / folder).glob("*.json")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
