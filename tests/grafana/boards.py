"""The committed dashboards, taken apart."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "grafana/dashboards"
FILES = tuple(sorted(path.name for path in FOLDER.glob("*.json")))

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """
    What a panel, or an annotation, asks.

    Attributes:
        board: Name of the file.
        panel: Title of the panel, or name of the annotation.
        expr: PromQL, with Grafana's variables in it.
        instant: Whether only the end of the time shown is asked for.
    """

    board: str
    panel: str
    expr: str
    instant: bool

    def __str__(self) -> str:
        return f"{self.board}: {self.panel}: {self.expr}"


def load(name: str) -> Json:
    """Return a dashboard by the name of its file."""
    board: Json = json.loads((FOLDER / name).read_text("utf-8"))
    return board


def panels(board: Json) -> list[Json]:
    """Return the panels of a dashboard, rows left out."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def variables(board: Json) -> dict[str, Json]:
    """Return the variables of a dashboard by name."""
    return {each["name"]: each for each in board["templating"]["list"]}


def panel_queries() -> list[Query]:
    """Return the queries of all panels of all dashboards."""
    return [
        Query(name, panel["title"], target["expr"], target["instant"])
        for name in FILES
        for panel in panels(load(name))
        for target in panel["targets"]
    ]


def annotation_queries() -> list[Query]:
    """Return the queries of all annotations of all dashboards."""
    return [
        Query(name, each["name"], each["expr"], instant=False)
        for name in FILES
        for each in load(name)["annotations"]["list"]
    ]


def metrics(expr: str) -> set[str]:
    """Return the names of what an expression selects."""
    return set(re.findall(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?=\{)", expr))


def selectors(expr: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the matchers of each selector in an expression."""
    yield from re.findall(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}", expr)
