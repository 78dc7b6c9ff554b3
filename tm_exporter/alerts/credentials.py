"""Alerts on what we show the service to be let in."""

from tm_exporter.alerts.expression import (
    INFERENCE,
    MODEL,
    PROBE,
    SURFACE,
    increase,
    indented,
    series,
)
from tm_exporter.alerts.rule import Alert, Group
from tm_exporter.catalog import (
    API_KEY_EXPIRY_TIMESTAMP_SECONDS,
    CANARY_COST_USD,
    CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS,
    CONTROL_PLANE_TOKEN_VALID,
    PROBE_FAILURES,
    PROBE_INTERVAL_SECONDS,
    PROBE_LAST_RUN_TIMESTAMP_SECONDS,
    PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS,
    PROBE_SUCCESS,
    Family,
)


HOUR = 3600


def _of_probe(family: Family) -> str:
    """Return a gauge of inference probes, the greatest that an instance knows."""
    return f"max by ({PROBE}) ({series(family, INFERENCE)})"


def _of_surface(expression: str) -> str:
    return f"max by ({SURFACE}) (\n{indented(expression)}\n)"


_REFUSALS = increase(PROBE_FAILURES, INFERENCE, 'reason="auth"', window="15m")

# The probes that were refused lately, and have not passed since.
_REFUSED_PROBES = (
    f"sum by ({PROBE}) ({_REFUSALS}) > 0\n"
    f"unless on ({PROBE}) {_of_probe(PROBE_SUCCESS)} == 1"
)
_REFUSED = f"and on ({PROBE}) (\n{indented(_REFUSED_PROBES)}\n)"

# A key that is good for other models is no bad key: two must be refused, or all.
_MODELS_REFUSED = (
    f"count by ({SURFACE}) (\n"
    f"  count by ({MODEL}) (\n"
    f"{indented(indented(_REFUSED_PROBES))}\n"
    f"  )\n"
    f")"
)
_MODELS_PAID = (
    f"count by ({SURFACE}) (count by ({MODEL}) ({series(CANARY_COST_USD, INFERENCE)}))"
)
_ENOUGH = (
    f"{_MODELS_REFUSED}\n"
    f">= on ({SURFACE})\n"
    f"(\n"
    f"  clamp_max({_MODELS_PAID}, 2)\n"
    f"  or count by ({SURFACE}) ({_REFUSALS}) * 0 + 1\n"
    f")"
)

# Paid probes always show the key; of others that is not known from here.
_NEWEST_SUCCESS = _of_surface(
    f"{_of_probe(PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS)}\n"
    f"and on ({PROBE}) {series(CANARY_COST_USD)}"
)

# By when at the latest the first of the refusals came.
_FIRST_REFUSAL = _of_surface(
    f"(\n"
    f"  {_of_probe(PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS)}"
    f" + {_of_probe(PROBE_INTERVAL_SECONDS)}\n"
    f"  or 0 * {_of_probe(PROBE_INTERVAL_SECONDS)}\n"
    f")\n{_REFUSED}"
)
_LAST_REFUSAL = _of_surface(
    f"{_of_probe(PROBE_LAST_RUN_TIMESTAMP_SECONDS)}\n{_REFUSED}"
)

_KEY_INVALID = Alert(
    name="TensormeshApiKeyInvalid",
    severity="critical",
    # Nothing that shows the key has passed since the first refusal, nor the last.
    expr=(
        f"sum by ({SURFACE}) ({_REFUSALS}) > 1.5\n"
        f"and on ({SURFACE})\n"
        f"(\n{indented(_ENOUGH)}\n)\n"
        f"unless on ({SURFACE})\n"
        f"(\n{_NEWEST_SUCCESS}\n>\n{_FIRST_REFUSAL}\n)\n"
        f"unless on ({SURFACE})\n"
        f"(\n{_NEWEST_SUCCESS}\n>\n{_LAST_REFUSAL}\n)"
    ),
    summary="{{ $labels.target }}: the API key is refused "
    "({{ $value | humanize }} times within 15 minutes)",
    description="Every request with this key gets 401 or 403, so users of the key "
    "have no service. Fault: us, unless the key is good elsewhere. Is the balance "
    "above 0? If not, top up first. Then try the key by hand "
    "(`tm infer doctor --exit-status`) and replace it where it is stored.",
)
_TOKEN_INVALID = Alert(
    name="TensormeshControlPlaneTokenInvalid",
    severity="warning",
    hold="5m",
    expr=f"max by ({SURFACE}) ({series(CONTROL_PLANE_TOKEN_VALID)}) == 0",
    summary="{{ $labels.target }}: the Control Plane refuses the token",
    description="Inference goes on, but balance, prices, usage and deployments are "
    "not seen any more. Fault: us. `tm auth whoami` tells whether the token works, "
    "`tm auth refresh` renews it; then put it where the exporter reads it.",
)

_TOKEN_EXPIRY = (
    f"max by ({SURFACE}) ({series(CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS)})"
)
_TOKEN_EXPIRES = Alert(
    name="TensormeshControlPlaneTokenExpires",
    severity="warning",
    hold="5m",
    # On Thursday (4) and Friday two working days reach to Monday and Tuesday. A token
    # that something renews has another expiry every now and then.
    expr=(
        f"(\n"
        f"  (({_TOKEN_EXPIRY} - time()) > 0) < {72 * HOUR}\n"
        f"  or\n"
        f"  (({_TOKEN_EXPIRY} - time()) > 0) < {96 * HOUR}\n"
        f"  and on () (day_of_week() >= 4) < 6\n"
        f")\n"
        f"unless on ({SURFACE}) max by ({SURFACE}) "
        f"(changes({series(CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS)}[2d])) > 0"
    ),
    summary="{{ $labels.target }}: the Control Plane's token expires in "
    "{{ $value | humanizeDuration }}",
    description="After that, balance and prices are not seen any more; inference "
    "goes on. Fault: us. Renew it before the weekend (`tm auth refresh`), or have "
    "`token_command` do it.",
)
_KEY_EXPIRY = (
    f"max by ({SURFACE}, key) ({series(API_KEY_EXPIRY_TIMESTAMP_SECONDS)}) - time()"
)
_KEY_EXPIRES = Alert(
    name="TensormeshApiKeyExpires",
    severity="warning",
    hold="5m",
    # One that expired yesterday may still be in use somewhere; later it is history.
    expr=f"(({_KEY_EXPIRY}) > -{24 * HOUR}) < {7 * 24 * HOUR}",
    summary="{{ $labels.target }}: API key {{ $labels.key }} expires in "
    "{{ $value | humanizeDuration }}",
    description="Requests with that key are refused from then on; below zero they "
    "are already. Fault: us. Make a new key in the console, put it wherever this "
    "one is used, then delete this one.",
)

GROUPS = (
    Group(
        name="tensormesh-credentials",
        rules=(_KEY_INVALID, _TOKEN_INVALID, _TOKEN_EXPIRES, _KEY_EXPIRES),
    ),
)
