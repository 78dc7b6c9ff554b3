"""What the KV cache saves, over nine days."""

import math

from tests.alerts.promtool import Fires, Series, Story
from tm_exporter.catalog import BILLING_CACHE_SAVING_RATIO


EVALUATION = "1h"  # a median of seven days is dear

STEP = "5m"
HOUR = 12
DAY = 24 * HOUR
ACCOUNT = {"target": "account", "surface": "control_plane"}


def told(values: str) -> Series:
    """Return what the Control Plane told of the account."""
    return Series(BILLING_CACHE_SAVING_RATIO, ACCOUNT, values)


_NOISE = " ".join(f"{0.6 + 0.02 * math.sin(i / 50):.4f}" for i in range(9 * DAY))

STORIES = (
    Story(
        name="the cache stops saving",
        step=STEP,
        series=(told(f"0.6x{7 * DAY - 1} 0.5x{2 * HOUR}"),),
        expects=(
            Fires("TensormeshCacheSavingCollapsed", "7d"),
            Fires("TensormeshCacheSavingCollapsed", "7d1h", [ACCOUNT]),
        ),
    ),
    Story(
        name="the cache saves as it does, a bit more and a bit less",
        step=STEP,
        series=(told(_NOISE),),
        expects=(
            Fires("TensormeshCacheSavingCollapsed", "8d"),
            Fires("TensormeshCacheSavingCollapsed", "8d12h"),
        ),
    ),
    Story(
        name="the cache is seen for two hours only",
        step=STEP,
        series=(told("0.6x12 0.1x24"),),
        expects=(Fires("TensormeshCacheSavingCollapsed", "3h"),),
    ),
)
