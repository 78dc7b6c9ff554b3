"""
Whose fault a failure is, from what else was seen in the same minute.

| what failed | and in the same minute | then it is |
| --- | --- | --- |
| name, proxy or TCP connection | nothing answers: neither the reference URL nor \
another target | `network_local` |
| the proxy | nothing is known of other addresses | `network_local` |
| name, proxy or TCP connection | anything else | `network_remote` |
| TLS, silence, a cut or no HTTP | the reference URL does not answer, nor does \
another target | `network_local` |
| TLS, or a redirect | anything else | `edge` |
| a route without credentials, whatever came | anything else | `edge` |
| any route | the routes without credentials fail too | `edge` |
| a credential was refused (401, 403) | the balance is at or below 0 | `quota` |
| a credential was refused, or a file of ours not readable | anything else | `auth` |
| a 402, or an error that speaks of credit | anything | `quota` |
| a 429 | the balance is at or below 0 | `quota` |
| a 429 | anything else | `throttled` |
| the model or the user is unknown, is missing from the list, or another one answers \
| anything | `routing` |
| the Control Plane, otherwise | anything else | `edge` |
| a stream, once it began | the same model fails when asked for a whole answer \
| `model` |
| a stream, once it began | anything else | `stream` |
| a stream, before it began | the same model gives whole answers | `stream` |
| a generation, or the tokenizer, otherwise | anything else | `model` |

The first row that fits decides. Of several failures the one counts whose verdict comes
first in `Blame`: it explains the most. A fault of the exporter itself says nothing.

Unless another host is known to be out of reach too, or the reference URL, nobody can
tell our network from theirs, and it is called `network_remote`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tm_exporter.observation import Reason
from tm_exporter.reasons import UNREACHABLE


class Blame(StrEnum):
    """Where the fault is: a closed set, what explains the most first."""

    NETWORK_LOCAL = "network_local"
    NETWORK_REMOTE = "network_remote"
    EDGE = "edge"
    AUTH = "auth"
    QUOTA = "quota"
    THROTTLED = "throttled"
    ROUTING = "routing"
    MODEL = "model"
    STREAM = "stream"


WIDTH = {blame: place for place, blame in enumerate(Blame)}
"""The smaller, the more it explains."""


OF_ALL = (Blame.NETWORK_LOCAL, Blame.NETWORK_REMOTE, Blame.EDGE)
"""What every request to a target runs into."""


class Layer(StrEnum):
    """How deep into the service a probe goes."""

    OPEN = "open"  # answered without a model: health, version, model list
    CHEAP = "cheap"  # with credentials and a model's name, and nothing is generated
    WHOLE = "whole"  # a generation in one piece
    STREAM = "stream"  # a generation as a stream
    ACCOUNT = "account"  # the Control Plane


class Seen(StrEnum):
    """What became of something else in the same minute."""

    UNKNOWN = "unknown"
    GOOD = "good"
    SILENT = "silent"  # an address was reached, and no HTTP came back
    UNREACHED = "unreached"
    BAD = "bad"


NO_WAY = frozenset(
    (
        Reason.DNS,
        Reason.PROXY,
        Reason.CONNECT_REFUSED,
        Reason.CONNECT_TIMEOUT,
        Reason.CONNECT_FAILED,
    )
)
"""No connection came about."""

NO_ANSWER = frozenset(UNREACHABLE) - NO_WAY - {Reason.CONFIGURATION}
"""One did, and perhaps no HTTP answer: with one, they are the service's."""

_STREAMED = frozenset(
    (
        Reason.STREAM_ERROR,
        Reason.STREAM_INVALID,
        Reason.STREAM_STALLED,
        Reason.STREAM_TRUNCATED,
    )
)
MISREAD = frozenset((Reason.BAD_PAYLOAD, Reason.STREAM_INVALID))
"""A status of success, and something else than the route promises."""

_REFUSED = frozenset((Reason.AUTH, Reason.CONFIGURATION))
_MISROUTED = frozenset((Reason.ROUTING, Reason.WRONG_MODEL))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """
    One failure, and what else was seen within a minute of it.

    Attributes:
        reason: Of the failure; None for a run that passed.
        layer: Of the probe that failed.
        answered: Whether HTTP came back, with whatever status.
        authenticated: Whether credentials were sent.
        opened: `GOOD` or `BAD`: the target's routes without a model.
        whole: `GOOD` or `BAD`: whole answers of the same model.
        reference: The reference URL; `GOOD` for any HTTP answer.
        elsewhere: All other targets; `GOOD` as soon as one of them answers,
            `UNREACHED` only if one of them is on another host.
        credit: Whether the paying account has any left.
    """

    reason: Reason | None
    layer: Layer
    answered: bool = False
    authenticated: bool = False
    opened: Seen = Seen.UNKNOWN
    whole: Seen = Seen.UNKNOWN
    reference: Seen = Seen.UNKNOWN
    elsewhere: Seen = Seen.UNKNOWN
    credit: bool | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """
    Where the fault is.

    Attributes:
        blame: The verdict.
        evidence: What it was drawn from.
    """

    blame: Blame
    evidence: Evidence


def diagnose(evidence: Iterable[Evidence]) -> Diagnosis | None:
    """Return what explains the most of all failures, None where there is none."""
    found = (Diagnosis(blame, e) for e in evidence if (blame := blame_of(e)))
    return min(found, key=lambda each: WIDTH[each.blame], default=None)


def blame_of(evidence: Evidence) -> Blame | None:
    """Return where the fault of one failure is, None if it is no failure."""
    if evidence.reason in (None, Reason.INTERNAL):
        return None
    return _of_network(evidence) or _of_front(evidence) or _of_request(evidence)


def _of_network(evidence: Evidence) -> Blame | None:
    """Blame what is between the service and us, where nothing came back."""
    if evidence.answered:
        return None
    if evidence.reason in NO_WAY:
        is_local = _is_local(evidence)
        return Blame.NETWORK_LOCAL if is_local else Blame.NETWORK_REMOTE
    is_local = evidence.reason in NO_ANSWER and _nothing_answers(evidence)
    return Blame.NETWORK_LOCAL if is_local else None


def _is_local(evidence: Evidence) -> bool:
    """Whether no connection to anywhere comes about."""
    around = (evidence.reference, evidence.elsewhere)
    if Seen.GOOD in around:
        return False
    if evidence.reason is Reason.PROXY and set(around) == {Seen.UNKNOWN}:
        return True  # it is ours, and whom it would lead to was not even asked
    if evidence.elsewhere is Seen.UNREACHED:
        return True
    return _nothing_answers(evidence)


def _nothing_answers(evidence: Evidence) -> bool:
    """Whether the reference URL fails, and nothing else is known to answer."""
    is_down = evidence.reference in (Seen.SILENT, Seen.UNREACHED)
    return is_down and evidence.elsewhere is not Seen.GOOD


def _of_front(evidence: Evidence) -> Blame | None:
    """Blame what all routes of a target go through."""
    if evidence.reason in (Reason.TLS, Reason.REDIRECT):
        return Blame.EDGE
    if evidence.layer is not Layer.OPEN:
        return Blame.EDGE if evidence.opened is Seen.BAD else None
    about_us = (*_REFUSED, *_MISROUTED, Reason.QUOTA, Reason.THROTTLED)
    if evidence.reason is Reason.AUTH and not evidence.authenticated:
        return Blame.EDGE  # nothing was there to be refused but ourselves
    if evidence.reason in about_us or evidence.reason is Reason.ASSERTION:
        return None
    return Blame.EDGE


def _of_request(evidence: Evidence) -> Blame:
    """Blame what one request was about."""
    reason, layer = evidence.reason, evidence.layer
    is_broke = evidence.credit is False and layer is not Layer.ACCOUNT
    if reason is Reason.QUOTA:
        return Blame.QUOTA
    if reason in _REFUSED:
        spent = is_broke and reason is Reason.AUTH
        return Blame.QUOTA if spent else Blame.AUTH
    if reason is Reason.THROTTLED:
        return Blame.QUOTA if is_broke else Blame.THROTTLED
    if reason in _MISROUTED or layer is Layer.OPEN:
        return Blame.ROUTING
    if layer is Layer.ACCOUNT:
        return Blame.EDGE
    if reason in _STREAMED:
        return Blame.MODEL if evidence.whole is Seen.BAD else Blame.STREAM
    only_streams = layer is Layer.STREAM and evidence.whole is Seen.GOOD
    return Blame.STREAM if only_streams else Blame.MODEL
