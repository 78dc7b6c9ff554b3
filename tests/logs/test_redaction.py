"""What is masked of secrets that are known, and that nothing else is."""

import base64
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.e2e.markers import forms, leaks
from tm_exporter.logs.redaction import MASK, Redactor


KEY = 'ak-0123/4567+89"abc\\def'
LETTERS = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=16)


def knowing(*secrets: str) -> Redactor:
    """Return a redactor that was told of secrets."""
    redactor = Redactor()
    for secret in secrets:
        redactor.register(secret)
    return redactor


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(KEY, id="as-it-is"),
        pytest.param(quote(KEY, safe=""), id="url"),
        pytest.param('ak-0123/4567+89\\"abc\\\\def', id="json"),
        pytest.param('ak-0123\\/4567+89\\"abc\\\\def', id="json-of-php"),
        pytest.param(base64.b64encode(KEY.encode()).decode(), id="base64"),
        pytest.param(base64.b64encode(f"user:{KEY}".encode()).decode(), id="basic"),
    ],
)
def test_a_secret_is_masked_as_others_quote_it(said: str) -> None:
    """In the middle of a sentence."""
    masked = knowing(KEY).text(f"not {said} again")

    assert leaks({"key": KEY}, {"text": masked}) == []
    assert masked.startswith("not ")
    assert masked.endswith(" again")


@pytest.mark.parametrize("length", range(12, len(KEY)))
def test_a_secret_that_was_cut_is_masked(length: int) -> None:
    """Wherever a limit fell, on either side."""
    redactor = knowing(KEY)

    assert redactor.text(f"not {KEY[:length]}") == f"not {MASK}"
    assert redactor.text(f"{KEY[-length:]} again") == f"{MASK} again"


def test_a_secret_in_lower_case_is_masked() -> None:
    """As the names of headers, media types and codings are read."""
    key = "ak-AbCdEfGhIjKl"

    assert knowing(key).text(f"text/{key.lower()} is not") == f"text/{MASK} is not"


@given(secret=LETTERS, before=st.text(), after=st.text())
def test_no_form_is_left_in_any_text(secret: str, before: str, after: str) -> None:
    """Whatever stands around it."""
    for form, said in forms(secret):
        if "hex" in form or "half" in form:
            continue
        assert said not in knowing(secret).text(f"{before}{said}{after}")


@pytest.mark.parametrize("secret", [f"{MASK}{'x' * 8}", f"{'x' * 8}{MASK}"])
def test_a_secret_like_the_mask_ends(secret: str) -> None:
    """What is put in its place is not searched again."""
    assert secret not in knowing(secret * 2).text(f"{secret * 2} {secret * 2}")


@pytest.mark.parametrize("word", ["serverless", "tensormesh_", "on_demand"])
def test_a_word_that_a_key_begins_with_is_not_masked(word: str) -> None:
    """As keys of test systems do."""
    assert knowing(f"{word}-key-1").text(f"a {word} target") == f"a {word} target"


@given(text=st.text(st.characters(exclude_characters=KEY)))
def test_what_has_no_secret_is_left_as_it_is(text: str) -> None:
    """Every text there is."""
    assert knowing(KEY).text(text) == text


def test_a_word_that_is_no_secret_is_not_masked() -> None:
    """Too short ones are not known."""
    assert knowing("abc").text("abcabcabc") == "abcabcabc"


@dataclass(frozen=True)
class Said:
    """Data of several shapes."""

    name: str
    more: tuple[object, ...]
    count: float = 1.0


def test_data_is_masked_in_its_shape() -> None:
    """However deep a text is."""
    said = Said(KEY, ({"a": [KEY, None]}, frozenset({KEY}), Said("b", ())), 2.0)

    assert knowing(KEY).within(said) == Said(
        MASK, ({"a": [MASK, None]}, frozenset({MASK}), Said("b", ())), 2.0
    )


def test_the_oldest_of_too_many_is_forgotten() -> None:
    """So that rotation takes no more and more memory; the newest are known."""
    redactor = Redactor(limit=2)
    first, second, third = ("a" * 20, "b" * 20, "c" * 20)
    for secret in (first, second, third):
        redactor.register(secret)

    assert redactor.text(f"{first} {second} {third}") == f"{first} {MASK} {MASK}"


def test_data_without_a_secret_is_the_same_object() -> None:
    """So that it costs next to nothing, run by run."""
    said = Said("a", ("b", {"token": "c"}))

    assert knowing(KEY).within(said) is said
