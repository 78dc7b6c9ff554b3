"""What all dashboards have in common: variables, links, annotations, rows."""

from collections.abc import Iterable

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard

from grafana.source.annotations import Event, annotation
from grafana.source.panels import DATASOURCE
from grafana.source.promql import INSTALLATION
from tm_exporter.catalog import (
    EXPORTER_BUILD_INFO,
    PROBE_INTERVAL_SECONDS,
    TARGET_INFO,
    Family,
)


TAG = "tensormesh"

Row = tuple[str, Iterable[Builder[dashboard.Panel]]]
"""A title, and the panels below it."""

_ALL = dashboard.VariableOption(text="All", value="$__all", selected=True)
_JOB = 'cluster=~"$cluster", job=~"$job"'
_TARGET = f'{INSTALLATION}, surface=~"$surface"'
_VARIABLES = (
    # The label of federated servers; where there is none, "All" matches that, too.
    ("cluster", EXPORTER_BUILD_INFO, "", ".*"),
    ("job", EXPORTER_BUILD_INFO, 'cluster=~"$cluster"', ".+"),
    ("instance", EXPORTER_BUILD_INFO, _JOB, ".+"),
    ("surface", TARGET_INFO, INSTALLATION, ".+"),
    ("target", TARGET_INFO, _TARGET, ".+"),
    ("model", PROBE_INTERVAL_SECONDS, f'{_TARGET}, target=~"$target"', ".*"),
)
"""Each is asked for among the series that those before it choose."""


def board(
    name: str,
    title: str,
    description: str,
    *rows: Row,
    events: Iterable[Event] = (),
    shows: str = "now-24h",
) -> dashboard.Dashboard:
    """
    Return a dashboard.

    Args:
        name: Of its file, and the end of its uid.
        title: After "Tensormesh: ".
        description: What it answers, in a sentence.
        rows: In their order.
        events: What is marked on every panel.
        shows: From when on.
    """
    built = (
        builders.Dashboard(f"Tensormesh: {title}")
        .uid(f"{TAG}-{name}")
        .description(description)
        .tags([TAG])
        .readonly()
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .time(shows, "now")
        .timezone("browser")
        .refresh("1m")
        .link(_others())
        .variables([_datasource(), *(_variable(*each) for each in _VARIABLES)])
        .annotations([annotation(event) for event in events])
    )
    for heading, panels in rows:
        built.with_row(builders.Row(heading))
        for panel in panels:
            built.with_panel(panel)
    return _finished(built.build())


def _finished(board: dashboard.Dashboard) -> dashboard.Dashboard:
    """Give every panel an id, and no variable what only intervals have."""
    for number, panel in enumerate(board.panels or (), start=1):
        panel.id_val = number
    assert board.templating is not None  # noqa: S101  # for the type checker
    for variable in board.templating.list_val or ():
        variable.auto = variable.auto_min = variable.auto_count = None
    return board


def _others() -> builders.DashboardLink:
    link = (
        builders.DashboardLink("Tensormesh").tags([TAG]).as_dropdown(as_dropdown=True)
    )
    link.type(dashboard.DashboardLinkType.DASHBOARDS).icon("dashboard")
    return link.include_vars(include_vars=True).keep_time(keep_time=True).tooltip("")


def _datasource() -> builders.DatasourceVariable:
    return (
        builders.DatasourceVariable("datasource")
        .label("Data source")
        .type("prometheus")
    )


def _variable(
    name: str, family: Family, chosen: str, everything: str
) -> builders.QueryVariable:
    selector = f"{family.name}{{{chosen}}}" if chosen else family.name
    query = f"label_values({selector}, {name})"
    return (
        builders.QueryVariable(name)
        .label(name.capitalize())
        .query({"query": query, "refId": f"variable-{name}"})
        .datasource(DATASOURCE)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(everything)
        .current(_ALL)
    )
