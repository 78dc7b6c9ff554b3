"""An incident that another alert tells of, and what burns on after its end."""

from tests.alerts.promtool import Fires, Story
from tests.alerts.stories.credentials import (
    KEY_INVALID,
    SERVERLESS,
    STAGING,
    always,
    between,
    canary,
)


KNOWN = "TensormeshIncidentKnown"

STORIES = (
    Story(
        name="an incident is known for 35 minutes more",
        series=(
            *canary(SERVERLESS, "a", between(10, 20)),
            *canary(STAGING, "a", always),
        ),
        expects=(
            Fires(KNOWN, "10m"),
            Fires(KEY_INVALID, "14m", [SERVERLESS]),
            Fires(KNOWN, "15m", [{**SERVERLESS, "severity": "none"}]),
            Fires(KEY_INVALID, "24m"),
            Fires(KNOWN, "54m", [SERVERLESS]),
            Fires(KNOWN, "60m"),
        ),
    ),
)
