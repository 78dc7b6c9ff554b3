"""Alerts on a service that answers, and not as it should."""

from tm_exporter.alerts.expression import (
    INFERENCE,
    MODEL,
    PROBE,
    SURFACE,
    increase,
    outside_maintenance,
    series,
)
from tm_exporter.alerts.rule import Alert, Group, Severity
from tm_exporter.alerts.wording import PROBE_OF, WHO, blame
from tm_exporter.catalog import (
    CACHE_CANARY_DETAILS_AVAILABLE,
    CANARY_STREAM_VIOLATIONS,
    CLOCK_SKEW_SECONDS,
    MODEL_IDENTITY_CHANGES,
    PROBE_ATTEMPTS,
    PROBE_CONSECUTIVE_FAILURES,
    PROBE_FAILURES,
    PROBE_INTERVAL_SECONDS,
    PROBE_SUCCESS,
    SLO_OBJECTIVE,
    TLS_CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS,
    TLS_CERTIFICATE_INFO,
)


DAY = 86_400

_MORE_THAN_TWO = "> 2.5"
"""Prometheus extrapolates: three are never counted as less, nor two as more."""


def failed(reason: str, window: str, *matchers: str) -> str:
    """Return which probes failed for a reason, even once, within a window."""
    why = f'reason="{reason}"'
    grew = increase(PROBE_FAILURES, *matchers, why, window=window)
    return f"sum by ({PROBE}) ({grew}) > 0.5"


def _throttled(share: str, window: str, *matchers: str) -> str:
    """Return where the share of attempts that were throttled is, of more than two."""
    own = ('reason="throttled"', *matchers)
    refused = f"sum by ({MODEL}) ({increase(PROBE_FAILURES, *own, window=window)})"
    tried = f"sum by ({MODEL}) ({increase(PROBE_ATTEMPTS, *matchers, window=window)})"
    often = f"sum by ({MODEL}) ({increase(PROBE_FAILURES, *own, window='30m')})"
    return f"{refused}\n/ {tried} {share}\nand on ({MODEL}) {often} {_MORE_THAN_TWO}"


_WATCHED_15M = f"and on ({MODEL}) {series(PROBE_ATTEMPTS)} offset 15m"

_THROTTLED = (
    Alert(
        name="TensormeshThrottled",
        severity="critical",
        expr=outside_maintenance(
            f"{_throttled('>= 0.9', '15m', INFERENCE)}\n{_WATCHED_15M}"
        ),
        summary=f"{WHO}: {{{{ $value | humanizePercentage }}}} of the attempts of"
        " 15 minutes were throttled",
        description="Nearly nothing gets through (429). First see whether it is our"
        " own traffic on this account, and send less if so; if not, the shared model"
        " is overloaded: use another one, and ask Tensormesh for capacity.",
    ),
    Alert(
        name="TensormeshThrottled",
        severity="warning",
        expr=outside_maintenance(_throttled("> 0.2", "30m")),
        summary=f"{WHO}: {{{{ $value | humanizePercentage }}}} of the attempts of"
        " 30 minutes were throttled",
        description="Many requests are refused (429). Compare with our own traffic on"
        " this account and with tensormesh_rate_limit_remaining; if we are well below"
        " our limits, the shared model is busy.",
    ),
)

_BREACHES = 'kind!~"buffered|long_gap|usage_missing"'


def _breaches(window: str) -> str:
    grew = increase(CANARY_STREAM_VIOLATIONS, _BREACHES, window=window)
    return f"sum by ({PROBE}) ({grew}) {_MORE_THAN_TWO}"


_STREAM = Alert(
    name="TensormeshStreamBroken",
    severity="warning",
    expr=outside_maintenance(
        f"{_breaches('30m')}\n"
        f"or\n"
        f"{_breaches('6h')}\n"
        f"and on ({PROBE}) {series(PROBE_INTERVAL_SECONDS)} > 600"
    ),
    summary=f"{PROBE_OF}: streams break the protocol",
    description="Three streams or more lacked their end, had events that cannot be"
    " read or went on after their end; clients then show cut or garbled answers."
    " tensormesh_canary_stream_violations_total tells the kind. See first whether a"
    " proxy of ours rewrites streams; if none does, send the evidence of a failed run"
    " to Tensormesh.",
)

_KV_PROBE = series(PROBE_INTERVAL_SECONDS, 'probe="kv_cache"')
_KV_PROBES = (
    f"and on ({PROBE}) ({series(CACHE_CANARY_DETAILS_AVAILABLE)} or {_KV_PROBE})"
)
_KV_FAILED = failed("assertion", "6h")
_KV_CACHE = Alert(
    name="TensormeshKvCacheNotEffective",
    severity="warning",
    expr=outside_maintenance(
        f"{_KV_FAILED}\nand on ({PROBE}) {series(PROBE_SUCCESS)} == 0\n{_KV_PROBES}"
    ),
    summary=f"{PROBE_OF}: the KV cache does not do what is expected of it",
    description="Over the last five pairs of a cold and a warm request, the share of"
    " cached tokens is not as `expectation` says: prompts that repeat cost more and"
    " take longer. Look at tensormesh_cache_canary_cached_token_ratio since when, and"
    " at tensormesh_service_version_info for what changed then; report it with the"
    " evidence of the run.",
)

_OBJECTIVE = series(SLO_OBJECTIVE, 'slo="availability"')
_MODELS_MISSING = failed("assertion", "15m", 'model=""')
_FAILING = Alert(
    name="TensormeshProbeFailing",
    severity="warning",
    expr=outside_maintenance(
        f"min by ({PROBE}) ({series(PROBE_CONSECUTIVE_FAILURES)}) >= 3\n"
        f"unless on ({PROBE}) {_OBJECTIVE}\n"
        f"unless on ({PROBE}) (\n  {_KV_FAILED}\n  {_KV_PROBES}\n)\n"
        f"unless on ({PROBE}) {_MODELS_MISSING}"
    ),
    summary=f"{PROBE_OF}: failed {{{{ $value }}}} times in a row",
    description=blame("target", "probe", "model", window="6h")
    + "The probe has no objective, so that no error budget tells how urgent it is."
    " Compare with the other probes of this target.",
)
_INTERNAL = Alert(
    name="TensormeshProbeInternalFailures",
    severity="warning",
    expr=failed("internal", "1h"),
    summary=f"{PROBE_OF}: the exporter itself failed",
    description="A fault of the exporter, not of the service: what the probe should"
    " have seen is not known. Look for probe_crashed in its log and report the"
    " traceback to the developers of tm-exporter.",
)
_WRONG_MODEL = Alert(
    name="TensormeshWrongModel",
    severity="warning",
    expr=outside_maintenance(failed("wrong_model", "1h")),
    summary=f"{PROBE_OF}: another model answers than is asked for",
    description="Prices and quality may be other ones. Check the account's routing"
    " and aliases, then report it to Tensormesh with the evidence of the run.",
)
_IDENTITY = Alert(
    name="TensormeshModelIdentityChanged",
    severity="info",
    expr=f"sum by ({MODEL}, field) "
    f"({increase(MODEL_IDENTITY_CHANGES, window='1h')}) > 0.5",
    summary=f"{WHO}: answers have another {{{{ $labels.field }}}} than before",
    description="Weights, software or hardware behind the model may have changed."
    " Nothing needs to be done; it may explain other changes of the same hour.",
)


def _expiring(severity: Severity, days: int, *matchers: str) -> Alert:
    expiry = series(TLS_CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS, *matchers)
    return Alert(
        name="TensormeshCertificateExpiring",
        severity=severity,
        hold="10m",
        expr=f"min by ({SURFACE}) ({expiry}) - time() < {days * DAY}",
        summary="{{ $labels.target }}: the TLS certificate expires in"
        " {{ $value | humanizeDuration }}",
        description="From then on every client refuses the connection. Whoever runs"
        " the host has to renew it: Tensormesh, or we where a proxy or gateway of ours"
        " shows it. Certificates are usually renewed 30 days before.",
    )


_ISSUERS = "target, surface, issuer"
_BEFORE = f"last_over_time({series(TLS_CERTIFICATE_INFO)}[1d] offset 1h)"
_ISSUER = Alert(
    name="TensormeshCertificateIssuerChanged",
    severity="warning",
    expr=f"max by ({_ISSUERS}) ({series(TLS_CERTIFICATE_INFO)})\n"
    f"unless on ({_ISSUERS}) {_BEFORE}\n"
    f"and on ({SURFACE}) {_BEFORE}",
    summary="{{ $labels.target }}: the TLS certificate has another issuer,"
    " {{ $labels.issuer }}",
    description="Either the service went to another authority, or something between"
    " us and it reads along, such as a new inspecting proxy. Ask our network team;"
    " then Tensormesh.",
)
_SKEW = Alert(
    name="TensormeshClockSkew",
    severity="warning",
    hold="15m",
    expr=f"max by ({SURFACE}) (abs({series(CLOCK_SKEW_SECONDS)})) > 10",
    summary="{{ $labels.target }}: its clock and ours are"
    " {{ $value | humanizeDuration }} apart",
    description="Tokens and certificates are judged by the clock. If it is so for all"
    " targets, our clock is wrong: check the time synchronisation of the machine. If"
    " for one, theirs is.",
)

GROUPS = (
    Group(
        name="tensormesh-service",
        rules=(
            *_THROTTLED,
            *(_STREAM, _KV_CACHE, _FAILING, _INTERNAL, _WRONG_MODEL, _IDENTITY),
            _expiring("critical", 1, INFERENCE),
            _expiring("warning", 14),
            *(_ISSUER, _SKEW),
        ),
    ),
)
