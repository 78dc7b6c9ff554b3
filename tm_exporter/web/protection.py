"""What keeps strangers from the pages, as plain data."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """
    What is in force now; by default all may come, in plain HTTP.

    Attributes:
        context: For TLS; None for plain HTTP.
        allowed_names: One of these must be in the certificate of a client that shows
            one; None where any name will do.
        users: Hashes of passwords by bcrypt, by user; where empty, nobody is asked.
        headers: Over those of every answer; an empty text takes one away.
        interval: Seconds in which one more request is earned; 0 for no limit.
        burst: Requests that may come at once.
    """

    context: ssl.SSLContext | None = None
    allowed_names: frozenset[str] | None = None
    users: Mapping[bytes, bytes] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    interval: float = 0.0
    burst: int = 0


Current = Callable[[], Protection]
"""Asked at every connection and every request."""


def none() -> Protection:
    """Return what protects nothing."""
    return _NONE


_NONE = Protection()
