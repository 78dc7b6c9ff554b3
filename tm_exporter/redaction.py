"""Keep secrets out of what is written."""

import re
from collections import deque
from collections.abc import Mapping
from typing import Any


MASK = "<secret>"
SHORTEST = 6  # masking every `a` would make lines unreadable and hide nothing

_NAME = re.compile(
    r"(?:.*[_-])?(?:authorization|api[_-]?key|token|password|passwd|secret|cookie)"
)
_BEARER = re.compile(r"(bearer\s+)[^\s\"',<]+", re.IGNORECASE)


class Redactor:
    """
    Masks values by the name of their key, and known secrets wherever they are.

    The last `limit` secrets are known, so that a rotated one stays masked.
    """

    def __init__(self, limit: int = 200) -> None:
        self._secrets: deque[str] = deque(maxlen=limit)
        self._longest_first: tuple[str, ...] = ()

    def register(self, secret: str) -> None:
        """Mask this text from now on, unless it is too short to be a secret."""
        if len(secret) >= SHORTEST and secret not in self._secrets:
            self._secrets.append(secret)
            by_length = sorted(self._secrets, key=len, reverse=True)
            self._longest_first = tuple(by_length)  # one may begin with another

    def masked(self, value: Any, name: str = "") -> Any:
        """Return the value, of any shape, without a secret in it."""
        if value and _NAME.fullmatch(name.lower()):
            return MASK
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {str(key): self.masked(value[key], str(key)) for key in value}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.masked(each) for each in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.text(str(value))

    def text(self, text: str) -> str:
        """Return the text without a secret in it."""
        for secret in self._longest_first:
            text = text.replace(secret, MASK)
        return _BEARER.sub(rf"\1{MASK}", text)
