"""Surfaces and models that cannot be used, or that are gone."""

from collections.abc import Iterable
from dataclasses import replace

from tests.alerts.promtool import Fires, Labels, Series, Story
from tests.alerts.watching import Happening, Watched, between, healthy, told
from tm_exporter import catalog


DOWN = "TensormeshSurfaceDown"
VANISHED = "TensormeshModelVanished"
UNWATCHED = "TensormeshProbeVanished"

SERVERLESS = {"target": "serverless", "surface": "serverless"}
ON_DEMAND = {"target": "nebius", "surface": "on_demand"}
MODEL = {**SERVERLESS, "model": "m"}
MINUTES = 90

HEALTH = Watched(probe="health", model="", paid=False, availability=None, interval=15)
MODELS = replace(HEALTH, probe="models", interval=60)
VERSION = replace(HEALTH, probe="version", interval=300)
CHAT = Watched(interval=120)
HOURLY = Watched(probe="responses", interval=3600, availability=None)

OUTAGE = between(60, MINUTES, "server_error")


def _free(happening: Happening, where: Labels = SERVERLESS) -> list[Series]:
    """Return the free probes of a surface."""
    return _told((HEALTH, MODELS, VERSION), happening, where)


def _told(
    probes: Iterable[Watched], happening: Happening, where: Labels = SERVERLESS
) -> list[Series]:
    target, surface = where["target"], where["surface"]
    return [
        series
        for probe in probes
        for series in told(
            replace(probe, target=target, surface=surface), MINUTES, happening
        )
    ]


def _listed(until: int, model: str = "m") -> Series:
    """Return that a model is listed until a minute, and not after it."""
    values = ("1" if minute < until else "0" for minute in range(MINUTES + 1))
    labels = {**SERVERLESS, "model": model}
    return Series(catalog.MODEL_LISTED, labels, " ".join(values))


def _read(*minutes: int) -> Series:
    """Return when the configuration was read, the last time at these minutes."""
    last = (
        max((read for read in minutes if read <= minute), default=0)
        for minute in range(MINUTES + 1)
    )
    family = catalog.EXPORTER_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS
    return Series(family, {}, " ".join(f"{minute * 60}" for minute in last))


_GONE = replace(CHAT, end=70 * 60)

STORIES = (
    Story(
        name="nine models of a surface that is down make one alert of the surface",
        series=[
            *_free(OUTAGE),
            *_told((replace(CHAT, model=f"m{n}") for n in range(9)), OUTAGE),
            *_told((HOURLY,), healthy),
        ],
        expects=(
            Fires(DOWN, "60m"),
            Fires(DOWN, "64m", (SERVERLESS,), starts=True),
            Fires(DOWN, "90m", (SERVERLESS,)),
        ),
    ),
    Story(
        name="an On-Demand surface is down, unreachable, beside a healthy other one",
        series=[
            *_free(healthy),
            *_told((CHAT,), healthy),
            *_free(between(60, MINUTES, "connect_timeout"), ON_DEMAND),
            *_told((CHAT,), between(60, MINUTES, "connect_timeout"), ON_DEMAND),
        ],
        expects=(Fires(DOWN, "65m", (ON_DEMAND,)),),
    ),
    Story(
        name="without credentials, the three open routes tell",
        series=_free(OUTAGE),
        expects=(Fires(DOWN, "63m", (SERVERLESS,), starts=True),),
    ),
    Story(
        name="every canary fails, and /health passes",
        series=[*_free(healthy), *_told((CHAT, replace(CHAT, model="n")), OUTAGE)],
        expects=(Fires(DOWN, "68m", (SERVERLESS,), starts=True),),
    ),
    Story(
        name="one model of two fails: the surface is not down",
        series=[
            *_free(healthy),
            *_told((CHAT,), OUTAGE),
            *_told((replace(CHAT, model="n"),), healthy),
        ],
        expects=(Fires(DOWN, "90m"),),
        no_pages=("90m",),
    ),
    Story(
        name="/health fails alone",
        series=[
            *_told((HEALTH,), OUTAGE),
            *_told((MODELS, CHAT), healthy),
        ],
        expects=(Fires(DOWN, "90m"),),
        no_pages=("90m",),
    ),
    Story(
        name="a minute without an answer is not down",
        series=[
            *_free(between(60, 61.2, "connection_lost")),
            *_told((CHAT,), between(60, 62, "connection_lost")),
        ],
        expects=(Fires(DOWN, "62m"), Fires(DOWN, "64m")),
        no_pages=("90m",),
    ),
    Story(
        name="a revoked key is not the surface's fault",
        series=[
            *_free(healthy),
            *_told((CHAT,), between(60, MINUTES, "auth")),
        ],
        expects=(Fires(DOWN, "90m"),),
        no_pages=("90m",),
    ),
    Story(
        name="a model that we name wrongly does not hide that the surface is down",
        series=[
            *_free(OUTAGE),
            *_told((CHAT,), OUTAGE),
            *_told((replace(CHAT, model="typo"),), between(0, MINUTES, "routing")),
        ],
        expects=(Fires(DOWN, "65m", (SERVERLESS,)),),
    ),
    Story(
        name="maintenance of the target quiets it, that of a model does not",
        series=[
            *_free(OUTAGE),
            *_told((CHAT,), OUTAGE),
            *_free(OUTAGE, ON_DEMAND),
            Series(catalog.MAINTENANCE_ACTIVE, SERVERLESS, "1x90"),
            Series(catalog.MAINTENANCE_ACTIVE, {**ON_DEMAND, "model": "m"}, "1x90"),
        ],
        expects=(Fires(DOWN, "70m", (ON_DEMAND,)),),
    ),
    Story(
        name="a model was given another name",
        series=[
            _listed(until=61),
            _listed(until=100, model="n"),
            *_told((MODELS,), between(60, MINUTES, "assertion")),
            *_told((CHAT,), between(60, MINUTES, "routing")),
            *_told((replace(CHAT, model="n"),), healthy),
        ],
        expects=(
            Fires(VANISHED, "63m"),
            Fires(VANISHED, "64m", ({**MODEL, "severity": "warning"},), starts=True),
            Fires(
                VANISHED,
                "70m",
                (
                    {**MODEL, "severity": "critical"},
                    {**MODEL, "severity": "warning"},
                ),
            ),
            Fires(DOWN, "90m"),
        ),
    ),
    Story(
        name="a model of `models: auto` is gone, and its probes with it",
        series=[
            _listed(until=70),
            _read(0),
            *_told((MODELS,), healthy),
            *_told((_GONE,), healthy),
        ],
        expects=(
            Fires(VANISHED, "73m", ({**MODEL, "severity": "warning"},), starts=True),
            Fires(VANISHED, "90m", ({**MODEL, "severity": "warning"},)),
            Fires(
                UNWATCHED,
                "75m",
                ({**MODEL, "probe": "chat_stream"},),
                starts=True,
            ),
        ),
        no_pages=("90m",),
    ),
    Story(
        name="a list that lacks the model once is no change",
        series=[
            Series(catalog.MODEL_LISTED, MODEL, "1x29 0x1 1x58"),
            *_told((CHAT,), healthy),
        ],
        expects=(Fires(VANISHED, "31m"), Fires(VANISHED, "35m")),
        no_pages=("90m",),
    ),
    Story(
        name="a probe that a reload took away was meant to go",
        series=[_read(0, 70), *_told((_GONE,), healthy)],
        expects=(Fires(UNWATCHED, "75m"), Fires(UNWATCHED, "90m")),
    ),
)
