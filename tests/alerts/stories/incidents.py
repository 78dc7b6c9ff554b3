"""An incident that another alert tells of, and what burns on after its end."""

from tests.alerts.promtool import Fires, Series, Story
from tests.alerts.stories.credentials import (
    KEY_INVALID,
    SERVERLESS,
    STAGING,
    always,
    between,
    canary,
)
from tests.alerts.stories.surface import VANISHED
from tm_exporter.catalog import MODEL_LISTED, PROBE_CONSECUTIVE_FAILURES


KNOWN = "TensormeshIncidentKnown"

_MODEL = {**SERVERLESS, "model": "m"}

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
    Story(
        name="so is that of a model, of this one alone",
        series=(
            Series(MODEL_LISTED, _MODEL, "1x9 0x9 1x40"),
            Series(
                PROBE_CONSECUTIVE_FAILURES,
                {**_MODEL, "probe": "chat_stream"},
                "0x9 1 2 3x7 0x40",
            ),
            Series(MODEL_LISTED, {**_MODEL, "model": "another"}, "1x9 0x9 1x40"),
        ),
        expects=(
            Fires(KNOWN, "12m"),
            Fires(
                VANISHED,
                "14m",
                [{**_MODEL, "severity": level} for level in ("critical", "warning")]
                + [{**_MODEL, "model": "another", "severity": "warning"}],
            ),
            Fires(KNOWN, "15m", [{**_MODEL, "severity": "none"}]),
            Fires(VANISHED, "20m"),
            Fires(KNOWN, "53m", [_MODEL]),
            Fires(KNOWN, "59m"),
        ),
    ),
)
