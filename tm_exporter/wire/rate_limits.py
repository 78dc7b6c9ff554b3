"""
What a service says in headers of how much it grants.

Three spellings are in use: OpenAI's, a pair of headers for each kind
(`x-ratelimit-limit-requests`); the older drafts of the IETF, one set of headers
(`ratelimit-limit`, also with `x-`); and the newer drafts, which put all into
`ratelimit` and, from the eighth on, the limit into `ratelimit-policy`.

Sources: OpenAI's guide on rate limits; draft-ietf-httpapi-ratelimit-headers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal


Kind = Literal["requests", "tokens"]

KINDS: tuple[Kind, ...] = ("requests", "tokens")

MOST = 1e12
"""No service grants more within one window; what says so says nothing."""

LONGEST = 31 * 86400.0
"""Seconds of the longest window; a later reset is a number of something else."""

_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = rf"({_NUMBER.pattern})(ms|[dhms])"
_DURATION = re.compile(rf"(?:{_PART})+", re.ASCII)
_MEMBER = re.compile(rf"\b(limit|remaining|reset|[qrt])=({_NUMBER.pattern})", re.ASCII)
_MEANT = {"q": "limit", "r": "remaining", "t": "reset"}  # from the eighth draft on


@dataclass(frozen=True, slots=True)
class RateLimit:
    """
    One limit, as far as it is told; the rest is None.

    Attributes:
        kind: Of what.
        limit: How many within one window.
        remaining: How many are left in this one.
        reset: Seconds, from the answer on, until this window ends.
    """

    kind: Kind
    limit: float | None
    remaining: float | None
    reset: float | None


def rate_limits(headers: Sequence[tuple[str, str]]) -> tuple[RateLimit, ...]:
    """
    Return the limits that an answer tells; those of nothing are left out.

    Args:
        headers: Names in lower case; of several of one name the first counts.
    """
    if not any("ratelimit" in name for name, _ in headers):
        return ()
    told = {name: value.strip() for name, value in reversed(headers)}
    found = (_limit_of(kind, told) for kind in KINDS)
    return tuple(limit for limit in found if limit is not None)


def _limit_of(kind: Kind, told: Mapping[str, str]) -> RateLimit | None:
    """Return the limit of one kind, None if nothing readable is told of it."""
    words = {
        part: next(_spellings(kind, part, told), None)
        for part in ("limit", "remaining", "reset")
    }
    limit = RateLimit(
        kind, _count(words["limit"]), _count(words["remaining"]), _wait(words["reset"])
    )
    return None if limit == RateLimit(kind, None, None, None) else limit


def _spellings(kind: Kind, part: str, told: Mapping[str, str]) -> Iterator[str]:
    """Yield what is told of one part, the most exact spelling first."""
    if (name := f"x-ratelimit-{part}-{kind}") in told:
        yield told[name]
    if kind == "tokens":
        return  # a limit without a kind is one of requests
    if (name := f"ratelimit-{part}") in told:
        yield re.split("[,;]", told[name])[0].strip()  # policies may follow
    if (name := f"x-ratelimit-{part}") in told:
        yield told[name]
    yield from _members(told, part)


def _members(told: Mapping[str, str], part: str) -> Iterator[str]:
    """Yield the values of a part in the headers that hold several parts."""
    for name in ("ratelimit", "ratelimit-policy"):
        for member, value in _MEMBER.findall(told.get(name, "")[:1000]):
            if _MEANT.get(member, member) == part:
                yield value


def _count(text: str | None) -> float | None:
    """Return a number that a service may grant, None if it is none."""
    if text is None or not _NUMBER.fullmatch(text):
        return None
    return count if (count := float(text)) <= MOST else None


def _wait(text: str | None) -> float | None:
    """Return the seconds of `12`, `1.5s`, `6m0s` or `20ms`, None if it is no time."""
    if text is None or len(text) > 100:
        return None
    if _NUMBER.fullmatch(text):
        seconds = float(text)
    elif _DURATION.fullmatch(text):
        parts = re.findall(_PART, text, re.ASCII)
        seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    else:
        return None
    return seconds if seconds <= LONGEST else None
