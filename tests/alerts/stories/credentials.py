"""API keys and tokens that are refused."""

from collections.abc import Callable, Iterator

from tests.alerts.promtool import Fires, Series, Story
from tm_exporter.catalog import (
    CANARY_COST_USD,
    CONTROL_PLANE_TOKEN_VALID,
    PROBE_FAILURES,
    PROBE_INTERVAL_SECONDS,
    PROBE_LAST_RUN_TIMESTAMP_SECONDS,
    PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS,
    PROBE_SUCCESS,
    Family,
)


SERVERLESS = {"target": "serverless", "surface": "serverless"}
ON_DEMAND = {"target": "nebius", "surface": "on_demand"}
STAGING = {"target": "staging", "surface": "serverless"}
ACCOUNT = {"target": "account", "surface": "control_plane"}
KEY_INVALID = "TensormeshApiKeyInvalid"
TOKEN_INVALID = "TensormeshControlPlaneTokenInvalid"

MINUTES = 60

Good = Callable[[int], bool]
"""Whether the run of a minute passed; else it was refused."""


def always(_: int) -> bool:
    """Every run passed."""
    return True


def never(_: int) -> bool:
    """Every run was refused."""
    return False


def canary(
    target: dict[str, str],
    model: str,
    good: Good,
    *,
    every: int = 2,
    first: int = 1,
    paid: bool = True,
) -> Iterator[Series]:
    """Yield what a probe told that ran every so many minutes."""
    labels = {**target, "probe": f"every{every}", "model": model}
    runs = range(first, MINUTES, every)

    def each_minute(family: Family, value: Callable[[list[int]], str]) -> Series:
        values = (value([r for r in runs if r <= now]) for now in range(MINUTES + 1))
        return Series(family, labels, " ".join(values))

    def newest(done: list[int]) -> str:
        return str(done[-1] * 60) if done else "_"

    yield each_minute(PROBE_SUCCESS, lambda d: str(int(good(d[-1]))) if d else "_")
    yield each_minute(PROBE_LAST_RUN_TIMESTAMP_SECONDS, newest)
    yield each_minute(
        PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS, lambda d: newest([*filter(good, d)])
    )
    yield each_minute(PROBE_INTERVAL_SECONDS, lambda _: str(every * 60))
    refused = each_minute(PROBE_FAILURES, lambda d: str(sum(not good(r) for r in d)))
    yield Series(PROBE_FAILURES, {**labels, "reason": "auth"}, refused.values)
    if paid:
        yield each_minute(CANARY_COST_USD, lambda d: str(len(d)))


def between(start: int, end: int) -> Good:
    """Return a key that is refused between two minutes."""
    return lambda minute: not start <= minute < end


STORIES = (
    Story(
        name="a key is revoked, and replaced half an hour later",
        series=(
            *canary(SERVERLESS, "a", between(10, 40)),
            *canary(SERVERLESS, "b", between(10, 40), first=2),
            *canary(SERVERLESS, "a", between(10, 40), every=10, first=3),
            *canary(SERVERLESS, "a", between(10, 40), every=60, first=12),
            *canary(STAGING, "a", always),
        ),
        expects=(
            Fires(KEY_INVALID, "10m30s"),
            Fires(KEY_INVALID, "13m", [{**SERVERLESS, "severity": "critical"}]),
            Fires(KEY_INVALID, "39m", [SERVERLESS]),
            Fires(KEY_INVALID, "43m"),
        ),
    ),
    Story(
        name="a key is not good for one model of three",
        series=(
            *canary(SERVERLESS, "a", always),
            *canary(SERVERLESS, "b", always, first=2),
            *canary(SERVERLESS, "c", never),
            *canary(SERVERLESS, "c", never, every=10),
        ),
        expects=(Fires(KEY_INVALID, "1h"),),
        no_pages=("1h",),
    ),
    Story(
        name="a key loses one model of three",
        series=(
            *canary(SERVERLESS, "a", always, every=10, first=9),
            *canary(SERVERLESS, "b", always, every=10, first=5),
            *canary(SERVERLESS, "c", between(20, 60), every=2),
        ),
        expects=(Fires(KEY_INVALID, "1h"),),
        no_pages=("1h",),
    ),
    Story(
        name="one run is refused",
        series=tuple(canary(SERVERLESS, "a", between(21, 22))),
        expects=(Fires(KEY_INVALID, "30m"),),
        no_pages=("1h",),
    ),
    Story(
        name="a key was never any good",
        series=tuple(canary(SERVERLESS, "a", never)),
        expects=(Fires(KEY_INVALID, "4m", [SERVERLESS]),),
    ),
    Story(
        name="a key is revoked where nothing is paid for",
        series=(
            *canary(ON_DEMAND, "", between(10, 60), every=1, paid=False),
            *canary(SERVERLESS, "a", always),
        ),
        expects=(Fires(KEY_INVALID, "13m", [ON_DEMAND]),),
    ),
    Story(
        name="the Control Plane refuses the token",
        series=(
            *canary(SERVERLESS, "a", always),
            *canary(ACCOUNT, "", between(10, 40), every=1, paid=False),
            Series(CONTROL_PLANE_TOKEN_VALID, ACCOUNT, "1x9 0x29 1x30"),
        ),
        expects=(
            Fires(TOKEN_INVALID, "10m"),
            Fires(TOKEN_INVALID, "15m", [{**ACCOUNT, "severity": "warning"}]),
            Fires(TOKEN_INVALID, "41m"),
        ),
        no_pages=("1h",),
    ),
    Story(
        name="the Control Plane refuses the token once",
        series=(Series(CONTROL_PLANE_TOKEN_VALID, ACCOUNT, "1x9 0 0 1x40"),),
        expects=(Fires(TOKEN_INVALID, "15m"),),
    ),
)
