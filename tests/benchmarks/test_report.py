"""The page of results is made of what was measured, and of nothing else."""

import json
from xml.etree import ElementTree as ET

import pytest

from benchmarks import report
from benchmarks.plots import bars
from benchmarks.profiled import instructions
from benchmarks.sampled import shares
from benchmarks.spread import Results, Spread
from benchmarks.targets import TARGETS, Target


def results(**figures: list[float]) -> Results:
    """Return results of one case."""
    return Results({"values": {"probes": {"http": figures}}})


def test_the_page_is_that_of_the_results() -> None:
    """No number on it was typed, and no plot is older than its figures."""
    assert report.main(["--check"]) == 0


def test_every_block_has_its_place_on_the_page() -> None:
    """A block without one would be measured for nobody."""
    page = report.PAGE.read_text()

    assert all(f"<!-- {name} -->" in page for name in report.BLOCKS)


def test_a_ratio_is_worked_out_within_each_round() -> None:
    """A slow round is slow for both, and must not make a ratio of its own."""
    found = results(ours=[1.0, 10.0, 3.0], theirs=[2.0, 20.0, 3.0])

    ratio = found.ratio("probes", "http", "ours", "theirs")

    assert ratio == Spread(middle=0.5, low=0.5, high=1.0)


def test_what_was_not_measured_is_no_number() -> None:
    """Neither as a figure nor as a ratio to something."""
    found = results(ours=[1.0])

    assert found.get("probes", "http", "theirs") is None
    assert found.ratio("probes", "http", "ours", "theirs") is None
    assert found.get("streams", "http", "ours") is None


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(0.7, "stretch reached"), (1.0, "reached"), (1.1, "**missed**")],
)
def test_a_target_is_judged_by_the_middle(value: float, verdict: str) -> None:
    """The lowest round may be luck, and the highest a neighbour."""
    target = Target(
        *("goal", "ms", 1.0, 0.8),
        reading=lambda found: found.get("probes", "http", "ours"),
    )

    row = target.row(results(ours=[0.1, value, 9.0]))

    assert row[-1] == verdict


def test_every_target_finds_its_figure() -> None:
    """A case or a figure that was renamed would be `not measured` for ever."""
    document = json.loads(report.RESULTS.read_text())

    missing = [t.goal for t in TARGETS if t.reading(Results(document)) is None]

    assert missing == []


def test_a_plot_is_a_picture() -> None:
    """Whatever the names are, and with a value of nothing."""
    group = {"<ours>": Spread(2.0, 1.0, 3.0), "theirs & co": Spread(0.0, 0.0, 0.0)}

    for log in (False, True):
        text = bars("A & B", "ms", {"g": group}, log=log)
        assert ET.fromstring(text).tag.endswith("svg")  # noqa: S314 -- it is ours


def test_instructions_are_told_by_the_library_that_they_are_in() -> None:
    """What a call cost is not counted where it was called, too."""
    lines = (
        "ob=(1) /usr/bin/python3.11",
        "fn=(1) _PyEval_EvalFrameDefault",
        "16 100",
        "+3 20",
        "cob=(2) /usr/lib/x86_64-linux-gnu/libcrypto.so.3",
        "cfn=(2) EVP_DigestSign",
        "calls=1 0",
        "* 5000",
        "-1 3",
        "",
        "ob=(2)",
        "fn=(2)",
        "0 5000",
        "totals: 5123",
    )

    assert instructions(lines) == {"the Python interpreter": 123, "OpenSSL": 5000}


def test_a_stack_counts_for_the_innermost_part_that_it_shows() -> None:
    """What a library does is told of whoever called it."""
    lines = (
        "run (asyncio/events.py:80);exchange (tm_exporter/clients/transport.py:9) 2",
        "exchange (tm_exporter/clients/transport.py:9);do_handshake (ssl.py:975) 5",
        "exchange (tm_exporter/clients/transport.py:9);next_event (h11/_x.py:4) 1",
        "run (asyncio/events.py:80);select (selectors.py:468) 2",
    )

    assert shares(lines) == {
        "TLS": 0.5,
        "the client": 0.2,
        "the event loop, and the rest": 0.2,
        "h11 and httpx": 0.1,
    }
