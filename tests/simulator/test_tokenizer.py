"""The tokenizer is reversible, and its tokens are never more than the bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.simulator import tokenizer


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS)
def test_every_text_comes_back(text: str) -> None:
    """Tokenize and detokenize are a probe's round trip, so it must be exact."""
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(TEXTS)
def test_pieces_make_up_the_text(text: str) -> None:
    """A stream that is put together again is the whole answer."""
    tokens = tokenizer.encode(text)

    pieces = tokenizer.split(tokens)

    assert ("".join(pieces), len(pieces)) == (text, len(tokens))


@given(TEXTS)
def test_there_are_no_more_tokens_than_bytes(text: str) -> None:
    """That is the bound by which a canary's worst case is reserved."""
    assert len(tokenizer.encode(text)) <= len(text.encode())


@given(st.lists(st.integers(0, tokenizer.VOCABULARY_SIZE - 1)))
def test_any_ids_have_a_text(tokens: list[int]) -> None:
    """Ids that no text has still decode, with a mark where they are no UTF-8."""
    assert isinstance(tokenizer.decode(tokens), str)


def test_a_prefix_has_the_same_first_tokens() -> None:
    """Otherwise the cache could not recognise a repeated beginning."""
    short = tokenizer.encode("The same beginning, and then")

    longer = tokenizer.encode("The same beginning, and then something else")

    assert longer[: len(short)] == short


@pytest.mark.parametrize("token", [-1, tokenizer.VOCABULARY_SIZE])
def test_an_id_outside_the_vocabulary_is_refused(token: int) -> None:
    """There is nothing it could mean."""
    with pytest.raises(ValueError, match="vocabulary"):
        tokenizer.decode([token])


def test_half_a_character_at_the_end_is_marked() -> None:
    """An answer that is cut within a character shows it, as real ones do."""
    tokens = tokenizer.encode("ab€")[:1]

    assert tokenizer.split(tokens) == ["ab\N{REPLACEMENT CHARACTER}"]
