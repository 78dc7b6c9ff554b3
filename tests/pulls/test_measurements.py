"""Every form in which measurements may be told."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.pulls.measurements import (
    MOST,
    Measurement,
    Measurements,
    read_measurements,
)
from tm_exporter.wire.payloads import ShapeError


AT = 1_795_370_400.0
OLD, NEW = "2026-11-22T17:59:00Z", "2026-11-22T18:00:00Z"
ONE = Measurement("ttft", 0.5, AT)


def read(payload: Any) -> tuple[Measurement, ...]:
    """Return what is found."""
    return read_measurements(payload).found


DOCUMENTED = {"name": "ttft", "data": [{"timestamp": NEW, "value": 0.5}]}


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param({"metrics": [DOCUMENTED]}, id="metrics"),
        pytest.param({"series": [DOCUMENTED]}, id="series"),
        pytest.param({"data": [DOCUMENTED]}, id="data"),
        pytest.param({"result": [DOCUMENTED]}, id="result"),
        pytest.param([DOCUMENTED], id="bare"),
        pytest.param({"data": {"result": [DOCUMENTED]}}, id="nested"),
        pytest.param({"status": "ok", "metrics": [DOCUMENTED]}, id="unknown-field"),
    ],
)
def test_where_the_list_may_be(payload: Any) -> None:
    """The vendor's clients read the first; the others are what others write."""
    assert read(payload) == (ONE,)


@pytest.mark.parametrize(
    "named",
    [
        {"name": "ttft"},
        {"metric": "ttft"},
        {"metricName": "ttft"},
        {"metric": {"__name__": "ttft", "job": "x"}},
        {"name": " ttft "},
    ],
)
def test_how_the_name_may_be_given(named: dict[str, Any]) -> None:
    """As a text, or in a map of labels."""
    assert read([{**named, "data": [{"timestamp": NEW, "value": 0.5}]}]) == (ONE,)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"data": [{"timestamp": NEW, "value": 0.5}]}, id="data"),
        pytest.param({"data": [{"time": NEW, "value": "0.5"}]}, id="time"),
        pytest.param({"data": [{"ts": AT, "value": 0.5}]}, id="ts"),
        pytest.param({"values": [[AT, "0.5"]]}, id="values"),
        pytest.param({"values": [[AT - 60, 9], [AT, 0.5]]}, id="rising"),
        pytest.param({"values": [[AT, 0.5], [AT - 60, 9]]}, id="falling"),
        pytest.param({"points": [[AT * 1000, 0.5]]}, id="milliseconds"),
        pytest.param({"datapoints": [[str(int(AT)), "5e-1"]]}, id="text"),
        pytest.param({"samples": [{"timestamp": AT, "value": 0.5}]}, id="samples"),
        pytest.param({"value": [AT, "0.5"]}, id="instant"),
        pytest.param({"value": {"timestamp": NEW, "value": 0.5}}, id="object"),
        pytest.param({"value": 0.5, "timestamp": NEW}, id="scalar-with-time"),
        pytest.param({"values": [[OLD, 9], [NEW, 0.5]]}, id="rfc3339"),
        pytest.param(
            {"data": [{"timestamp": OLD, "value": 9}, {"timestamp": NEW, "value": 0.5}]}
            | {"values": None},
            id="null-beside",
        ),
        pytest.param({"values": [[AT, 0.5], [AT + 60, "NaN"]]}, id="nan-last"),
        pytest.param({"values": [[AT, 0.5], [AT + 60, "+Inf"]]}, id="inf-last"),
        pytest.param({"values": [[AT, 0.5], [AT + 60, None]]}, id="null-last"),
        pytest.param({"values": [[AT, 0.5], ["soon", 9]]}, id="no-time"),
        pytest.param({"values": [[AT, 0.5], [], [1], None, "x"]}, id="rubbish"),
    ],
)
def test_how_samples_may_be_given(given: dict[str, Any]) -> None:
    """The newest that is a number counts, wherever it stands."""
    assert read([{"name": "ttft", **given}]) == (ONE,)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        pytest.param({"value": 0.5}, 0.5, id="scalar"),
        pytest.param({"values": [3, 2, 1]}, 1, id="list-of-scalars"),
        pytest.param({"values": [3, 2]}, 2, id="two-scalars-are-no-pair"),
        pytest.param({"value": "12"}, 12, id="int64"),
    ],
)
def test_a_sample_without_a_time_has_none(given: dict[str, Any], value: float) -> None:
    """When it was taken is unknown, not now."""
    assert read([{"name": "ttft", **given}]) == (Measurement("ttft", value, None),)


@pytest.mark.parametrize(
    "given", [{}, {"data": []}, {"data": None}, {"value": "NaN"}, {"data": {"a": 1}}]
)
def test_a_metric_without_a_number_is_absent(given: dict[str, Any]) -> None:
    """Unknown is absent."""
    assert read([{"name": "ttft", **given}, DOCUMENTED | {"name": "x"}]) == (
        Measurement("x", 0.5, AT),
    )


@pytest.mark.parametrize("payload", [{}, {"metrics": []}, {"metrics": None}, []])
def test_no_metrics_are_no_fault(payload: Any) -> None:
    """Protobuf leaves out a list that is empty."""
    assert read_measurements(payload) == Measurements(())


@pytest.mark.parametrize(
    "payload", [None, "x", 5, {"metrics": "x"}, {"data": {"result": 5}}, [1], [{}]]
)
def test_what_is_no_list_of_metrics_is_told(payload: Any) -> None:
    """Then the route is another one than the one we know."""
    with pytest.raises(ShapeError):
        read_measurements(payload)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("cache hit rate (%)", "cache_hit_rate_"),
        ("vllm:ttft_seconds", "vllm:ttft_seconds"),
        ("gpu.util/0-1", "gpu.util/0-1"),
        ("a\nb\x00", "a_b_"),
        ('x"} 1', "x_1"),
        ("x" * 500, "x" * 100),
    ],
)
def test_names_are_made_fit_for_a_label(name: str, label: str) -> None:
    """They come from elsewhere, and go into pages, queries and alerts."""
    assert [one.name for one in read([{"name": name, "value": 1}])] == [label]


def test_the_number_of_names_is_bounded() -> None:
    """Whatever the service sends; what is left out is counted."""
    rows = [{"name": f"m{number}", "value": number} for number in range(MOST + 7)]

    measured = read_measurements({"metrics": rows})

    assert len(measured.found) == MOST
    assert measured.left_out == 7


def labelled(labels: Any, value: float, key: str = "labels") -> dict[str, Any]:
    """Return an entry with labels."""
    return {"name": "ttft", key: labels, "value": value}


def test_labels_of_the_only_entry_are_left_out() -> None:
    """The name is enough."""
    assert read([labelled({"quantile": "0.9"}, 1)]) == (Measurement("ttft", 1, None),)


def test_entries_of_one_name_are_told_apart_by_what_differs() -> None:
    """Quantiles or rates cannot be added up."""
    rows = [
        labelled({"quantile": "0.5", "model": "openai/gpt"}, 1),
        labelled([{"name": "quantile", "value": 0.9}], 2),
        labelled([{"key": "quantile", "value": "0.9"}, {"name": "model"}], 3),
    ]

    assert read(rows) == (
        Measurement("ttft{model=openai/gpt,quantile=0.5}", 1, None),
        Measurement("ttft{quantile=0.9}", 2, None),
    )


@pytest.mark.parametrize(
    "labels",
    [
        {"userEmail": "marker"},
        {"user": "marker"},
        {"apiKey": "marker"},
        {"x": "someone@marker.example"},
        {"x": "ak-marker"},
        {"x": "5e7f0000-0000-4000-8000-000000000001"},
        {"x": "5e7f0000000040008000000000000001marker"},
        {"x": "marker" * 20},
        {"x": "a marker"},
        {"x": ["marker"]},
        {"a marker": "x"},
    ],
)
def test_labels_that_are_personal_or_no_words_are_not_told(labels: Any) -> None:
    """Of entries that differ in nothing else, the first counts."""
    rows = [labelled(labels, 1), labelled({}, 2)]

    assert read(rows) == (Measurement("ttft", 1, None),)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["NaN", "+Inf", NEW, "0.5"]),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(
                ["metrics", "data", "name", "metric", "labels", "values", "value", "ts"]
            ),
            inner,
        )
    ),
)


@given(JSON)
def test_any_json_is_read_or_refused(payload: Any) -> None:
    """And never anything else."""
    try:
        found = read(payload)
    except ShapeError:
        return
    assert len({one.name for one in found}) == len(found) <= MOST
