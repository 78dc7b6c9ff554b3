"""Prompts of a length that nobody has seen before."""

from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.probes.prompts import NONCE_LETTERS, filler, nonce
from tm_exporter.simulator import tokenizer


@given(st.integers(1, 3000))
def test_a_filler_has_the_length_that_is_asked_for(tokens: int) -> None:
    """Never fewer tokens, and never more bytes than twice as many."""
    text = filler(tokens, nonce())

    assert len(text.split(" ")) == tokens
    assert len(text.encode()) == 2 * tokens - 1
    assert len(tokenizer.encode(text)) == tokens


def test_a_filler_begins_with_its_nonce() -> None:
    """So that nothing of it was sent before."""
    first, second = nonce(), nonce()

    assert first != second
    assert filler(2 * NONCE_LETTERS, first).replace(" ", "").startswith(first)
