"""The canary budget over a day, which is the first of a month."""

from tests.alerts.promtool import Fires, Series, Story
from tm_exporter.catalog import CANARY_BUDGET_LIMIT_USD, CANARY_BUDGET_REMAINING_USD


EVALUATION = STEP = "5m"

LOW = "TensormeshCanaryBudgetLow"


def limit(values: str, window: str, **labels: str) -> Series:
    """Return what may be spent."""
    return Series(CANARY_BUDGET_LIMIT_USD, {"window": window, **labels}, values)


def left(values: str, window: str, **labels: str) -> Series:
    """Return what is left of it."""
    return Series(CANARY_BUDGET_REMAINING_USD, {"window": window, **labels}, values)


STORIES = (
    Story(
        name="the money of the day goes too fast",
        step=STEP,
        series=(
            limit("1x120", "day"),
            left("1x23 0.3x96", "day"),
            limit("31x120", "month"),
            left("30x120", "month"),
        ),
        expects=(
            Fires(LOW, "2h"),
            Fires(LOW, "3h", [{"window": "day", "severity": "warning"}], starts=True),
        ),
    ),
    Story(
        name="the money is spent as the clock goes",
        step=STEP,
        series=(
            limit("1x288", "day"),
            left("1-0.0034x288", "day"),
        ),
        expects=(Fires(LOW, "12h"), Fires(LOW, "23h")),
    ),
    Story(
        name="the money of the month is gone on its first day",
        step=STEP,
        series=(
            limit("31x120", "month"),
            left("0x120", "month"),
        ),
        expects=(Fires(LOW, "1h", [{"window": "month"}]),),
    ),
    Story(
        name="one of three shards has no money yet, and the others spend theirs slowly",
        step=STEP,
        series=(
            *(limit("1x120", "day", instance=f"shard-{n}") for n in range(3)),
            *(left("1x120", "day", instance=f"shard-{n}") for n in range(2)),
            left("0x120", "day", instance="shard-2"),
        ),
        expects=(Fires(LOW, "9h"),),
    ),
    Story(
        name="the money of all shards goes too fast, which is one thing to know",
        step=STEP,
        series=(
            *(limit("1x120", "day", instance=f"shard-{n}") for n in range(3)),
            *(left("0.3x120", "day", instance=f"shard-{n}") for n in range(3)),
        ),
        expects=(Fires(LOW, "2h", [{"window": "day"}]),),
    ),
)
