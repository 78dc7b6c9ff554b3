"""Secrets that are planted, and every form in which one could come out again."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus


PADDINGS = (64, 72, 80, 100, 120, 128, 200, 240, 250, 256, 500, 512, 1000, 1024)
"""Lengths at which a text may be cut, so that a half of a secret would be left."""

_SHORTEST = 8
_KEPT = 20  # characters of a marker before such a length


def marker(name: str) -> str:
    """Return a secret that no two names share, of characters that get escaped."""
    text = base64.b64encode(hashlib.sha256(name.encode()).digest()).decode()
    return f'{text[:16]}/+"{text[16:32]}'


def padded(secret: str) -> Iterator[str]:
    """Yield texts with the secret where a limit would cut it in two."""
    yield f"for {secret} only"
    for length in PADDINGS:
        yield f"{'x' * (length - _KEPT - 1)} {secret}"


@dataclass(frozen=True)
class Leak:
    """A secret that came out, in which form, where, and among what."""

    name: str
    form: str
    where: str
    around: str


def leaks(planted: dict[str, str], outputs: dict[str, str]) -> list[Leak]:
    """Return every secret that is in an output, whole or half, as it is or encoded."""
    return [
        Leak(name, form, where, text[max(0, at - 80) : at + len(found) + 20])
        for name, secret in planted.items()
        for form, found in forms(secret)
        for where, text in outputs.items()
        if (at := text.find(found)) >= 0
    ]


def forms(secret: str) -> Iterator[tuple[str, str]]:
    """Yield what to look for, each with its name."""
    for what, part in (("", secret), *_halves(secret)):
        raw = part.encode()
        yield f"{what}as it is", part
        yield f"{what}of an URL", quote(part, safe="")
        yield f"{what}of a form", quote_plus(part)
        yield f"{what}of JSON", json.dumps(part)[1:-1]
        yield f"{what}of HTML", part.replace('"', "&quot;")
        yield f"{what}of hexadecimal", raw.hex()
        for shift in range(3):  # where it begins, of three bytes that become four
            yield f"{what}of base64", _inner_base64(raw, shift)


def _halves(secret: str) -> Iterator[tuple[str, str]]:
    size = max(_SHORTEST, len(secret) // 2)
    if size < len(secret):
        yield "first half, ", secret[:size]
        yield "second half, ", secret[-size:]


def _inner_base64(raw: bytes, shift: int) -> str:
    """Return what is the same of its base64, whatever stands around it."""
    text = base64.b64encode(b"\0" * shift + raw).decode()
    first = 0 if shift == 0 else shift + 1
    whole = (shift + len(raw)) // 3 * 4
    return text[first:whole]
