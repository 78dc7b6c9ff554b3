"""Alerts on what an account owns: its credit, its savings, its cards."""

from tm_exporter.alerts.expression import (
    SURFACE,
    indented,
    outside_maintenance,
    recorded,
    series,
)
from tm_exporter.alerts.rule import Alert, Group, Recording, Severity
from tm_exporter.catalog import (
    BILLING_BALANCE,
    BILLING_CACHE_SAVING_RATIO,
    BILLING_CARD_EXPIRY_TIMESTAMP_SECONDS,
    BILLING_CARD_ON_FILE,
    BILLING_RUNWAY_SECONDS,
    EXPORTER_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS,
    PROBE_INTERVAL_SECONDS,
    TARGET_ACCOUNT_INFO,
    TARGET_INFO,
    Family,
)


DAY = 86_400

_BALANCE_PROBE = 'surface="control_plane", probe="balance"'


def gauge(family: Family, *matchers: str) -> str:
    """Return a value of a target, the greatest that an instance knows."""
    return f"max by ({SURFACE}) ({series(family, *matchers)})"


def _balance() -> str:
    return f"max by ({SURFACE}, currency) ({series(BILLING_BALANCE)})"


_EMPTY = Alert(
    name="TensormeshBalanceEmpty",
    severity="critical",
    hold="1m",
    expr=f"{_balance()} <= 0",
    summary="{{ $labels.target }}: the prepaid credit is used up "
    "({{ $value }} {{ $labels.currency }})",
    description="Inference stops without credit. Fault: us. Top up the account in "
    "the console. Refused requests (`quota`, also `auth`) of the targets that this "
    "account pays for follow from it and are not sent besides.",
)
_UNPAID = Alert(
    # Tells Alertmanager which targets an empty balance is about: alerts of those
    # carry another target than the account's.
    name="TensormeshTargetUnpaid",
    severity="none",
    hold="1m",
    expr=(
        f"max by ({SURFACE}, account) (\n"
        f"  {series(TARGET_ACCOUNT_INFO)}\n"
        "  and on (job, account)\n"
        f'  label_replace({series(BILLING_BALANCE)}, "account", "$1", "target", "(.+)")'
        " <= 0\n)"
    ),
    summary="{{ $labels.target }}: the account {{ $labels.account }} has no credit",
    description="Notifies nobody. While it fires, Alertmanager keeps back what "
    "follows for this target: TensormeshBalanceEmpty is the page.",
)


def _runway_short(severity: Severity, seconds: int, hold: str) -> Alert:
    return Alert(
        name="TensormeshRunwayShort",
        severity=severity,
        hold=hold,
        # Zero is an empty balance, which has an alert of its own.
        expr=f"({gauge(BILLING_RUNWAY_SECONDS)} > 0) < {seconds}",
        summary="{{ $labels.target }}: the credit lasts for "
        "{{ $value | humanizeDuration }}",
        description="At the fastest of the rates of the last hours, day and week, "
        "the balance is used up then, and inference stops. Fault: us. Top up, or "
        "see which model's usage grew (`tensormesh_usage_today_tokens`).",
    )


_RUNWAY = (
    _runway_short("critical", DAY, "15m"),
    _runway_short("warning", 7 * DAY, "30m"),
)

_END = "target_surface:tensormesh_billing_runway_end:timestamp_seconds"
_RUNWAY_END = Recording(
    record=_END,
    # Kept, so that the time that is left goes on falling when nobody tells it.
    expr=f"{gauge(BILLING_RUNWAY_SECONDS)} + time()",
)
_LAST_RUNWAY = f"max by ({SURFACE}) (last_over_time({recorded(_END)}[7d])) - time()"


_READ = series(EXPORTER_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS)


def _unwatched(expression: str) -> str:
    """Return an expression where an account's balance should be known and is not."""
    known = indented(expression)
    # An account that was taken out of the configuration is not missed.
    return outside_maintenance(
        f"(\n"
        f"  (\n{indented(known)}\n  ) and on ({SURFACE}) {series(TARGET_INFO)}\n"
        f"  or\n"
        f"  (\n{indented(known)}\n  ) unless on () max({_READ}) > time() - {DAY}\n"
        f")\n"
        f"unless on ({SURFACE}) {series(BILLING_BALANCE)}"
    )


_UNWATCHED = (
    Alert(
        name="TensormeshMoneyUnwatched",
        severity="critical",
        hold="15m",
        expr=_unwatched(f"{_LAST_RUNWAY} < {DAY}"),
        summary="{{ $labels.target }}: the balance is not known any more, and by "
        "its last rate it lasts for less than a day",
        description="The Control Plane tells no balance, and the last known one "
        "may be used up soon: inference then stops unseen. Look at it in the "
        "console and top up, then mend the access (`tm auth whoami`, "
        "`tm auth refresh`).",
    ),
    Alert(
        name="TensormeshMoneyUnwatched",
        severity="warning",
        hold="30m",
        expr=_unwatched(
            f"max by ({SURFACE}) "
            f"(last_over_time({series(BILLING_BALANCE)}[1d]))\n"
            f"or max by ({SURFACE}) "
            f"({series(PROBE_INTERVAL_SECONDS, _BALANCE_PROBE)})"
        ),
        summary="{{ $labels.target }}: balance and runway are not known",
        description="No run of the balance probe has passed lately, so nothing "
        "warns before the credit ends. Look at the reason of its failures on the "
        "status page; most often the token ended (`tm auth whoami`, "
        "`tm auth refresh`).",
    ),
)

_MEDIAN = (
    f"max by ({SURFACE}) "
    f"(quantile_over_time(0.5, {series(BILLING_CACHE_SAVING_RATIO)}[7d]))"
)
_SAVINGS = Alert(
    name="TensormeshCacheSavingCollapsed",
    severity="warning",
    hold="1h",
    # The ratio is of the last 30 days. One that lost a tenth against its median of
    # seven days saved about nothing for three.
    expr=(
        f"{gauge(BILLING_CACHE_SAVING_RATIO)}\n"
        f"< on ({SURFACE}) 0.9 * ({_MEDIAN} > 0.05)\n"
        f"and on ({SURFACE}) {series(BILLING_CACHE_SAVING_RATIO)} offset 1d"
    ),
    summary="{{ $labels.target }}: the KV cache saves less, "
    "{{ $value | humanizePercentage }} of the bill of 30 days",
    description="The share of 30 days fell by more than a tenth below its median of "
    "7 days, so lately the cache hardly saves anything. Did prompts change "
    "(timestamps or ids in front of the part that repeats)? If not, look at the "
    "kv_cache probe and report it to Tensormesh with its runs.",
)

_CARDS = (
    Alert(
        name="TensormeshCardMissing",
        severity="warning",
        hold="1h",
        expr=f"{gauge(BILLING_CARD_ON_FILE)} == 0",
        summary="{{ $labels.target }}: no good payment card is on file",
        description="The account cannot be topped up by card: there is none, or all "
        "have expired. Fault: us. Add one in the console.",
    ),
    Alert(
        name="TensormeshCardExpires",
        severity="warning",
        hold="1h",
        expr=f"({gauge(BILLING_CARD_EXPIRY_TIMESTAMP_SECONDS)} - time() > 0) "
        f"< {14 * DAY}",
        summary="{{ $labels.target }}: the payment card expires in "
        "{{ $value | humanizeDuration }}",
        description="After that, topping up by card fails. Fault: us. Add the new "
        "card in the console.",
    ),
)

GROUPS = (
    Group(
        name="tensormesh-account",
        rules=(
            _EMPTY,
            _UNPAID,
            *_RUNWAY,
            _RUNWAY_END,
            *_UNWATCHED,
            _SAVINGS,
            *_CARDS,
        ),
    ),
)
