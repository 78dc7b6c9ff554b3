"""Panels that are tables: a row for each series, a column for each label."""

from collections.abc import Mapping
from typing import Any

from grafana_foundation_sdk.builders import common, prometheus, table
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models import table as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.source.appearance import INFO, Look
from grafana.source.panels import DATASOURCE, Families, furnish


class _Table(table.Panel):
    """A table as Grafana 13 knows it: the SDK's older ones have a footer besides."""

    def build(self) -> dashboard.Panel:
        panel = super().build()
        assert isinstance(panel.options, models.Options)  # noqa: S101  # for the type
        panel.options.footer = None
        return panel


def rows(
    title: str,
    expression: str,
    *,
    of: Families,
    columns: Mapping[str, str],
    look: Look = INFO,
    note: str = "",
    size: tuple[int, int] = (12, 8),
    descending: bool = True,
) -> table.Panel:
    """
    List the series as they are now.

    Args:
        title: Of the panel.
        expression: What to list.
        of: The families that it is about.
        columns: Labels and `Value` in their order, with what to call them. What is
            not in it is not shown.
        look: Of the column `Value`.
        note: What a reader needs to know besides.
        size: Width in 24ths of the page, and height.
        descending: Whether the greatest value comes first.
    """
    panel = furnish(_Table(), title, of, look=look, note=note, size=size)
    panel.frame_index(0).show_header(show_header=True)
    panel.cell_options(shapes.TableAutoCellOptions())
    query = prometheus.Dataquery().expr(expression).ref_id("A").datasource(DATASOURCE)
    panel.with_target(query.instant().format(PromQueryFormat.TABLE))
    panel.with_transformation(_named(columns))
    if "Value" in columns:
        panel.override_by_name(columns["Value"], [_colored()])
        order = common.TableSortByFieldState().display_name(columns["Value"])
        panel.sort_by([order.desc(descending)])
    return panel.filterable(filterable=True)


def _named(columns: Mapping[str, str]) -> dashboard.DataTransformerConfig:
    options: dict[str, Any] = {
        "includeByName": dict.fromkeys(columns, True),
        "indexByName": {name: index for index, name in enumerate(columns)},
        "renameByName": dict(columns),
    }
    return dashboard.DataTransformerConfig(id_val="organize", options=options)


def _colored() -> dashboard.DynamicConfigValue:
    cell = {"type": shapes.TableCellDisplayMode.COLOR_TEXT.value}
    return dashboard.DynamicConfigValue(id_val="custom.cellOptions", value=cell)
