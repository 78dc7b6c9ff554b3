"""What is refused before anybody looks at it: too much, too often, with a body."""

import time
from collections.abc import Callable, Iterable

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tm_exporter.web.protection import Current


MOST_REQUESTS = 64
"""Answered at a time."""

MOST_HEADERS = 100
"""Of one request; a scraper sends ten."""

LONGEST_HEAD = 16 * 1024
"""Bytes of a request's line and headers, together."""

_VERSIONS = {"1.0", "1.1"}

Headers = Iterable[tuple[bytes, bytes]]


class Refusal(PlainTextResponse):
    """
    A short answer in place of the one that was asked for.

    Args:
        status: Of HTTP.
        sentence: For people.
        headers: Besides the usual ones.
    """

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        super().__init__(f"{sentence}\n", status_code=status, headers=named)


class Bucket:
    """
    A token bucket: so many requests at once, then one each interval.

    Args:
        interval: Seconds in which one more request is earned.
        burst: Requests that may come at once.
        clock: Monotonic.
    """

    def __init__(self, interval: float, burst: int, clock: Callable[[], float]) -> None:
        self.terms = (interval, burst)
        self._clock = clock
        self._tokens = float(burst)
        self._counted = clock()

    def take(self) -> bool:
        """Whether one more request may be answered now."""
        interval, burst = self.terms
        now = self._clock()
        earned = (now - self._counted) / interval
        self._tokens = min(self._tokens + earned, burst)
        self._counted = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class RequestLimits:
    """
    Middleware that refuses requests nobody means well with.

    Args:
        app: What answers the others.
        protection: Says how often may be asked.
        clock: Monotonic.
    """

    def __init__(
        self,
        app: ASGIApp,
        protection: Current,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._protection = protection
        self._clock = clock
        self._bucket = Bucket(1.0, 1, clock)
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or say why not."""
        answer = self._refusal(scope) or self._app
        self._running += 1
        try:
            await answer(scope, receive, send)
        finally:
            self._running -= 1

    def _refusal(self, scope: Scope) -> Refusal | None:
        if self._running >= MOST_REQUESTS:
            return Refusal(503, "too many requests at a time", retry_after="1")
        if not self._is_earned():
            return Refusal(429, "too many requests", retry_after="1")
        if scope["http_version"] not in _VERSIONS:
            return Refusal(505, "HTTP/1.1 is spoken here", connection="close")
        if len(scope["headers"]) > MOST_HEADERS:
            return Refusal(431, "too many headers", connection="close")
        if _length(scope) > LONGEST_HEAD:  # and came at once, or h11 had refused it
            return Refusal(400, "too long a request", connection="close")
        if _has_body(scope["headers"]):
            # What is left of it is not waited for.
            return Refusal(413, "no page here takes a body", connection="close")
        return None

    def _is_earned(self) -> bool:
        protection = self._protection()
        terms = protection.interval, protection.burst
        if not protection.interval:
            return True
        if terms != self._bucket.terms:
            self._bucket = Bucket(*terms, self._clock)
        return self._bucket.take()


def _length(scope: Scope) -> int:
    """Return about how many bytes the line and the headers of a request have."""
    line = len(scope["raw_path"]) + len(scope["query_string"])
    return line + sum(len(name) + len(value) for name, value in scope["headers"])


def _has_body(headers: Headers) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in headers
    )
