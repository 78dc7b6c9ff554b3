"""Keep secrets out of what is written."""

import base64
import dataclasses
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, TypeVar
from urllib.parse import quote


MASK = "<secret>"
SHORTEST = 6  # masking every `a` would make lines unreadable and hide nothing
SHORTEST_PART = 12  # of a secret that was cut: less may be a word

T = TypeVar("T")

_NAME = re.compile(
    r"(?:.*[_-])?(?:authorization|api[_-]?key|token|password|passwd|secret|cookie)"
)
_BEARER = re.compile(r"(bearer\s+)[^\s\"',<]+", re.IGNORECASE)


class Redactor:
    """
    Masks values by the name of their key, and known secrets wherever they are.

    A secret is known whole and half, as it is and as others would quote it. The last
    `limit` secrets are known, so that a rotated one stays masked.

    To look a text through takes time by its length, however many secrets are known:
    what has not even the beginning of one is left alone at once.
    """

    def __init__(self, limit: int = 2000) -> None:
        self._limit = limit
        self._forms: dict[str, tuple[str, ...]] = {}  # of each secret, oldest first
        self._starts: Counter[str] = Counter()  # of all that is looked for

    def register(self, secret: str) -> None:
        """Mask this text from now on, unless it is too short to be a secret."""
        if len(secret) < SHORTEST or secret in self._forms:
            return
        if len(self._forms) >= self._limit:
            self._forget(next(iter(self._forms)))
        self._forms[secret] = _forms(secret)
        self._starts.update(_starts(self._forms[secret]))

    def _forget(self, secret: str) -> None:
        for start in _starts(self._forms.pop(secret)):
            self._starts[start] -= 1
            if not self._starts[start]:
                del self._starts[start]

    def within(self, value: T) -> T:
        """
        Return data of dataclasses, mappings and sequences without a known secret.

        What has none, which is all that a well-behaved service says, is returned
        as it is. Other than `masked`, it looks at no names of keys.
        """
        texts = "\0".join(_texts(value))
        if self._known(texts) == texts:
            return value
        masked: T = _mapped(value, self._known)
        return masked

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
        return _BEARER.sub(rf"\1{MASK}", self._known(text))

    def _known(self, text: str) -> str:
        """Return the text without a known secret, and without half of one."""
        if not self._may_have_one(text):
            return text
        whole = (form for forms in tuple(self._forms.values()) for form in forms)
        longest_first = sorted(
            whole, key=len, reverse=True
        )  # one may begin with another
        for form in longest_first:
            text = text.replace(form, MASK)
        for form in longest_first:
            text = _without_parts(text, form, longest_first)
        return text

    def _may_have_one(self, text: str) -> bool:
        """Whether something begins in it that a secret, or its half, begins with."""
        if len(text) > len(self._starts):
            return any(start in text for start in tuple(self._starts))
        ends = range(SHORTEST, len(text) + 1)
        return any(text[end - SHORTEST : end] in self._starts for end in ends)


def _forms(secret: str) -> tuple[str, ...]:
    """Return a secret as it is, and as URLs, JSON and headers would have it."""
    quoted = json.dumps(secret)[1:-1]
    found = [secret, quote(secret, safe=""), quoted, quoted.replace("/", "\\/")]
    found.append(secret.lower())  # so are names of headers and media types
    for shift in range(3):  # where it begins, of three bytes that become four
        raw = b"\0" * shift + secret.encode()
        text = base64.b64encode(raw).decode()
        found.append(text[shift and shift + 1 : len(raw) // 3 * 4])
    return tuple(form for form in dict.fromkeys(found) if len(form) >= SHORTEST)


def _starts(forms: tuple[str, ...]) -> Iterator[str]:
    """Yield how each form begins, and how its second half does."""
    for form in forms:
        yield form[:SHORTEST]
        yield form[-_half(form) :][:SHORTEST]


def _half(form: str) -> int:
    """Return how many characters of a secret tell that it is one."""
    return min(len(form), max(SHORTEST_PART, len(form) // 2))


def _without_parts(text: str, form: str, forms: Sequence[str]) -> str:
    """Mask what begins or ends like one form, as far as any form goes on so."""
    first, last = form[: _half(form)], form[-_half(form) :]
    at = text.find(first)
    while at >= 0:
        rest = text[at:]
        size = max(_common(rest, each) for each in forms)
        text = text[:at] + MASK + rest[size:]
        at = text.find(first, at + len(MASK))
    at = text.rfind(last)
    while at >= 0:
        rest, after = text[: at + len(last)][::-1], text[at + len(last) :]
        size = max(_common(rest, each[::-1]) for each in forms)
        text = rest[size:][::-1] + MASK + after
        at = text.rfind(last, 0, len(rest) - size)
    return text


def _common(one: str, other: str) -> int:
    """Return with how many same characters both begin."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a value, whatever its shape."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _texts(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _texts(key)
            yield from _texts(each)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _texts(each)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Return a value of the same shape, with every text in it changed."""
    if type(value) is str:  # and no enumeration
        return change(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        own = (each.name for each in dataclasses.fields(value) if each.init)
        new = {name: _mapped(getattr(value, name), change) for name in own}
        return dataclasses.replace(value, **new)
    if isinstance(value, Mapping):
        return {_mapped(k, change): _mapped(v, change) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(_mapped(each, change) for each in value)
    return value
