"""Credentials that expire, over a week. Time begins on Thursday, 1 January 1970."""

from tests.alerts.promtool import Fires, Series, Story
from tm_exporter.catalog import (
    API_KEY_EXPIRY_TIMESTAMP_SECONDS,
    CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS,
)


EVALUATION = "30m"

STEP = "5m"

DAY = 86_400
STEPS_A_DAY = DAY // 300

ACCOUNT = {"target": "account", "surface": "control_plane"}
WARNING = {"severity": "warning"}
TOKEN_EXPIRES = "TensormeshControlPlaneTokenExpires"
KEY_EXPIRES = "TensormeshApiKeyExpires"


def _token(expires: float, days: float) -> Series:
    """Return a token's expiry, in days of this story, told for some days."""
    values = f"{expires * DAY:.0f}x{days * STEPS_A_DAY:.0f}"
    return Series(CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS, ACCOUNT, values)


STORIES = (
    Story(
        name="a token dies on Friday noon: 72 hours are told",
        step=STEP,
        series=(_token(8.5, 8.4),),
        expects=(
            Fires(TOKEN_EXPIRES, "5d12h"),
            Fires(TOKEN_EXPIRES, "5d13h", [{**ACCOUNT, **WARNING}]),
            Fires(TOKEN_EXPIRES, "8d", [ACCOUNT]),
        ),
        no_pages=("8d",),
    ),
    Story(
        name="a token dies on Monday noon: Thursday and Friday remain to act",
        step=STEP,
        series=(_token(4.5, 2),),
        expects=(
            Fires(TOKEN_EXPIRES, "12h"),
            Fires(TOKEN_EXPIRES, "13h", [{**ACCOUNT, **WARNING}]),
            Fires(TOKEN_EXPIRES, "1d12h", [ACCOUNT]),
        ),
    ),
    Story(
        name="a token dies on Sunday noon: it is told on Thursday morning",
        step=STEP,
        series=(_token(10.5, 8),),
        expects=(
            Fires(TOKEN_EXPIRES, "6d23h"),
            Fires(TOKEN_EXPIRES, "7d1h", [ACCOUNT]),
        ),
    ),
    Story(
        name="a token lives for an hour and is renewed in time",
        step=STEP,
        series=(
            Series(
                CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS,
                ACCOUNT,
                " ".join(str((i // 10 + 1) * 3000 + 600) for i in range(300)),
            ),
        ),
        expects=(Fires(TOKEN_EXPIRES, "12h"), Fires(TOKEN_EXPIRES, "1d")),
    ),
    Story(
        name="one API key of two expires",
        step=STEP,
        series=(
            Series(
                API_KEY_EXPIRY_TIMESTAMP_SECONDS,
                {**ACCOUNT, "key": "old"},
                f"{7.5 * DAY:.0f}x{2 * STEPS_A_DAY}",
            ),
            Series(
                API_KEY_EXPIRY_TIMESTAMP_SECONDS,
                {**ACCOUNT, "key": "new"},
                f"{300 * DAY}x{2 * STEPS_A_DAY}",
            ),
            Series(
                API_KEY_EXPIRY_TIMESTAMP_SECONDS,
                {**ACCOUNT, "key": "forgotten"},
                f"{-2 * DAY}x{2 * STEPS_A_DAY}",
            ),
        ),
        expects=(
            Fires(KEY_EXPIRES, "12h"),
            Fires(KEY_EXPIRES, "13h", [{**ACCOUNT, "key": "old"}]),
        ),
        no_pages=("1d",),
    ),
)
