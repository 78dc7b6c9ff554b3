"""Types of text which have a use beyond being text."""

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, SecretStr


NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"
"""What targets and probes may be called: each is part of a variable's name."""


def sendable(text: str) -> bool:
    """Whether a text can stand in a header: Latin-1 without control characters."""
    return text.isprintable() and all(ord(character) < 256 for character in text)


def _file_name(value: Any) -> Any:
    if isinstance(value, str) and (not value.strip() or "\0" in value):
        raise ValueError("must be the path of a file")
    return value


def _name(value: str) -> str:
    if not re.fullmatch(NAME, value):
        raise ValueError(
            "must begin with a letter or digit and have only lower-case letters, "
            "digits, `-` and `_`, 63 at the most"
        )
    return value


def _header_text(value: str) -> str:
    if not sendable(value):
        raise ValueError(
            "has a character that no header can carry, such as a line break"
        )
    return value


def _header_value(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value().strip()  # a block of YAML ends with a line break
    return SecretStr(_header_text(text))


FileName = Annotated[Path, BeforeValidator(_file_name)]
HeaderText = Annotated[str, AfterValidator(_header_text)]
HeaderValue = Annotated[SecretStr, AfterValidator(_header_value)]
Name = Annotated[str, AfterValidator(_name)]
