"""Show texts of others as they are, where they could steer a terminal or a reader."""

import re
import unicodedata


_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters: colours, titles, carriage returns
    "\u2028\u2029"  # ends of lines to some
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that turn text around
    "\u200b\ufeff"  # characters without a width
    "\ud800-\udfff]"  # halves of characters, which nothing can encode
)
_CUT = "\u2026"


def printable(text: str, limit: int | None = None) -> str:
    r"""
    Return the text with an escape such as `\u001b` for each character that steers.

    It is JSON's, so that what was JSON still is, and says the same.

    Args:
        text: Of any origin.
        limit: Characters after which it is cut, and says how long it was.
    """
    if limit is not None and len(text) > limit:
        return f"{printable(text[:limit])}{_CUT} ({len(text):,} characters)"
    return _UNSAFE.sub(_escape, text)


def encodable(text: str) -> str:
    """Return the text without halves of characters, such as odd file names have."""
    return text.encode("utf-8", "replace").decode()


def columns(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    return sum(map(_columns, text))


def cut(text: str, width: int) -> str:
    """Return the text, cut so that it takes at most so many columns."""
    if columns(text) <= width:
        return text
    kept, taken = [], 1
    for character in text:
        taken += _columns(character)
        if taken > width:
            break
        kept.append(character)
    return "".join(kept) + _CUT


def pad(text: str, width: int) -> str:
    """Return the text with spaces behind it, so that it takes so many columns."""
    return text + " " * (width - columns(text))


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
