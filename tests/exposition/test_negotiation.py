"""Which form a reader gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.exposition.negotiation import FORMS, chosen


TEXT, OPENMETRICS = "text/plain", "application/openmetrics-text"
PROTOBUF = "application/vnd.google.protobuf"
FAMILY = f"{PROTOBUF};proto=io.prometheus.client.MetricFamily;encoding=delimited"

PROMETHEUS = {  # what these versions really send
    "2.42": (
        f"{OPENMETRICS};version=1.0.0,{OPENMETRICS};version=0.0.1;q=0.75,"
        "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    ),
    "2.42-native": (
        f"{FAMILY},{OPENMETRICS};version=1.0.0;q=0.8,"
        f"{OPENMETRICS};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    ),
    "3.5": (
        f"{OPENMETRICS};version=1.0.0;escaping=allow-utf-8;q=0.6,"
        f"{OPENMETRICS};version=0.0.1;q=0.5,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
        "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    ),
    "3.5-native": (
        f"{FAMILY};q=0.6,{OPENMETRICS};version=1.0.0;escaping=allow-utf-8;q=0.5,"
        f"{OPENMETRICS};version=0.0.1;q=0.4,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
        "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
    ),
}


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        pytest.param(PROMETHEUS["2.42"], OPENMETRICS, id="prometheus-2.42"),
        pytest.param(PROMETHEUS["2.42-native"], PROTOBUF, id="prometheus-2.42-native"),
        pytest.param(PROMETHEUS["3.5"], OPENMETRICS, id="prometheus-3.5"),
        pytest.param(PROMETHEUS["3.5-native"], PROTOBUF, id="prometheus-3.5-native"),
        pytest.param("", TEXT, id="none"),
        pytest.param("*/*", TEXT, id="curl"),
        pytest.param("text/*", TEXT, id="any-text"),
        pytest.param("text/html,application/xhtml+xml,*/*;q=0.8", TEXT, id="browser"),
        pytest.param("application/json", TEXT, id="nothing-of-ours"),
        pytest.param(FAMILY, PROTOBUF, id="protobuf"),
        pytest.param(
            'Application/vnd.Google.protobuf; Encoding="delimited"; '
            "proto=io.prometheus.client.MetricFamily ; q=0.9",
            PROTOBUF,
            id="written-otherwise",
        ),
        pytest.param(f"{PROTOBUF};proto=other", TEXT, id="other-message"),
        pytest.param(
            FAMILY.replace("delimited", "compact-text"), TEXT, id="other-encoding"
        ),
        pytest.param(f"{FAMILY};q=0,{OPENMETRICS}", OPENMETRICS, id="refused"),
        pytest.param(f"{OPENMETRICS};q=0.1,*/*", TEXT, id="rather-anything"),
        pytest.param(f"{OPENMETRICS};q=0.1,*/*;q=0.1", OPENMETRICS, id="a-draw"),
        pytest.param(f"{OPENMETRICS};q=0.5,{FAMILY};q=0.4", OPENMETRICS, id="weights"),
        pytest.param(f"{OPENMETRICS};version=0.0.1", TEXT, id="old-openmetrics"),
        pytest.param(
            "text/plain;q=0.9,text/plain;version=0.0.4;q=0.1,"
            f"{OPENMETRICS};version=1.0.0;q=0.5",
            OPENMETRICS,
            id="the-entry-that-says-most",
        ),
    ],
)
def test_the_reader_gets_what_it_likes_best(accept: str, media: str) -> None:
    """By the weights of the header; what names no form of ours gets plain text."""
    assert chosen(accept).media == media


@given(st.text(alphabet='aq=0.9;,"/*\x00 é', max_size=30))
def test_no_header_is_too_odd(accept: str) -> None:
    """It gets a page."""
    assert chosen(accept) in FORMS
