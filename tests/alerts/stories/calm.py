"""Two days in which the account and the exporter are as they should be."""

import random

from tests.alerts.promtool import Fires, Series, Story
from tm_exporter.alerts import (
    account,
    credentials,
    exporter,
    incidents,
    instances,
    offers,
    prices,
)
from tm_exporter.alerts.overrides import alerts_of
from tm_exporter.catalog import (
    API_KEY_EXPIRY_TIMESTAMP_SECONDS,
    BILLING_BALANCE,
    BILLING_CACHE_SAVING_RATIO,
    BILLING_CARD_EXPIRY_TIMESTAMP_SECONDS,
    BILLING_CARD_ON_FILE,
    BILLING_RUNWAY_SECONDS,
    CANARY_BUDGET_LIMIT_USD,
    CANARY_BUDGET_REMAINING_USD,
    CATALOG_MISMATCH,
    CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS,
    CONTROL_PLANE_TOKEN_VALID,
    DEPLOYMENT_HEALTHY,
    DEPLOYMENT_INFO,
    DEPLOYMENT_REPLICAS,
    DIAGNOSIS,
    EXPORTER_CONFIG_LAST_RELOAD_SUCCESSFUL,
    EXPORTER_LABEL_OVERFLOW,
    EXPORTER_LEADER,
    EXPORTER_LEDGER_HEALTHY,
    EXPORTER_LOG_LINES_DROPPED,
    EXPORTER_MEASUREMENTS_DISCARDED,
    EXPORTER_SHARD_INFO,
    EXPORTER_SHARDS,
    MODEL_PRICE_CHANGES,
    MODEL_PRICE_PER_TOKEN,
    PRICE_UNIT_PLAUSIBLE,
    PROBE_FAILURES,
    PROBE_INTERVAL_SECONDS,
    PROBE_SKIPPED,
    RECONCILIATION_DRIFT_RATIO,
    TARGET_ACCOUNT_INFO,
    TARGET_INFO,
    Family,
)


EVALUATION = STEP = "5m"

STEPS = 2 * 24 * 12

ACCOUNT = {"target": "account", "surface": "control_plane"}
SERVERLESS = {"target": "serverless", "surface": "serverless"}
CHAT = {**SERVERLESS, "probe": "chat_stream", "model": "m"}
DEPLOYMENT = {**ACCOUNT, "deployment_id": "d1"}

_MODULES = (account, credentials, exporter, incidents, instances, offers, prices)

ALWAYS = {"TensormeshWatchdog"}
MINE = {
    alert.name for module in _MODULES for alert in alerts_of(module.GROUPS)
} - ALWAYS


def noisy(mean: float, swing: float, seed: int) -> str:
    """Return two days of values about a mean."""
    chance = random.Random(seed)  # noqa: S311  # noise, the same in every run
    return " ".join(f"{mean + chance.uniform(-swing, swing):.6g}" for _ in range(STEPS))


def steady(family: Family, value: str, /, **labels: str) -> Series:
    """Return a series that stays as it is."""
    return Series(family, labels, f"{value}x{STEPS}")


_ACCOUNT = (
    steady(TARGET_INFO, "1", **ACCOUNT),
    steady(TARGET_ACCOUNT_INFO, "1", **SERVERLESS, account="account"),
    steady(PROBE_INTERVAL_SECONDS, "300", **ACCOUNT, probe="balance"),
    Series(BILLING_BALANCE, {**ACCOUNT, "currency": "USD"}, f"500-0.1x{STEPS}"),
    Series(BILLING_RUNWAY_SECONDS, ACCOUNT, noisy(1_700_000, 400_000, 1)),
    Series(BILLING_CACHE_SAVING_RATIO, ACCOUNT, noisy(0.4, 0.01, 2)),
    steady(BILLING_CARD_ON_FILE, "1", **ACCOUNT),
    steady(BILLING_CARD_EXPIRY_TIMESTAMP_SECONDS, "9000000", **ACCOUNT),
    steady(MODEL_PRICE_CHANGES, "0", **ACCOUNT, model="m", kind="input"),
    steady(
        MODEL_PRICE_PER_TOKEN,
        "0.000001",
        **ACCOUNT,
        model="m",
        kind="input",
        currency="USD",
    ),
    steady(PRICE_UNIT_PLAUSIBLE, "1", **ACCOUNT, unit="per_million"),
    Series(RECONCILIATION_DRIFT_RATIO, ACCOUNT, noisy(0, 0.03, 3)),
    steady(CONTROL_PLANE_TOKEN_VALID, "1", **ACCOUNT),
    steady(CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS, "900000", **ACCOUNT),
    steady(API_KEY_EXPIRY_TIMESTAMP_SECONDS, "9000000", **ACCOUNT, key="k"),
    steady(DEPLOYMENT_HEALTHY, "1", **DEPLOYMENT),
    steady(DEPLOYMENT_REPLICAS, "2", **DEPLOYMENT),
    steady(DEPLOYMENT_INFO, "1", **DEPLOYMENT, model_name="m"),
)
_EXPORTER = (
    steady(EXPORTER_CONFIG_LAST_RELOAD_SUCCESSFUL, "1"),
    steady(EXPORTER_LEADER, "1"),
    steady(EXPORTER_SHARD_INFO, "1", index="0", total="1"),
    steady(EXPORTER_SHARDS, "1"),
    steady(EXPORTER_LEDGER_HEALTHY, "1"),
    steady(EXPORTER_LABEL_OVERFLOW, "0", family="x"),
    steady(EXPORTER_LOG_LINES_DROPPED, "0"),
    Series(EXPORTER_MEASUREMENTS_DISCARDED, {"reason": "loop_lag"}, f"0+0.2x{STEPS}"),
    steady(CANARY_BUDGET_LIMIT_USD, "1", window="day"),
    Series(
        CANARY_BUDGET_REMAINING_USD,
        {"window": "day"},
        f"1-0.0034x{STEPS // 2} 1-0.0034x{STEPS // 2}",
    ),
    steady(PROBE_SKIPPED, "0", **CHAT, reason="budget"),
    steady(DIAGNOSIS, "0", **SERVERLESS, model="", verdict="network_local"),
    Series(PROBE_FAILURES, {**CHAT, "reason": "auth"}, f"0x100 1x400 2x{STEPS}"),
    Series(
        CATALOG_MISMATCH,
        {**SERVERLESS, "model": "m2", "kind": "priced_not_served"},
        "_x50 1 1 stale",
    ),
)

STORIES = (
    Story(
        name="two days without an incident",
        step=STEP,
        series=(*_ACCOUNT, *_EXPORTER),
        expects=[Fires(name, at) for name in sorted(MINE) for at in ("1h", "1d", "2d")],
        no_pages=("2d",),
    ),
)
