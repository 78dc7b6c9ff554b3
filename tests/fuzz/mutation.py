"""
Changes of an input that keep it readable, so that they reach what is behind a parser.

What a fuzzer changes byte by byte is seldom JSON any more; here one value of a
document is replaced by another one that somebody once forgot about.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any


ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 2**64, 10**30, 10**400),
    *(0.0, -0.0, 0.5, 1e-320, 1e22, 1e308, float("nan"), float("inf"), 253402300800),
    *("", "0", "-1", "+1", "1e400", "NaN", "Infinity", "9" * 30, "9" * 5000, " "),
    *("\0", "\n", "\u0661", "\u212aES", "\ud800", "\U0001f600", "a" * 5000, "error"),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:60+23:59", "2026-02-30T00:00:00Z"),
    *([], {}, [[]], [None], {"": None}, {"error": {}}, {"units": "1", "nanos": 1}),
)
LONG = 300
SHORT = 2000
DEEP = 500


def mutated(data: bytes, random: Random) -> bytes:
    """Return an input with one to three of its values changed; it may have a head."""
    head, newline, text = b"", b"", data
    if not data.lstrip().startswith((b"{", b"[", b'"')):
        head, newline, text = data.partition(b"\n")
    try:
        document = json.loads(text)
        most = LONG if len(text) < SHORT else 2
        for _ in range(random.randint(1, 3)):
            document, most = _changed(document, most, random), 2
        return head + newline + json.dumps(document).encode()
    except (ValueError, RecursionError):
        return scrambled(data, random)


def scrambled(data: bytes, random: Random) -> bytes:
    """Return an input with some of its bytes cut out, doubled or changed."""
    result = bytearray(data)
    for _ in range(random.randint(1, 4)):
        start = random.randint(0, len(result))
        end = min(len(result), start + random.choice((1, 2, 8, 64)))
        piece = bytes(result[start:end])
        other = random.randint(0, len(result))
        match random.randrange(5):
            case 0:
                del result[start:end]
            case 1:
                result[start:end] = piece * random.choice((2, 3, LONG))
            case 2:
                result[start:end] = random.randbytes(len(piece))
            case 3:
                result[other:other] = piece
            case _:
                result[start:start] = random.choice(WORDS)
    return bytes(result)


WORDS = (
    *(b"\0", b"\n", b"\r", b"\r\n\r\n", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80"),
    *(b"9" * 5000, b"1e999", b"-", b"[" * DEEP, b"{" * DEEP, b'"', b"'", b"\\", b": "),
    *(b"&a ", b"*a", b"<<: ", b"!!binary ", b"!!set ", b"? ", b"| ", b"%", b"data: "),
    *(
        b"data: [DONE]\n\n",
        b"event: error\n",
        b"null",
        b"~",
        b".inf",
        b".nan",
        b"---\n",
    ),
)


def _changed(document: Any, most: int, random: Random) -> Any:
    """Change one value of a document, and return it."""
    path = random.choice(list(_paths(document)))
    if not path:
        return random.choice((_odd(random), [document], {"data": document}))
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    _change(holder, path[-1], most, random)
    return document


def _change(holder: Any, key: Any, most: int, random: Random) -> None:
    """Change one member of an object, or of a list; repeat it so often at the most."""
    match random.randrange(6):
        case 0:
            del holder[key]
        case 1:
            holder[key] = [holder[key]] * random.choice((2, most))
        case 2 if isinstance(holder, list):
            holder.extend(holder * random.choice((1, most)))
        case 2:
            holder[random.choice(("error", "status", "type", "", "\ud800"))] = holder[
                key
            ]
        case 3:
            holder[key] = _nested(holder[key], random.choice((1, 3, DEEP)))
        case _:
            holder[key] = _odd(random)


def _odd(random: Random) -> Any:
    return deepcopy(random.choice(ODD))


def _nested(value: Any, depth: int) -> Any:
    """Return a value within as many lists."""
    for _ in range(depth):
        value = [value]
    return value


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each value within a value, and to itself."""
    yield path
    if len(path) > 30:
        return
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _paths(each, (*path, name))
    if isinstance(value, list):
        for at, each in enumerate(value[:50]):
            yield from _paths(each, (*path, at))
