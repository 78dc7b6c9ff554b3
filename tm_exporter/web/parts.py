"""Small parts that the sections of the page share."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from tm_exporter.logs.printable import printable
from tm_exporter.views.status import State
from tm_exporter.web.html import Child, Html, join, tag
from tm_exporter.web.words import ago, exact


LONGEST_NAME = 120
LONGEST_TEXT = 400

_SIGNS: Mapping[State, str] = {"ok": "✓", "failing": "✕", "unknown": "?"}


def moment(when: datetime | None, now: datetime) -> Html | None:
    """Return a time in human words, which tells the exact one where it is asked."""
    if when is None:
        return None
    return tag("time", ago(when, now), datetime=when.isoformat(), title=exact(when))


def badge(state: State) -> Html:
    """Return a state as a word, with a sign that can be told without its colour."""
    sign = tag("span", _SIGNS[state], aria_hidden="true")
    return tag("span", sign, " ", state, class_=f"state {state}")


def name(text: str) -> Html:
    """Return a name that others chose, kept from turning around what stands by it."""
    return tag("bdi", printable(text, LONGEST_NAME))


def text(words: str) -> Html:
    """Return a text that others may have written, of a length that can be read."""
    return tag("bdi", printable(words, LONGEST_TEXT))


def evidence(probe_id: str | None, what: str) -> Html | None:
    """Return a link to a run's transcript, and a button that copies it."""
    if probe_id is None:
        return None
    path, what = f"/api/v1/evidence/{probe_id}", printable(what, LONGEST_NAME)
    link = tag(
        "a", "Transcript", href=f"{path}?format=text", aria_label=f"Transcript: {what}"
    )
    button = tag(
        "button",
        "Copy evidence",
        type="button",
        class_="script-only copy",
        data_evidence=f"{path}?format=text",
        aria_label=f"Copy evidence: {what}",
    )
    return tag("span", link, " ", button, class_="evidence")


def section(title: str, *children: Child, id_: str) -> Html:
    """Return a part of the page under a heading."""
    heading = tag("h2", title, id=f"{id_}-title")
    return tag("section", heading, *children, id=id_, aria_labelledby=f"{id_}-title")


def table(caption: str, columns: Iterable[str], bodies: Iterable[Html]) -> Html:
    """
    Return a table, whose roles are told, since a narrow screen shows it as blocks.

    Args:
        caption: For those who hear it.
        columns: Their headings.
        bodies: Elements of `body`.
    """
    heads = (tag("th", column, scope="col", role="columnheader") for column in columns)
    head = tag("thead", tag("tr", *heads, role="row"), role="rowgroup")
    caption_ = tag("caption", caption, class_="unseen")
    inner = tag("table", caption_, head, *bodies, role="table")
    return tag("div", inner, class_="table")


def body(rows: Iterable[Html]) -> Html:
    """Return rows that belong together."""
    return tag("tbody", *rows, role="rowgroup")


def row(cells: Iterable[tuple[str, Child]], class_: str | None = None) -> Html:
    """Return a row of cells, each with its column's heading; the first one names it."""
    (label, first), *others = cells
    head = tag("th", first, scope="row", role="rowheader", data_label=label)
    rest = (_cell(label, child) for label, child in others)
    return tag("tr", head, *rest, role="row", class_=class_)


def _cell(label: str, child: Child) -> Html:
    empty = None if child else "empty"
    return tag("td", child, role="cell", data_label=label, class_=empty)


def paragraphs(children: Iterable[Child]) -> Html:
    """Return a paragraph for each child that is not empty."""
    return join(tag("p", child) for child in children if child)
