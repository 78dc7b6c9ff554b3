"""A service that answers, and not as it should."""

from dataclasses import replace

from tests.alerts.promtool import Fires, Series, Story
from tests.alerts.watching import (
    Happening,
    Watched,
    at_minutes,
    between,
    every,
    healthy,
    told,
)
from tm_exporter import catalog


THROTTLED = "TensormeshThrottled"
STREAM = "TensormeshStreamBroken"
KV_CACHE = "TensormeshKvCacheNotEffective"
FAILING = "TensormeshProbeFailing"
INTERNAL = "TensormeshProbeInternalFailures"
WRONG = "TensormeshWrongModel"
IDENTITY = "TensormeshModelIdentityChanged"

TARGET = {"target": "serverless", "surface": "serverless"}
MODEL = {**TARGET, "model": "m"}
PROBE = {**MODEL, "probe": "chat_stream"}
CONTROL = {"target": "account", "surface": "control_plane"}

CHAT = Watched(interval=120)
HOURLY = Watched(probe="responses", interval=3600, availability=None)
KV = Watched(probe="kv_cache", interval=1800, availability=None)


def _storm(start: float, end: float) -> Happening:
    """Return a storm of refusals that each ask to wait for five minutes."""

    def happens(time: float) -> str:
        minute = time / 60 - start
        if not 0 < minute <= end - start:
            return ""
        return "throttled" if minute % 6 == 2 else "skipped:throttled"

    return happens


STORIES = (
    Story(
        name="a storm of 429, each with a wait of five minutes",
        series=told(CHAT, 120, _storm(60, 120)),
        expects=(
            Fires(THROTTLED, "68m"),
            Fires(
                THROTTLED,
                "77m",
                (
                    {**MODEL, "severity": "critical"},
                    {**MODEL, "severity": "warning"},
                ),
            ),
            Fires(FAILING, "2h"),
        ),
        no_pages=("73m",),
    ),
    Story(
        name="a third of the attempts throttled is a ticket",
        series=told(CHAT, 120, every(6, 1, "throttled")),
        expects=(
            Fires(THROTTLED, "13m"),
            Fires(THROTTLED, "40m", ({**MODEL, "severity": "warning"},)),
        ),
        no_pages=("2h",),
    ),
    Story(
        name="the exporter starts in a storm: first it has to last",
        series=told(CHAT, 60, between(-1, 60, "throttled")),
        expects=(
            Fires(THROTTLED, "10m", ({**MODEL, "severity": "warning"},)),
            Fires(
                THROTTLED,
                "20m",
                (
                    {**MODEL, "severity": "critical"},
                    {**MODEL, "severity": "warning"},
                ),
            ),
        ),
        no_pages=("14m",),
    ),
    Story(
        name="one throttled run of a slow probe is nothing",
        series=told(HOURLY, 180, at_minutes("throttled", 60)),
        expects=(Fires(THROTTLED, "61m"), Fires(THROTTLED, "3h")),
        no_pages=("3h",),
    ),
    Story(
        name="the Control Plane throttles: a ticket at the most",
        series=told(
            Watched(
                target="account",
                surface="control_plane",
                probe="balance",
                model="",
                paid=False,
                interval=120,
            ),
            90,
            between(0, 90, "throttled"),
        ),
        expects=(Fires(THROTTLED, "60m", ({**CONTROL, "severity": "warning"},)),),
        no_pages=("90m",),
    ),
    Story(
        name="streams without their end, three in half an hour",
        series=[
            Series(
                catalog.CANARY_STREAM_VIOLATIONS,
                {**PROBE, "kind": "no_done"},
                "0x29 1x9 2x9 3x60",
            ),
            Series(catalog.PROBE_INTERVAL_SECONDS, PROBE, "120x120"),
        ],
        expects=(
            Fires(STREAM, "49m"),
            Fires(STREAM, "50m", (PROBE,), starts=True),
            Fires(STREAM, "90m"),
        ),
    ),
    Story(
        name="streams of an hourly probe that lack their end",
        series=[
            Series(
                catalog.CANARY_STREAM_VIOLATIONS,
                {**PROBE, "kind": "no_done"},
                "0x59 1x59 2x59 3x60",
            ),
            Series(catalog.PROBE_INTERVAL_SECONDS, PROBE, "3600x240"),
        ],
        expects=(Fires(STREAM, "2h"), Fires(STREAM, "3h", (PROBE,), starts=True)),
    ),
    Story(
        name="streams that are buffered are slow, not broken",
        series=[
            Series(catalog.CANARY_STREAM_VIOLATIONS, {**PROBE, "kind": kind}, "0+1x60")
            for kind in ("buffered", "long_gap", "usage_missing")
        ],
        expects=(Fires(STREAM, "1h"),),
    ),
    Story(
        name="the cache answers otherwise than expected",
        series=told(KV, 240, between(100, 150, "assertion")),
        expects=(
            Fires(KV_CACHE, "119m"),
            Fires(KV_CACHE, "2h", ({**MODEL, "probe": "kv_cache"},), starts=True),
            Fires(KV_CACHE, "4h"),
            Fires(FAILING, "4h"),
        ),
        no_pages=("4h",),
    ),
    Story(
        name="a cache canary of another name that fails for long is one ticket",
        series=[
            *told(replace(KV, probe="cache"), 240, between(100, 240, "assertion")),
            Series(
                catalog.CACHE_CANARY_DETAILS_AVAILABLE,
                {**MODEL, "probe": "cache"},
                "1x240",
            ),
        ],
        expects=(
            Fires(KV_CACHE, "4h", ({**MODEL, "probe": "cache"},)),
            Fires(FAILING, "4h"),
        ),
    ),
    Story(
        name="a cache canary that times out says nothing of the cache",
        series=told(KV, 240, between(100, 240, "timeout")),
        expects=(
            Fires(KV_CACHE, "4h"),
            Fires(FAILING, "4h", ({**MODEL, "probe": "kv_cache"},)),
        ),
    ),
    Story(
        name="an hourly probe without an objective fails three times",
        series=[
            *told(HOURLY, 300, between(60, 300, "server_error")),
            *told(CHAT, 300, healthy),
        ],
        expects=(
            Fires(FAILING, "239m"),
            Fires(FAILING, "4h", ({**MODEL, "probe": "responses"},), starts=True),
        ),
        no_pages=("5h",),
    ),
    Story(
        name="what has an objective, or lacks a listed model, has another alert",
        series=[
            *told(CHAT, 60, between(10, 60, "server_error")),
            *told(
                replace(HOURLY, probe="models", model="", paid=False, interval=60),
                60,
                between(10, 60, "assertion"),
            ),
        ],
        expects=(Fires(FAILING, "1h"),),
    ),
    Story(
        name="the exporter itself fails",
        series=told(CHAT, 120, at_minutes("internal", 30)),
        expects=(
            Fires(INTERNAL, "30m", (PROBE,), starts=True),
            Fires(INTERNAL, "2h"),
        ),
        no_pages=("2h",),
    ),
    Story(
        name="another model answers",
        series=told(CHAT, 120, at_minutes("wrong_model", 30)),
        expects=(Fires(WRONG, "30m", (PROBE,), starts=True), Fires(WRONG, "2h")),
        no_pages=("2h",),
    ),
    Story(
        name="a model has another fingerprint",
        series=[
            Series(
                catalog.MODEL_IDENTITY_CHANGES,
                {**MODEL, "field": "system_fingerprint"},
                "0x29 1x90",
            )
        ],
        expects=(
            Fires(IDENTITY, "29m"),
            Fires(IDENTITY, "30m", (MODEL,)),
            Fires(IDENTITY, "2h"),
        ),
        no_pages=("2h",),
    ),
)
