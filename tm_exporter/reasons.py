"""
What each reason means, whose fault it usually is, and what to do next.

One table, from which the log, the page, `tm-exporter probe` and
`docs/failure-reasons.md` are fed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tm_exporter.exchange import Exchange
from tm_exporter.observation import ProbeKey, Reason


Party = Literal["us", "service", "network", "exporter"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    What people need to know of a reason.

    Attributes:
        party: Who has to act, as far as the reason alone can tell.
        meaning: When a run fails for it.
        next_step: The first thing to do.
    """

    party: Party
    meaning: str
    next_step: str


EXPLANATIONS: Mapping[Reason, Explanation] = {
    Reason.CONFIGURATION: Explanation(
        "us",
        "A secret, a certificate, the proxy's address or a file descriptor could not"
        " be had: no request left.",
        "Read the detail: make that file readable to the exporter, or have that"
        " command print the token, or correct HTTPS_PROXY, or raise the limit of open"
        " files.",
    ),
    Reason.DNS: Explanation(
        "network",
        "The host's name was not resolved, or not in time.",
        "Resolve the host of base_url from this machine; check its DNS settings and"
        " the spelling of base_url.",
    ),
    Reason.PROXY: Explanation(
        "network",
        "The proxy could not be reached, asked for a password or refused to connect.",
        "Check proxy_url or HTTPS_PROXY, its credentials, and that the proxy allows"
        " CONNECT to this host.",
    ),
    Reason.CONNECT_REFUSED: Explanation(
        "service",
        "The last address tried refused the connection.",
        "Check host and port of base_url; if they are right, nothing listens there:"
        " report it to Tensormesh.",
    ),
    Reason.CONNECT_TIMEOUT: Explanation(
        "network",
        "The last address tried did not answer.",
        "Check firewalls and egress rules between this machine and the host.",
    ),
    Reason.CONNECT_FAILED: Explanation(
        "network",
        "The last address tried could not be reached.",
        "Check this machine's routes and its IPv4 and IPv6 connectivity (ip_protocol).",
    ),
    Reason.TLS: Explanation(
        "service",
        "The handshake failed, went silent or was closed; or the certificate expired,"
        " has another name or an unknown authority.",
        "Read the detail: for an unknown authority set ca_bundle; for an expired or"
        " foreign certificate report it; check that base_url's port speaks TLS.",
    ),
    Reason.TIMEOUT: Explanation(
        "service",
        "Nothing, or nothing more, came in time.",
        "Compare with the other probes of this target; if they pass, the model is"
        " slow or overloaded.",
    ),
    Reason.CONNECTION_LOST: Explanation(
        "network",
        "The connection was closed or reset before the answer was complete.",
        "Compare with other targets; if only this one does it, report it with the"
        " request id and the peer's address.",
    ),
    Reason.PROTOCOL: Explanation(
        "service",
        "What came is not HTTP/1.1 as it should be.",
        "Check that base_url names an HTTP port of Tensormesh, and what stands"
        " between it and this machine.",
    ),
    Reason.REDIRECT: Explanation(
        "us",
        "The service redirects elsewhere; redirects are never followed.",
        "Correct base_url: it must be the final address.",
    ),
    Reason.QUOTA: Explanation(
        "us",
        "The credit or the quota is used up.",
        "Check the balance and top up; inference stops without credit.",
    ),
    Reason.THROTTLED: Explanation(
        "service",
        "The service asked to slow down (429).",
        "First see whether it is our own traffic on this account, and send less if so;"
        " if not, the shared model is busy, and its canaries wait as told.",
    ),
    Reason.AUTH: Explanation(
        "us",
        "The credential was refused (401 or 403).",
        "Check the API key: is it the right one, not revoked, and not expired?",
    ),
    Reason.ROUTING: Explanation(
        "us",
        "Nobody serves this model or this user here.",
        "Compare the model with the surface's /v1/models: catalogues change often.",
    ),
    Reason.SERVER_ERROR: Explanation(
        "service",
        "The service failed (5xx, 408, 425 or 499).",
        "If it lasts for more than a few runs, report it with the request id.",
    ),
    Reason.OVERLOADED: Explanation(
        "service",
        "The service says that it is overloaded or unavailable (503 or 529).",
        "If it lasts for more than a few runs, report it with the request id.",
    ),
    Reason.BAD_REQUEST: Explanation(
        "us",
        "The service refused the request (another 4xx).",
        "Check the probe's settings (body, max_tokens) against what the model accepts.",
    ),
    Reason.TOO_LARGE: Explanation(
        "service",
        "The answer, or one event of a stream, is over the limit.",
        "Check that base_url names Tensormesh; then report it with the request id.",
    ),
    Reason.ERROR_BODY: Explanation(
        "service",
        "The status says success and the body says error.",
        "Report it with the request id; users see it as a failure.",
    ),
    Reason.BAD_PAYLOAD: Explanation(
        "service",
        "A whole answer is not what the route promises.",
        "Check that base_url names Tensormesh and nothing rewrites answers; then"
        " report it with the request id.",
    ),
    Reason.STREAM_ERROR: Explanation(
        "service",
        "A stream that began well reports an error.",
        "Report it with the request id; users see an answer break off.",
    ),
    Reason.STREAM_INVALID: Explanation(
        "service",
        "An event of a stream is not what the route promises.",
        "Check for a gateway that rewrites streams; report it with the request id.",
    ),
    Reason.STREAM_STALLED: Explanation(
        "service",
        "A stream began, then went silent or did not end in time.",
        "See in the transcript when events came: if to the end, the model is slow, or"
        " `timeout` too short for `max_tokens`. If not, report it with the request id,"
        " and say whether other models stall too.",
    ),
    Reason.STREAM_TRUNCATED: Explanation(
        "service",
        "A stream ended without its terminator or without a finish reason.",
        "Check idle limits of proxies on the way; then report it with the request id.",
    ),
    Reason.EMPTY_OUTPUT: Explanation(
        "service",
        "The model answered without a single token.",
        "Report the model; users get empty answers.",
    ),
    Reason.WRONG_MODEL: Explanation(
        "service",
        "Another model answered than the one asked for.",
        "Check the account's routing, then report it: prices and quality may differ.",
    ),
    Reason.ASSERTION: Explanation(
        "us",
        "The answer is good, and not what was expected of it.",
        "Read the detail: `expect`, the cache `expectation`, the tokenizer's round trip"
        " or the list of models is not as it should be. Correct what is expected, or"
        " report it with the request id.",
    ),
    Reason.INTERNAL: Explanation(
        "exporter",
        "A fault of the exporter itself; it never counts against the service.",
        "Look for probe_crashed in the log and report its traceback to the"
        " developers of tm-exporter.",
    ),
}

_BY_SURFACE: Mapping[tuple[str, Reason], str] = {
    ("control_plane", Reason.AUTH): (
        "Is the Control Plane token expired? Refresh it (tm auth refresh) or replace"
        " it: a file is read again at once, a command is run again at most once a"
        " minute, and a value needs a restart."
    ),
    ("control_plane", Reason.THROTTLED): (
        "First see whether it is our own traffic on this account, and poll it less"
        " often if so; if not, wait as told, and report it if it lasts."
    ),
    ("control_plane", Reason.BAD_REQUEST): (
        "Check base_url: it must be the Control Plane's, without a path. If others of"
        " its probes pass, it does not know this route as we ask for it: report it, or"
        " switch the probe off."
    ),
    ("on_demand", Reason.ROUTING): (
        "Check X-User-Id (user_id), and that the model is the served gateway name,"
        " not the Control Plane's modelId."
    ),
    ("on_demand", Reason.THROTTLED): (
        "First see whether it is our own traffic, and send less or add replicas if so;"
        " if not, report it, since an On-Demand deployment is not shared; its canaries"
        " wait as told."
    ),
    ("on_demand", Reason.AUTH): (
        "Check the API key and user_id: On-Demand needs both on every route."
    ),
}


_NOT_LISTED = (
    "A configured model is not on the list: withdrawn, renamed or misspelt. Correct"
    " its name under `models`, or take it out."
)
"""What a probe that asks no model can find amiss in a good answer."""


def next_step(key: ProbeKey, reason: Reason, exchange: Exchange | None) -> str:
    """Return what to do first about a failed run, in one or two sentences."""
    told = exchange.header("retry-after") if exchange is not None else None
    step = _BY_SURFACE.get((key.surface, reason), EXPLANATIONS[reason].next_step)
    if reason is Reason.ASSERTION and not key.model:
        return _NOT_LISTED
    if reason is Reason.THROTTLED and told is not None and told.strip().isdigit():
        return f"{step} Asked to wait {told.strip()[:6]} s."
    return step


UNREACHABLE = (
    Reason.CONFIGURATION,
    Reason.DNS,
    Reason.PROXY,
    Reason.CONNECT_REFUSED,
    Reason.CONNECT_TIMEOUT,
    Reason.CONNECT_FAILED,
    Reason.TLS,
    Reason.TIMEOUT,
    Reason.CONNECTION_LOST,
    Reason.PROTOCOL,
)
REFUSED = (
    Reason.REDIRECT,
    Reason.QUOTA,
    Reason.THROTTLED,
    Reason.AUTH,
    Reason.ROUTING,
    Reason.SERVER_ERROR,
    Reason.OVERLOADED,
    Reason.BAD_REQUEST,
)
ANY_BODY = (*UNREACHABLE, *REFUSED, Reason.TOO_LARGE)
JSON_BODY = (*ANY_BODY, Reason.ERROR_BODY, Reason.BAD_PAYLOAD)
GENERATED = (
    *JSON_BODY,
    Reason.EMPTY_OUTPUT,
    Reason.WRONG_MODEL,
    Reason.ASSERTION,
)
STREAMED = (
    *ANY_BODY,
    Reason.ERROR_BODY,
    Reason.STREAM_ERROR,
    Reason.STREAM_INVALID,
    Reason.STREAM_STALLED,
    Reason.STREAM_TRUNCATED,
    Reason.EMPTY_OUTPUT,
    Reason.WRONG_MODEL,
    Reason.ASSERTION,
)
