"""
The rules of Grafana's dashboard linter, and ours, on every panel and variable.

Ours are stricter: every type of panel has a unit, a title and a description, and every
query chooses cluster, job and instance. What cannot is named in `UNCHOSEN`.

Source: github.com/grafana/dashboard-linter, lint/rule_*.go.
"""

import re
from typing import Any

import pytest

from grafana.source.promql import needed
from tests.grafana.boards import (
    FILES,
    Json,
    load,
    panel_queries,
    panels,
    selectors,
    variables,
)
from tm_exporter.catalog import FAMILIES


QUERIES = panel_queries()
OF_A_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
VARIABLES = ("cluster", "job", "instance", "surface", "target", "model")
UNITS = {
    *("none", "short", "locale", "percentunit", "currencyUSD", "s", "bytes"),
    *("dateTimeFromNow", "bool_yes_no"),
}
"""Of the linter's list, those that are used."""

UNCHOSEN = {
    ("ALERTS", "instance"): "most alerts are about what all instances saw",
}
COUNTERS = {family.name for family in FAMILIES if family.kind == "counter"}


def each_panel() -> list[Any]:
    """Return every panel, named by its dashboard and title."""
    return [
        pytest.param(panel, id=f"{name}: {panel['title']}")
        for name in FILES
        for panel in panels(load(name))
    ]


@pytest.mark.parametrize("name", FILES)
def test_the_data_source_is_a_variable(name: str) -> None:
    """template-datasource-rule."""
    variable = variables(load(name))["datasource"]

    assert (variable["type"], variable["query"]) == ("datasource", "prometheus")
    assert variable["label"] == "Data source"


@pytest.mark.parametrize("name", FILES)
def test_variables_choose_what_is_shown(name: str) -> None:
    """template-job-rule, template-instance-rule and template-on-time-change-reload."""
    found = variables(load(name))

    assert tuple(found) == ("datasource", *VARIABLES)
    for each in (found[variable] for variable in VARIABLES):
        assert each["datasource"] == OF_A_DATASOURCE
        assert each["label"] == each["name"].capitalize()
        assert each["multi"]
        assert each["includeAll"]
        assert each["refresh"] == 2
        assert each["query"]["query"].startswith("label_values(tensormesh_")


@pytest.mark.parametrize("name", FILES)
def test_all_matches_a_label_only_if_it_must_be_there(name: str) -> None:
    """There may be no cluster, and the model of many probes is empty."""
    found = variables(load(name))

    everything = {variable: found[variable]["allValue"] for variable in VARIABLES}

    assert everything == dict.fromkeys(VARIABLES, ".+") | {
        "cluster": ".*",
        "model": ".*",
    }


@pytest.mark.parametrize("name", FILES)
def test_a_dashboard_can_be_found_and_not_be_changed(name: str) -> None:
    """uneditable-dashboard; each has a uid, a tag and a way to the others."""
    board = load(name)

    assert board["editable"] is False
    assert f"{board['uid']}.json" == name
    assert board["tags"] == ["tensormesh"]
    assert [link["type"] for link in board["links"]] == ["dashboards"]


@pytest.mark.parametrize("panel", each_panel())
def test_a_panel_tells_what_it_is(panel: Json) -> None:
    """panel-title-description, -units, -datasource and -no-targets."""
    assert panel["title"]
    assert panel["description"]
    assert panel["datasource"] == OF_A_DATASOURCE
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert panel["targets"]
    assert all(each["datasource"] == OF_A_DATASOURCE for each in panel["targets"])


@pytest.mark.parametrize("panel", each_panel())
def test_a_panel_has_the_help_of_what_it_shows(panel: Json) -> None:
    """In the words of the catalogue, for each family that it asks for a value."""
    helps = {family.name: family.help for family in FAMILIES}
    described = [f"{name}: {text}" for name, text in helps.items()]

    mentioned = [text for text in described if text in panel["description"]]
    asked = {
        re.sub("_(bucket|count|sum)$", "", name)
        for target in panel["targets"]
        for name, _ in selectors(target["expr"])
        if name.startswith("tensormesh_")
    }

    assert bool(mentioned) == bool(asked)
    assert {text.split(":")[0] for text in mentioned} <= asked


@pytest.mark.parametrize("name", FILES)
def test_panels_neither_overlap_nor_leave_the_page(name: str) -> None:
    """The page is 24 wide; ids and titles are given once."""
    board = load(name)
    boxes = [each["gridPos"] for each in board["panels"]]
    cells = [
        (x, y)
        for box in boxes
        for x in range(box["x"], box["x"] + box["w"])
        for y in range(box["y"], box["y"] + box["h"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    for key in ("id", "title"):
        values = [each[key] for each in board["panels"]]
        assert len(values) == len(set(values))


def test_a_rate_is_over_the_rate_interval() -> None:
    """target-rate-interval-rule."""
    windows = [
        window
        for query in QUERIES
        for window in re.findall(r"\bi?rate\([^[]*\[([^]]*)\]", query.expr)
    ]

    assert windows
    assert set(windows) == {"$__rate_interval"}


def test_a_counter_is_never_shown_as_it_is() -> None:
    """target-counter-agg-rule; one behind `and` is asked for its labels alone."""
    asked_for_labels = re.compile(r"\band (on \([^)]*\) )?\w+\{[^}]*\}")
    ranged = re.compile(r"\b(increase|rate)\(\w+\{[^}]*\}\[[^]]+\]\)")
    bare = [
        str(query)
        for query in QUERIES
        for name, _ in selectors(
            ranged.sub("", asked_for_labels.sub("", query.expr)),
        )
        if name in COUNTERS
    ]

    assert bare == []


def test_every_query_is_of_what_is_chosen() -> None:
    """target-job-rule and target-instance-rule; and cluster, target, surface, model."""
    labels = {family.name: set(family.label_names) for family in FAMILIES}
    wrong = [
        f"{query.panel}: {name} does not choose {label}"
        for query in QUERIES
        for name, matchers in selectors(query.expr)
        for label in VARIABLES
        if (name, label) not in UNCHOSEN
        if label in {"cluster", "job", "instance"} | labels.get(family_of(name), set())
        and f'{label}=~"${label}' not in matchers
    ]

    assert wrong == []


def test_no_percentile_is_of_too_few_values() -> None:
    """Each is drawn only where a count of the same window reaches what it needs."""
    guard = re.compile(
        r"histogram_quantile\((?P<quantile>[\d.]+), .*?\[(?P<window>[^]]+)\].*?"
        r"\band .*?\[(?P=window)\]\)+ >= (?P<needed>\d+)\)"
    )
    percentiles = [q for q in QUERIES if "histogram_quantile" in q.expr]

    assert percentiles
    for query in percentiles:
        found = [match.groupdict() for match in guard.finditer(query.expr)]
        assert len(found) == query.expr.count("histogram_quantile("), str(query)
        for each in found:
            assert int(each["needed"]) == needed(float(each["quantile"]))
            assert each["window"] == "6h" or "event_loop" in query.expr


@pytest.mark.parametrize(
    ("quantile", "values"), [(0.5, 5), (0.9, 20), (0.95, 40), (0.99, 200)]
)
def test_a_percentile_needs_values_beyond_it(quantile: float, values: int) -> None:
    """A p90 of ten runs is about their maximum, and would be called p90."""
    assert needed(quantile) == values


def family_of(name: str) -> str:
    """Return the family's name of a series'."""
    return re.sub("_(bucket|count|sum)$", "", name)
