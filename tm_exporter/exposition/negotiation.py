"""
Choose the form of a page that its reader likes best.

Source: RFC 9110, section 12.5.1. Prometheus names each form that it reads with a
weight; curl and browsers take anything, and get plain text.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tm_exporter.exposition.form import Form
from tm_exporter.exposition.openmetrics import OpenMetrics
from tm_exporter.exposition.protobuf import Protobuf
from tm_exporter.exposition.text import Text


TEXT = Text()
FORMS: tuple[Form, ...] = (Protobuf(), OpenMetrics(), TEXT)
"""The first one wins where the reader likes two as much."""


class _Entry(NamedTuple):
    """What one entry of the header names, and how much it is liked."""

    media: str
    parameters: dict[str, str]
    weight: float


def chosen(accept: str) -> Form:
    """
    Return the form that the reader likes best.

    Args:
        accept: The header of that name, empty where it is missing. A wildcard is a
            wish for plain text alone: who can read another form says so.
    """
    entries = [*_entries(accept)]
    weights = {form: _weight(form, entries) for form in FORMS}
    best = max(FORMS, key=weights.__getitem__)
    return best if weights[best] else TEXT


def _entries(accept: str) -> Iterator[_Entry]:
    for entry in accept.split(","):
        media, *rest = (part.strip() for part in entry.split(";"))
        pairs = (part.partition("=")[::2] for part in rest)
        parameters = {name.lower(): value.strip('"') for name, value in pairs}
        weight = _number(parameters.pop("q", "1"))
        yield _Entry(media.lower(), parameters, weight)


def _weight(form: Form, entries: list[_Entry]) -> float:
    """Return how much a form is liked, by the entry that says most about it."""
    names = {form.media: 2, **({"text/*": 1, "*/*": 0} if form is TEXT else {})}
    said = [
        (names[each.media], len(form.parameters.keys() & each.parameters), each.weight)
        for each in entries
        if each.media in names and _fits(form, each.parameters)
    ]
    return max(said)[-1] if said else 0.0


def _fits(form: Form, named: dict[str, str]) -> bool:
    """Whether nothing that is named says that another form is meant."""
    return all(named.get(name, own) == own for name, own in form.parameters.items())


def _number(text: str) -> float:
    """Return a weight, 0 if it is none."""
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
