"""Alerts on what the service charges, by its list and by its bill."""

from tm_exporter.alerts.expression import SURFACE, recorded, series
from tm_exporter.alerts.rule import Alert, Group, Recording
from tm_exporter.catalog import (
    MODEL_PRICE_CHANGES,
    MODEL_PRICE_PER_TOKEN,
    PRICE_UNIT_PLAUSIBLE,
    RECONCILIATION_DRIFT_RATIO,
    USAGE_TODAY_TOKENS,
)


_PRICE = "target, surface, model, kind"
_AMOUNT = "target, surface, model, kind, currency"

_EFFECT = "target_surface_model_kind_currency:tensormesh_price_effect:month"
_EFFECT_OF = recorded(_EFFECT, "target=%q", "model=%q", "kind=%q")


def _price(at: str = "") -> str:
    return f"max by ({_AMOUNT}) ({series(MODEL_PRICE_PER_TOKEN)}{at})"


_PRICES = (
    Recording(
        record=_EFFECT,
        # At the busiest day's usage that the last 24 hours had told of.
        expr=(
            f"(({_price()} - {_price(' offset 1d')}) != 0)\n"
            f"* on ({_PRICE}) group_left ()\n"
            f"max by ({_PRICE}) "
            f"(30 * max_over_time({series(USAGE_TODAY_TOKENS)}[1d]))"
        ),
    ),
    Alert(
        name="TensormeshPriceChanged",
        severity="warning",
        # A counter that comes with more than 0 tells of a change while we were down;
        # one that only was not scraped a day ago does not.
        expr=(
            f"max by ({_PRICE}) (increase({series(MODEL_PRICE_CHANGES)}[1d])) > 0\n"
            f"or max by ({_PRICE}) (\n"
            f"  {series(MODEL_PRICE_CHANGES)} unless "
            f"last_over_time({series(MODEL_PRICE_CHANGES)}[7d] offset 1d)\n"
            ") > 0"
        ),
        summary="{{ $labels.target }}: the {{ $labels.kind }} price of "
        "{{ $labels.model }} changed",
        description="Effect on a month at the present usage: "
        f"{{{{ with printf `{_EFFECT_OF}` $labels.target $labels.model $labels.kind"
        " | query }}"
        "{{ range . }}{{ .Value | humanize }} {{ .Labels.currency }} {{ end }}"
        "{{ else }}not known {{ end }}"
        "(the log line `model_price_changed` has old, new and the exact effect). "
        "Compare with `tm billing pricing serverless list`, and tell whoever owns "
        "the budget.",
    ),
    Alert(
        name="TensormeshPriceUnitImplausible",
        severity="warning",
        hold="1h",
        expr=f"max by ({SURFACE}, unit) ({series(PRICE_UNIT_PLAUSIBLE)}) == 0",
        summary="{{ $labels.target }}: prices read as {{ $labels.unit }} are not of "
        "the size that tokens cost",
        description="What canaries cost is counted a million times too high or too "
        "low until `price_unit` is corrected. Fault: us. Compare with the price "
        "list in the console.",
    ),
)

_DRIFT = f"max by ({SURFACE}) ({series(RECONCILIATION_DRIFT_RATIO)})"
_BILL = Alert(
    name="TensormeshReconciliationDrift",
    severity="warning",
    hold="1h",
    expr=f"{_DRIFT} > 0.05\nor {_DRIFT} < -0.05",
    summary="{{ $labels.target }}: the bill is {{ $value | humanizePercentage }} off "
    "what the canaries used",
    description="Over closed days, for an account that canaries have alone. "
    "Above zero, more was billed than used. See whether somebody else uses the "
    "account's key; if not, send the days and both counts to Tensormesh.",
)

GROUPS = (Group(name="tensormesh-prices", rules=(*_PRICES, _BILL)),)
