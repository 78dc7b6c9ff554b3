"""Texts of others, made fit to be shown."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.logs.printable import columns, cut, encodable, pad, printable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "\\u001b[31mred\\u001b[0m"),
        ("a\rb\nc", "a\\u000db\\u000ac"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
        ("é 模型 🎉 👩\u200d💻 אב", "é 模型 🎉 👩\u200d💻 אב"),
    ],
    ids=["plain", "colours", "line ends", "turned", "half", "many scripts"],
)
def test_what_steers_is_escaped(text: str, expected: str) -> None:
    """All else stays as it is."""
    assert printable(text) == expected


def test_a_long_text_says_how_long_it_was() -> None:
    """So that nobody takes the part for the whole."""
    assert printable("x" * 10_000, 5) == "xxxxx… (10,000 characters)"
    assert printable("xxxxx", 5) == "xxxxx"


@given(st.text())
def test_what_is_printable_can_be_printed(text: str) -> None:
    """Nothing in it is a control character, and it can be encoded."""
    shown = printable(text)

    shown.encode()
    assert not any(unicodedata.category(each) in {"Cc", "Cs"} for each in shown)
    assert not any(each in shown for each in "\u202a\u202b\u202d\u202e\u2066\u2067")


@given(st.text())
def test_json_stays_json(text: str) -> None:
    """A program reads the same from what was made fit for a terminal."""
    document = json.dumps(encodable(text), ensure_ascii=False)

    assert json.loads(printable(document)) == encodable(text)


@given(st.text(), st.integers(min_value=1, max_value=20))
def test_what_is_cut_or_padded_has_its_width(text: str, width: int) -> None:
    """A table's columns stay straight."""
    shown = cut(printable(text), width)

    assert columns(shown) <= width
    assert columns(pad(shown, width)) == width


def test_wide_characters_take_two_columns() -> None:
    """And accents none."""
    assert columns("模型") == 4
    assert columns("e\u0301") == 1
    assert cut("模型模型", 6) == "模型…"


@given(st.text())
def test_any_text_can_be_encoded(text: str) -> None:
    """Half a character becomes a question mark, all else stays."""
    shown = encodable(text)

    assert shown.encode().decode() == shown
    assert len(shown) == len(text)
