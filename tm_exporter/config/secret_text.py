"""Getting a secret out of the bytes of a file."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from tm_exporter.config.text import sendable
from tm_exporter.credentials import SecretUnavailable


def fingerprint(secret: SecretStr) -> str:
    """Return what tells two secrets apart: `sha256:1a2b3c4d (40 characters)`."""
    text = secret.get_secret_value()
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"sha256:{digest[:8]} ({len(text)} characters)"


def checked(text: str, what: str) -> SecretStr:
    """
    Return a secret without the whitespace around it.

    Args:
        text: As it was read.
        what: What it was read from, for the message.

    Raises:
        SecretUnavailable: Empty, or nothing that a header can carry.
    """
    stripped = text.strip()
    if not stripped:
        raise SecretUnavailable(f"{what} is empty")
    if not sendable(stripped):
        raise SecretUnavailable(f"{what} has a character that no header can carry")
    return SecretStr(stripped)


def decoded(data: bytes, what: str) -> str:
    """
    Return bytes as text.

    Raises:
        SecretUnavailable: They are not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SecretUnavailable(f"{what} is not a text in UTF-8") from None


def picked(text: str, key: str, what: str, *, toml: bool = False) -> str:
    """
    Return one value of a JSON or TOML document.

    Args:
        text: The document.
        key: Dotted from the top; several are separated by `|`, and the first
            that is there counts.
        what: What the document was read from, for the message.
        toml: Whether it is TOML.

    Raises:
        SecretUnavailable: No such document, no such key, or no text there.
    """
    language, parse = ("TOML", tomllib.loads) if toml else ("JSON", json.loads)
    try:
        document = parse(text)
    except (ValueError, RecursionError):
        raise SecretUnavailable(f"{what} is not {language}") from None
    for alternative in key.split("|"):
        value = _descend(document, alternative.strip())
        if isinstance(value, str):
            return value
        if value is not None:
            raise SecretUnavailable(f"{what} has no text at {alternative.strip()}")
    raise SecretUnavailable(f"{what} has nothing at {key}")


def _descend(document: Any, dotted: str) -> Any:
    """Return the value at a dotted key, None if there is none."""
    if isinstance(document, Mapping) and dotted in document:
        return document[dotted]
    for part in dotted.split("."):
        document = document.get(part) if isinstance(document, Mapping) else None
    return document
