"""
Panels that draw numbers: lines, bars, heat maps, single values, states over time.

Each has the catalogue's help of its families as its description, after what a reader
of this very panel needs to know besides.
"""

from collections.abc import Iterable
from typing import TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    heatmap,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.builders import (
    dashboard as builders,
)
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models import heatmap as heat
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.source.appearance import Look
from grafana.source.promql import buckets
from tm_exporter.catalog import Family


DATASOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")

Query = tuple[str, str]
"""A PromQL expression, and how its series are called."""

Families = tuple[Family, ...]
P = TypeVar(
    "P",
    bargauge.Panel,
    heatmap.Panel,
    stat.Panel,
    statetimeline.Panel,
    table.Panel,
    timeseries.Panel,
)


def description(families: Families, note: str = "") -> str:
    """Return what a panel is about, in the catalogue's words."""
    helps = dict.fromkeys(f"{family.name}: {family.help}" for family in families)
    return "\n\n".join(filter(None, (note, *helps)))


def furnish(
    panel: P,
    title: str,
    families: Families,
    *,
    look: Look,
    note: str,
    size: tuple[int, int],
) -> P:
    """Return a panel with what every panel has."""
    panel.title(title).description(description(families, note))
    panel.datasource(DATASOURCE).span(size[0]).height(size[1])
    panel.unit(look.unit).thresholds(look.thresholds()).no_value(look.nothing)
    if look.words:
        panel.mappings(look.mappings())
    if look.lowest is not None:
        panel.min(look.lowest)
    if look.highest is not None:
        panel.max(look.highest)
    if look.decimals is not None:
        panel.decimals(look.decimals)
    return panel


def ask(panel: P, queries: Iterable[Query], *, instant: bool = False) -> P:
    """Return a panel with its queries, over the time shown or of its end alone."""
    for letter, (expression, legend) in zip("ABCDEFGH", queries, strict=False):
        query = prometheus.Dataquery().expr(expression).legend_format(legend)
        query.ref_id(letter).datasource(DATASOURCE)
        panel.with_target(query.instant() if instant else query.range())
    return panel


def lines(
    title: str,
    *queries: Query,
    of: Families,
    look: Look,
    note: str = "",
    size: tuple[int, int] = (12, 8),
    step: str = "",
    limits: bool = False,
) -> timeseries.Panel:
    """
    Draw lines over time.

    Args:
        title: Of the panel.
        queries: What to draw.
        of: The families that it is about.
        look: Of the values.
        note: What a reader needs to know besides.
        size: Width in 24ths of the page, and height.
        step: The least time between two points.
        limits: Whether the limits between colours are drawn.
    """
    panel = ask(
        furnish(timeseries.Panel(), title, of, look=look, note=note, size=size), queries
    )
    panel.line_width(1).fill_opacity(8).show_points(shapes.VisibilityMode.AUTO)
    panel.legend(_legend()).tooltip(_tooltip())
    if step:
        panel.interval(step)
    if limits:
        style = common.GraphThresholdsStyleConfig()
        panel.thresholds_style(style.mode(shapes.GraphThresholdsStyleMode.DASHED))
    return panel


def points(
    title: str,
    *queries: Query,
    of: Families,
    look: Look,
    note: str = "",
    size: tuple[int, int] = (12, 8),
) -> timeseries.Panel:
    """Draw single measurements, which say nothing of what was between them."""
    panel = lines(title, *queries, of=of, look=look, note=note, size=size)
    panel.draw_style(shapes.GraphDrawStyle.POINTS).point_size(4)
    return panel


def bars(
    title: str,
    *queries: Query,
    of: Families,
    look: Look,
    note: str = "",
    size: tuple[int, int] = (12, 8),
    step: str = "5m",
) -> timeseries.Panel:
    """Draw what was counted between two points, one above the other."""
    panel = lines(title, *queries, of=of, look=look, note=note, size=size, step=step)
    panel.draw_style(shapes.GraphDrawStyle.BARS).fill_opacity(80).line_width(0)
    return panel.stacking(
        common.StackingConfig().mode(shapes.StackingMode.NORMAL).group("A")
    )


def heat_map(
    title: str,
    family: Family,
    *,
    look: Look,
    note: str = "",
    size: tuple[int, int] = (12, 8),
    step: str = "10m",
) -> heatmap.Panel:
    """Draw how many values of a histogram fell into each bucket, over time."""
    panel = furnish(heatmap.Panel(), title, (family,), look=look, note=note, size=size)
    query = prometheus.Dataquery().expr(buckets(family)).legend_format("{{le}}")
    query.ref_id("A").range().datasource(DATASOURCE)
    panel.with_target(query.format(PromQueryFormat.HEATMAP)).interval(step)
    panel.calculate(calculate=False)
    panel.y_axis(heatmap.YAxisConfig().unit(look.unit).reverse(reverse=False))
    colors = heatmap.HeatmapColorOptions().mode(heat.HeatmapColorMode.SCHEME)
    panel.color(colors.scheme("Turbo").steps(64).fill("dark-blue"))
    return panel.cell_gap(1).mode(shapes.TooltipDisplayMode.SINGLE).hide_legend()


def value(
    title: str,
    *queries: Query,
    of: Families,
    look: Look,
    note: str = "",
    size: tuple[int, int] = (6, 4),
) -> stat.Panel:
    """Write how it is now, one tile for each series."""
    panel = furnish(stat.Panel(), title, of, look=look, note=note, size=size)
    ask(panel, queries, instant=True).reduce_options(_last())
    panel.graph_mode(shapes.BigValueGraphMode.NONE)
    panel.color_mode(shapes.BigValueColorMode.VALUE)
    return panel.text_mode(shapes.BigValueTextMode.VALUE_AND_NAME)


def gauges(
    title: str,
    *queries: Query,
    of: Families,
    look: Look,
    note: str = "",
    size: tuple[int, int] = (12, 8),
) -> bargauge.Panel:
    """Draw how much of each there is now, as bars beside their names."""
    panel = furnish(bargauge.Panel(), title, of, look=look, note=note, size=size)
    ask(panel, queries, instant=True).reduce_options(_last())
    panel.orientation(shapes.VizOrientation.HORIZONTAL)
    return panel.display_mode(shapes.BarGaugeDisplayMode.BASIC)


def states(
    title: str,
    *queries: Query,
    of: Families,
    look: Look,
    note: str = "",
    size: tuple[int, int] = (24, 8),
) -> statetimeline.Panel:
    """Draw the state of each series over time, as bands."""
    panel = ask(
        furnish(statetimeline.Panel(), title, of, look=look, note=note, size=size),
        queries,
    )
    panel.color_scheme(
        builders.FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS)
    )
    panel.merge_values(merge_values=True).show_value(shapes.VisibilityMode.NEVER)
    panel.row_height(0.9).fill_opacity(70).per_page(25)
    return panel.legend(_legend()).tooltip(_tooltip())


def _legend() -> common.VizLegendOptions:
    legend = common.VizLegendOptions().show_legend(show_legend=True)
    legend.display_mode(shapes.LegendDisplayMode.LIST)
    return legend.placement(shapes.LegendPlacement.BOTTOM).calcs([])


def _tooltip() -> common.VizTooltipOptions:
    tooltip = common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI)
    return tooltip.sort(shapes.SortOrder.DESCENDING)


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().values(values=False).calcs(["lastNotNull"])
