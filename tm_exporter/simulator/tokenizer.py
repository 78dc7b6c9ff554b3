"""
A tokenizer of our own: stateless, deterministic and exactly reversible.

A token is one to three bytes of UTF-8 that do not reach over the start of a word.
Its id is those bytes as a number, behind all ids of shorter tokens. English comes
to about 2.6 bytes a token, and no text has more tokens than bytes.
"""

import codecs
import re
from collections.abc import Iterable


_PIECE = re.compile(rb"\S{1,3}|\s\S{1,2}|\s")
_FIRST_IDS = {1: 0, 2: 2**8, 3: 2**8 + 2**16}
VOCABULARY_SIZE = 2**8 + 2**16 + 2**24


def encode(text: str) -> list[int]:
    """Return the ids of the tokens of a text."""
    return [
        _FIRST_IDS[len(piece)] + int.from_bytes(piece, "big")
        for piece in _PIECE.findall(text.encode())
    ]


def decode(tokens: Iterable[int]) -> str:
    """
    Return the text of tokens; what is no UTF-8 becomes U+FFFD.

    Raises:
        ValueError: An id is outside the vocabulary.
    """
    return b"".join(map(_bytes, tokens)).decode(errors="replace")


def split(tokens: Iterable[int]) -> list[str]:
    """
    Return what each token adds to the text, as a stream shows it.

    A token that ends within a character adds nothing; the next one adds it whole.
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    pieces = [decoder.decode(_bytes(token)) for token in tokens]
    if rest := decoder.decode(b"", final=True):
        pieces[-1] += rest
    return pieces


def _bytes(token: int) -> bytes:
    if not 0 <= token < VOCABULARY_SIZE:
        raise ValueError(f"{token} is not in the vocabulary")
    length = max(size for size, first in _FIRST_IDS.items() if first <= token)
    return (token - _FIRST_IDS[length]).to_bytes(length, "big")
