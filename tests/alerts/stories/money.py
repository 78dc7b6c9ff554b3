"""Credit, bill and price list, over hours and a day."""

from tests.alerts.promtool import Fires, Series, Story
from tm_exporter.catalog import (
    BILLING_BALANCE,
    BILLING_CARD_EXPIRY_TIMESTAMP_SECONDS,
    BILLING_CARD_ON_FILE,
    BILLING_RUNWAY_SECONDS,
    EXPORTER_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS,
    MODEL_PRICE_CHANGES,
    MODEL_PRICE_PER_TOKEN,
    PRICE_UNIT_PLAUSIBLE,
    PROBE_INTERVAL_SECONDS,
    RECONCILIATION_DRIFT_RATIO,
    TARGET_ACCOUNT_INFO,
    TARGET_INFO,
    USAGE_TODAY_TOKENS,
    Family,
)


EVALUATION = STEP = "5m"

HOUR = 12
"""Steps of an hour."""

DAY = 24 * HOUR

ACCOUNT = {"target": "account", "surface": "control_plane"}
OTHER = {"target": "other", "surface": "control_plane"}
SERVERLESS = {"target": "serverless", "surface": "serverless"}
STAGING = {"target": "staging", "surface": "serverless"}
USD = {"currency": "USD"}
PRICE = {"model": "gpt-oss", "kind": "output"}
CRITICAL = {"severity": "critical"}
WARNING = {"severity": "warning"}


def told(family: Family, values: str, **labels: str) -> Series:
    """Return what the Control Plane told of the account."""
    return Series(family, {**ACCOUNT, **labels}, values)


def watched(steps: int) -> tuple[Series, ...]:
    """Return what is there while the account is configured."""
    return (
        told(TARGET_INFO, f"1x{steps}"),
        told(PROBE_INTERVAL_SECONDS, f"300x{steps}", probe="balance"),
    )


STORIES = (
    Story(
        name="the credit ends, and is topped up",
        step=STEP,
        series=(
            told(BILLING_BALANCE, "4 2 0 -1 -1 -1 50x12", **USD),
            told(BILLING_RUNWAY_SECONDS, "900 450 0 0 0 0 9e6x12"),
            Series(BILLING_BALANCE, {**OTHER, **USD}, "5x20"),
            Series(TARGET_ACCOUNT_INFO, {**SERVERLESS, "account": "account"}, "1x20"),
            Series(TARGET_ACCOUNT_INFO, {**STAGING, "account": "other"}, "1x20"),
        ),
        expects=(
            Fires(
                "TensormeshBalanceEmpty",
                "15m",
                [{**ACCOUNT, **USD, **CRITICAL}],
                starts=True,
            ),
            Fires("TensormeshTargetUnpaid", "15m", [{**SERVERLESS}], starts=True),
            Fires("TensormeshRunwayShort", "25m"),
            Fires("TensormeshBalanceEmpty", "30m"),
            Fires("TensormeshTargetUnpaid", "30m"),
        ),
    ),
    Story(
        name="spending grows until the credit is short",
        step=STEP,
        series=(
            told(
                BILLING_RUNWAY_SECONDS,
                "Inf Inf Inf Inf Inf Inf Inf 2e6x4 500000x11 80000x12",
            ),
        ),
        expects=(
            Fires("TensormeshRunwayShort", "1h25m"),
            Fires("TensormeshRunwayShort", "1h30m", [{**ACCOUNT, **WARNING}]),
            Fires(
                "TensormeshRunwayShort",
                "2h15m",
                [{**ACCOUNT, **WARNING}, {**ACCOUNT, **CRITICAL}],
            ),
        ),
        no_pages=("1h", "2h"),
    ),
    Story(
        name="a burst makes the runway short for ten minutes",
        step=STEP,
        series=(told(BILLING_RUNWAY_SECONDS, "2000000x5 80000x1 2000000x12"),),
        expects=(Fires("TensormeshRunwayShort", "40m"),),
        no_pages=("30m", "40m", "50m"),
    ),
    Story(
        name="the Control Plane goes silent while the credit lasts",
        step=STEP,
        series=(
            *watched(60),
            told(BILLING_BALANCE, "500x12 stale", **USD),
            told(BILLING_RUNWAY_SECONDS, "2000000x12 stale"),
        ),
        expects=(
            Fires("TensormeshMoneyUnwatched", "1h"),
            Fires("TensormeshMoneyUnwatched", "1h35m", [WARNING], starts=True),
        ),
        no_pages=("1h", "2h", "4h"),
    ),
    Story(
        name="the Control Plane goes silent with credit for a day and an hour",
        step=STEP,
        series=(
            *watched(60),
            told(BILLING_BALANCE, "5x12 stale", **USD),
            told(BILLING_RUNWAY_SECONDS, "90000x12 stale"),
        ),
        expects=(
            Fires("TensormeshMoneyUnwatched", "2h20m", [WARNING, CRITICAL]),
            Fires("TensormeshMoneyUnwatched", "2h10m", [WARNING]),
        ),
    ),
    Story(
        name="the token was never any good",
        step=STEP,
        series=watched(30),
        expects=(Fires("TensormeshMoneyUnwatched", "30m", [WARNING], starts=True),),
        no_pages=("1h", "2h"),
    ),
    Story(
        name="an account is taken out of the configuration",
        step=STEP,
        series=(
            told(TARGET_INFO, "1x12 stale"),
            Series(
                EXPORTER_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS,
                {},
                "0x12 3900x60",
            ),
            told(BILLING_BALANCE, "500x12 stale", **USD),
            told(BILLING_RUNWAY_SECONDS, "80000 80000 900000x10 stale"),
        ),
        expects=(
            Fires("TensormeshMoneyUnwatched", "1h40m"),
            Fires("TensormeshMoneyUnwatched", "3h"),
        ),
    ),
    Story(
        name="a price doubles, and the exporter restarts",
        step=STEP,
        series=(
            told(MODEL_PRICE_CHANGES, f"0x12 1x36 0x{2 * DAY}", **PRICE),
            told(MODEL_PRICE_CHANGES, f"0x{2 * DAY}", model="gpt-oss", kind="input"),
            told(MODEL_PRICE_PER_TOKEN, f"1e-6x12 2e-6x{2 * DAY}", **PRICE, **USD),
            told(USAGE_TODAY_TOKENS, f"1000000x{2 * DAY}", **PRICE),
        ),
        expects=(
            Fires("TensormeshPriceChanged", "1h"),
            Fires("TensormeshPriceChanged", "1h5m", [{**ACCOUNT, **PRICE}]),
            Fires("TensormeshPriceChanged", "6h", [{**ACCOUNT, **PRICE}]),
            Fires("TensormeshPriceChanged", "1d2h"),
        ),
    ),
    Story(
        name="a price changed while the exporter was down",
        step=STEP,
        series=(told(MODEL_PRICE_CHANGES, f"_x12 1x{2 * DAY}", **PRICE),),
        expects=(
            Fires("TensormeshPriceChanged", "1h5m", [{**ACCOUNT, **PRICE}]),
            Fires("TensormeshPriceChanged", "1d2h"),
        ),
    ),
    Story(
        name="a price changed long ago, and was not scraped for a while yesterday",
        step=STEP,
        series=(
            told(MODEL_PRICE_CHANGES, f"0x6 1x{DAY} stale _x5 1x{2 * DAY}", **PRICE),
        ),
        expects=(
            Fires("TensormeshPriceChanged", "1h", [{**ACCOUNT, **PRICE}]),
            *(Fires("TensormeshPriceChanged", f"2d{hour}h") for hour in (1, 2, 3)),
        ),
    ),
    Story(
        name="prices are read in the wrong unit",
        step=STEP,
        series=(
            told(PRICE_UNIT_PLAUSIBLE, "0x24", unit="per_token"),
            Series(PRICE_UNIT_PLAUSIBLE, {**OTHER, "unit": "per_million"}, "1x24"),
        ),
        expects=(
            Fires("TensormeshPriceUnitImplausible", "55m"),
            Fires("TensormeshPriceUnitImplausible", "1h", [ACCOUNT]),
        ),
    ),
    Story(
        name="the bill is not what was used",
        step=STEP,
        series=(
            told(RECONCILIATION_DRIFT_RATIO, "0.01x12 0.2x24"),
            Series(RECONCILIATION_DRIFT_RATIO, OTHER, "-0.3x36"),
        ),
        expects=(
            Fires("TensormeshReconciliationDrift", "55m"),
            Fires("TensormeshReconciliationDrift", "1h", [OTHER]),
            Fires("TensormeshReconciliationDrift", "2h5m", [ACCOUNT, OTHER]),
        ),
    ),
    Story(
        name="the card expires",
        step=STEP,
        series=(
            told(BILLING_CARD_ON_FILE, f"1x{14 * HOUR - 1} 0x30"),
            told(
                BILLING_CARD_EXPIRY_TIMESTAMP_SECONDS,
                f"{14 * 3600}x{14 * HOUR + 30}",
            ),
            Series(BILLING_CARD_ON_FILE, OTHER, "1x200"),
            Series(BILLING_CARD_EXPIRY_TIMESTAMP_SECONDS, OTHER, "2e9x200"),
        ),
        expects=(
            Fires("TensormeshCardExpires", "55m"),
            Fires("TensormeshCardExpires", "1h", [ACCOUNT]),
            Fires("TensormeshCardExpires", "14h5m"),
            Fires("TensormeshCardMissing", "14h"),
            Fires("TensormeshCardMissing", "15h", [ACCOUNT], starts=True),
        ),
        no_pages=("15h",),
    ),
)
