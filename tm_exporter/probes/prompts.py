"""
Prompts of a wanted length, which no cache has seen before.

Single letters after a space are one token each for every tokenizer in use, and two
bytes, so that both the usual and the greatest number of tokens are known.
"""

import secrets
from itertools import chain, cycle, islice
from string import ascii_lowercase


NONCE_LETTERS = 16
"""Letters of a nonce: 75 bits, within the first block of the finest KV cache."""


def nonce() -> str:
    """Return letters that no prompt began with before, as `filler` takes them."""
    return "".join(secrets.choice(ascii_lowercase) for _ in range(NONCE_LETTERS))


def filler(tokens: int, nonce: str) -> str:
    """
    Return a text of about so many tokens: letters with a space between them.

    No tokenizer makes fewer of it, since none joins words; none makes more than
    twice as many, since each letter comes to two bytes.

    Args:
        tokens: At least 1.
        nonce: Letters which it begins with, as far as there is room for them.
    """
    letters = chain(nonce, cycle(ascii_lowercase))
    return " ".join(islice(letters, tokens))
