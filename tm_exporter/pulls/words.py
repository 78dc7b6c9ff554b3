"""Words of the service that become labels: its enumerations, and how often each is."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tm_exporter.catalog import Family
from tm_exporter.observation import Sample
from tm_exporter.wire.payloads import ShapeError


def enum_text(value: Any, what: str, enumeration: str) -> str:
    """
    Return the text of an enumeration's value; its number as text where that came.

    Args:
        value: As it stands in the answer.
        what: Where.
        enumeration: Prefix of its names; the zero value, which protobuf leaves out,
            is its `..._UNSPECIFIED`.

    Raises:
        ShapeError: It is neither text nor a whole number.
    """
    if value is None or value == "":
        return f"{enumeration}_UNSPECIFIED"
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ShapeError(f"{what} is neither a text nor a number")
    return str(value)


def counted(family: Family, words: Iterable[str]) -> Iterator[Sample]:
    """Yield how often each word is there; the word is the only label."""
    for word, count in Counter(words).items():
        yield Sample(family, count, (word,))
