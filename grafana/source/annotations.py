"""Events that are marked on all panels of a dashboard: what changed, and when."""

from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard

from grafana.source.panels import DATASOURCE
from grafana.source.promql import SURFACE, above, ago, grew, latest, over, series
from tm_exporter.catalog import (
    EXPORTER_BUILD_INFO,
    EXPORTER_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS,
    MODEL_IDENTITY_CHANGES,
    MODEL_PRICE_CHANGES,
    SERVICE_VERSION_CHANGES,
    SERVICE_VERSION_INFO,
)


_EACH = ("instance",)
_STEP = "1m"
_SEEN = "5m"
"""For how long after a change its mark is drawn, so that no step misses it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    A change that is marked.

    Attributes:
        name: What the switch above the panels says.
        expr: Not 0 where it happened just before.
        title: Of a mark.
        tags: Labels that are shown with it.
        color: Of the mark.
    """

    name: str
    expr: str
    title: str
    tags: tuple[str, ...]
    color: str


VERSIONS = Event(
    name="Version of the service",
    # Only a version that replaced another: not the first, nor one that came back.
    expr=f"{latest(SERVICE_VERSION_INFO)} and on (target, surface) "
    f"({grew(SERVICE_VERSION_CHANGES, by=SURFACE, window=_SEEN)} > 0)",
    title="{{target}}: version {{version}}",
    tags=("target", "version"),
    color="purple",
)
IDENTITIES = Event(
    name="Identity of a model",
    expr=above(grew(MODEL_IDENTITY_CHANGES, window=_SEEN), 0),
    title="{{target}}: {{model}} answers with another {{field}}",
    tags=("target", "model"),
    color="blue",
)
PRICES = Event(
    name="Price of a model",
    expr=above(grew(MODEL_PRICE_CHANGES, window=_SEEN), 0),
    title="{{model}}: another {{kind}} price",
    tags=("target", "model", "kind"),
    color="orange",
)
RELOADS = Event(
    name="Configuration of the exporter",
    expr=f"{ago(EXPORTER_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS, by=_EACH)}"
    " < 300",
    title="{{instance}} read its configuration",
    tags=("instance",),
    color="text",
)
RELEASES = Event(
    name="Version of the exporter",
    expr=f"{over('max', series(EXPORTER_BUILD_INFO), ('instance', 'version'))} unless "
    f"max by (instance, version) "
    f"(last_over_time({series(EXPORTER_BUILD_INFO)}[1d] offset {_SEEN}))",
    title="{{instance}}: tm-exporter {{version}}",
    tags=("instance", "version"),
    color="green",
)


def annotation(event: Event) -> Builder[dashboard.AnnotationQuery]:
    """Return an event as Grafana has it."""
    return _Annotation(event)


class _Annotation(Builder[dashboard.AnnotationQuery]):
    """Builds what the SDK has, with what only annotations of Prometheus have."""

    def __init__(self, event: Event) -> None:
        self._event = event

    def build(self) -> dashboard.AnnotationQuery:
        event = self._event
        plain = builders.AnnotationQuery().name(event.name).expr(event.expr)
        plain.datasource(DATASOURCE).enable(enable=True).icon_color(event.color)
        return _Extended(plain.build(), event)


class _Extended(dashboard.AnnotationQuery):
    def __init__(self, plain: dashboard.AnnotationQuery, event: Event) -> None:
        vars(self).update(vars(plain))
        self._event = event

    def to_json(self) -> dict[str, object]:
        return {
            **super().to_json(),
            "step": _STEP,
            "tagKeys": ",".join(self._event.tags),
            "titleFormat": self._event.title,
        }
