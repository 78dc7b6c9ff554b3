"""Balance and runway, spending and savings, prices, and what the canaries cost."""

from grafana_foundation_sdk.models import dashboard

from grafana.source.annotations import PRICES
from grafana.source.appearance import (
    COUNT,
    GREEN,
    MONEY,
    RED,
    SHARE,
    TIME_LEFT,
    Look,
    yes_or_no,
)
from grafana.source.cost_rows import CANARIES
from grafana.source.frame import Row
from grafana.source.frame import board as framed
from grafana.source.panels import bars, lines, value
from grafana.source.promql import (
    STEP,
    grew,
    latest,
    left,
)
from grafana.source.tables import rows
from tm_exporter.catalog import (
    BILLING_BALANCE,
    BILLING_CACHE_SAVING_RATIO,
    BILLING_CACHE_SAVINGS,
    BILLING_CARD_EXPIRY_TIMESTAMP_SECONDS,
    BILLING_CARD_ON_FILE,
    BILLING_RUNWAY_SECONDS,
    BILLING_SPEND,
    GPU_PRICE_PER_HOUR,
    MODEL_PRICE_CHANGES,
    MODEL_PRICE_PER_TOKEN,
    PRICE_UNIT_PLAUSIBLE,
    TRANSACTIONS,
    USAGE_TODAY_REQUESTS,
    USAGE_TODAY_TOKENS,
)


_CURRENCY = "In units of the currency that the name tells."

_ACCOUNT: Row = (
    "Account",
    (
        value(
            "Balance",
            (latest(BILLING_BALANCE), "{{target}} {{currency}}"),
            of=(BILLING_BALANCE,),
            look=Look(unit="none", decimals=2, steps=((None, RED), (0.01, GREEN))),
            note=_CURRENCY,
        ),
        value(
            "Runway",
            (latest(BILLING_RUNWAY_SECONDS), "{{target}}"),
            of=(BILLING_RUNWAY_SECONDS,),
            look=TIME_LEFT,
        ),
        value(
            "Payment card",
            (latest(BILLING_CARD_ON_FILE), "{{target}}"),
            of=(BILLING_CARD_ON_FILE,),
            look=yes_or_no("on file", "none that is good"),
        ),
        value(
            "Payment card expires in",
            (left(BILLING_CARD_EXPIRY_TIMESTAMP_SECONDS), "{{target}}"),
            of=(BILLING_CARD_EXPIRY_TIMESTAMP_SECONDS,),
            look=TIME_LEFT,
        ),
        lines(
            "Balance over time",
            (latest(BILLING_BALANCE), "{{target}} {{currency}}"),
            of=(BILLING_BALANCE,),
            look=MONEY,
            note=_CURRENCY,
        ),
        lines(
            "Spent within a rolling window",
            (latest(BILLING_SPEND), "{{target}} {{window}} {{currency}}"),
            of=(BILLING_SPEND,),
            look=MONEY,
            note=_CURRENCY,
        ),
        lines(
            "Saved by the KV cache",
            (latest(BILLING_CACHE_SAVINGS), "{{target}} {{window}} {{currency}}"),
            of=(BILLING_CACHE_SAVINGS,),
            look=MONEY,
            note=_CURRENCY,
            size=(8, 8),
        ),
        lines(
            "Share that the KV cache saved",
            (latest(BILLING_CACHE_SAVING_RATIO), "{{target}}"),
            of=(BILLING_CACHE_SAVING_RATIO,),
            look=SHARE,
            size=(8, 8),
        ),
        lines(
            "Transactions by status",
            (latest(TRANSACTIONS), "{{target}} {{status}}"),
            of=(TRANSACTIONS,),
            look=COUNT,
            size=(8, 8),
        ),
    ),
)

_USAGE: Row = (
    "Usage",
    (
        lines(
            "Tokens billed today",
            (latest(USAGE_TODAY_TOKENS), "{{model}} {{kind}}"),
            of=(USAGE_TODAY_TOKENS,),
            look=COUNT,
        ),
        lines(
            "Requests billed today",
            (latest(USAGE_TODAY_REQUESTS), "{{model}}"),
            of=(USAGE_TODAY_REQUESTS,),
            look=COUNT,
        ),
    ),
)

_PRICES: Row = (
    "Prices",
    (
        rows(
            "Price of a million tokens",
            f"1e6 * {latest(MODEL_PRICE_PER_TOKEN)}",
            of=(MODEL_PRICE_PER_TOKEN,),
            columns={
                "model": "Model",
                "kind": "Kind",
                "currency": "Currency",
                "Value": "Price",
            },
            look=Look(unit="none", decimals=3),
            note="The metric tells the price of one token.",
        ),
        rows(
            "Price of a GPU for an hour",
            latest(GPU_PRICE_PER_HOUR),
            of=(GPU_PRICE_PER_HOUR,),
            columns={
                "gpu_type": "GPU",
                "cloud_provider": "Provider",
                "currency": "Currency",
                "Value": "Price",
            },
            look=MONEY,
        ),
        bars(
            "Changes of price",
            (
                grew(MODEL_PRICE_CHANGES, by=("model", "kind"), window=STEP),
                "{{model}} {{kind}}",
            ),
            of=(MODEL_PRICE_CHANGES,),
            look=COUNT,
        ),
        value(
            "Prices are of a plausible size",
            (latest(PRICE_UNIT_PLAUSIBLE), "{{target}} {{unit}}"),
            of=(PRICE_UNIT_PLAUSIBLE,),
            look=yes_or_no("plausible", "not plausible"),
            note="If not, `price_unit` is wrong, and canaries are paid for in the "
            "ledger at a millionth or a million times their price.",
            size=(12, 8),
        ),
    ),
)


def board() -> dashboard.Dashboard:
    """Return the dashboard."""
    return framed(
        "money",
        "money",
        "How long the credit lasts, what is spent on what, and what watching costs.",
        _ACCOUNT,
        _USAGE,
        _PRICES,
        CANARIES,
        events=(PRICES,),
        shows="now-7d",
    )
