"""How soon somebody would be paged; the numbers were worked out by hand."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.config.conftest import LoadText
from tm_exporter.alerts.burn_rate import TIERS
from tm_exporter.config.paging import (
    LATE,
    Objective,
    TierOutlook,
    advice,
    is_sound,
    outlook,
)
from tm_exporter.config.report import Report, describe, render_json, render_text
from tm_exporter.config.watched import warnings, watched
from tm_exporter.section import parse_duration


ALERTING = Path(__file__).parents[2] / "docs/alerting.md"


def availability(
    ratio: float, interval: float = 60.0, timeout: float = 30.0
) -> Objective:
    """Return an objective of a probe."""
    return Objective("availability", ratio, interval, min(timeout, interval))


def tiers(objective: Objective) -> list[str]:
    """Return what the tiers do, in a word each."""
    return [tier.verdict for tier in outlook(objective).tiers]


def needed(objective: Objective) -> list[tuple[int, int]]:
    """Return how many failures the tiers need, of how many slots."""
    return [(tier.failures, tier.slots) for tier in outlook(objective).tiers]


@pytest.mark.parametrize(
    ("ratio", "interval", "expected"),
    [
        # 14.4 * 0.05 = 0.72 of 60 slots is 43.2; 6 * 0.05 = 0.3 of 360 is 108
        (0.95, 60, [(44, 60), (109, 360), (217, 1440), (217, 4320)]),
        (0.98, 300, [(4, 12), (9, 72), (18, 288), (18, 864)]),
        (0.99, 60, [(9, 60), (22, 360), (44, 1440), (44, 4320)]),
        (0.995, 60, [(5, 60), (11, 360), (22, 1440), (22, 4320)]),
        # without the guard, two failures would do, or one
        (0.99, 300, [(3, 12), (5, 72), (9, 288), (9, 864)]),
        (0.999, 30, [(3, 120), (5, 720), (9, 2880), (9, 8640)]),
        (0.999, 60, [(3, 60), (3, 360), (5, 1440), (5, 4320)]),
        (0.999, 300, [(3, 12), (3, 72), (3, 288), (3, 864)]),
        # exactly 6 * 0.1 * 10 = 6 slots are not more than 6
        (0.9, 2160, [(3, 1), (7, 10), (13, 40), (13, 120)]),
    ],
)
def test_so_many_failures_are_needed(
    ratio: float, interval: float, expected: list[tuple[int, int]]
) -> None:
    """More than the share of slots at which the budget burns, and more than 2.5."""
    assert needed(availability(ratio, interval)) == expected


@given(
    ratio=st.floats(0.001, 0.9999),
    interval=st.floats(0.1, 86_400),
    timeout=st.floats(0.1, 3600),
)
def test_no_tier_fires_on_one_failure_nor_on_two(
    ratio: float, interval: float, timeout: float
) -> None:
    """Whatever is configured; and a tier that fires has the slots for it."""
    found = outlook(availability(ratio, interval, timeout))

    assert all(tier.failures >= 3 for tier in found.tiers)
    assert all(t.failures <= t.slots for t in found.tiers if t.verdict != "never")
    assert (found.refused is not None) is found.pages
    assert found.within is None or found.within > (found.refused or 0)


def test_a_total_outage_pages_as_soon_as_promised() -> None:
    """At 99 % and 60 s: 9 minutes where it is refused, 10 where it hangs for 30 s."""
    found = outlook(availability(0.99))

    assert found.refused == 9 * 60
    assert found.within == 9 * 60 + 30


@pytest.mark.parametrize(
    ("ratio", "interval", "refused"),
    [(0.995, 60, 300), (0.999, 60, 180), (0.99, 120, 600), (0.99, 300, 900)],
)
def test_the_time_to_the_page_is_that_of_its_failures(
    ratio: float, interval: float, refused: float
) -> None:
    """The first slot may be a whole interval away when the outage begins."""
    assert outlook(availability(ratio, interval)).refused == refused


def test_a_rate_above_all_slots_is_never_reached() -> None:
    """A budget of a tenth cannot burn 14.4 times as fast."""
    assert tiers(availability(0.9)) == ["never", "fires", "fires", "fires"]
    assert tiers(availability(0.8)) == ["never", "never", "fires", "fires"]


def test_a_slow_probe_never_fires_a_short_window() -> None:
    """Two slots in an hour cannot fail three times."""
    assert tiers(availability(0.99, 1800))[0] == "never"
    assert tiers(availability(0.99, 1200))[0] == "flaps"


@pytest.mark.parametrize(
    ("interval", "verdict"), [(150, "fires"), (151, "flaps"), (600, "flaps")]
)
def test_a_short_window_of_one_slot_flaps(interval: float, verdict: str) -> None:
    """Between two failures it is empty, and the alert ends."""
    assert tiers(availability(0.99, interval))[0] == verdict


def test_a_run_that_takes_its_interval_halves_the_failures() -> None:
    """The next slot is an overlap, and no failure."""
    found = outlook(availability(0.99, 60, 60))

    assert found.refused == 540
    assert found.within == 9 * 120 + 60


def test_where_half_the_slots_are_too_few_a_hanging_service_never_pages() -> None:
    """What is refused does."""
    found = outlook(availability(0.905, 60, 60))

    assert tiers(availability(0.905, 60, 60))[:2] == ["never", "fires"]
    assert found.within is None
    assert found.refused is not None


def test_late_tokens_are_no_outage() -> None:
    """There is a time until all of them page, but none that would be too late."""
    ttft = Objective("ttft", 0.95, 120.0, 30.0)
    found = outlook(ttft)

    assert (found.refused, found.within) == (None, 22 * 120 + 30)
    assert is_sound(ttft)
    assert not is_sound(ttft._replace(ratio=0.8))


@pytest.mark.parametrize(
    ("objective", "sentence"),
    [
        (availability(0.99), ""),
        (availability(0.95), "an objective of 0.97 would be sound"),
        (availability(0.99, 3600), "an interval of 5m would be sound"),
        (
            availability(0.95, 600),
            "an interval of 5m with an objective of 0.98 would be sound",
        ),
        (availability(0.999, 600), "an interval of 5m would be sound"),
        (availability(0.999, 300, 300), ""),
        (availability(0.99, 4000, 3900), ""),
        (Objective("ttft", 0.8, 60, 30), "an objective of 0.85 would be sound"),
    ],
)
def test_what_would_be_sound_is_said(objective: Objective, sentence: str) -> None:
    """With one change where one is enough."""
    assert advice(objective) == sentence


@given(
    ratio=st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99, 0.999]),
    interval=st.sampled_from([10.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 86_400.0]),
)
def test_there_is_always_a_way_for_a_short_timeout(
    ratio: float, interval: float
) -> None:
    """A warning without one would be no help."""
    objective = availability(ratio, interval, 5.0)

    assert is_sound(objective) is (advice(objective) == "")


def test_the_budget_counts_as_an_interval(load_text: LoadText) -> None:
    """What is stretched is looked at less often, and what never runs not at all."""
    settings = load_text(
        "targets:\n- {name: a, surface: serverless, api_key: k, models: [m]}\n"
    ).settings
    as_written = watched(settings, {})
    stretched = watched(settings, {"chat_stream": 10.0})

    assert [each.objective.interval for each in as_written] == [120.0, 120.0]
    assert [each.objective.interval for each in stretched] == [1200.0, 1200.0]
    assert watched(settings, {"chat_stream": None}) == ()
    assert "if `canary_budget` paid for it" in stretched[0].advice
    assert list(warnings(as_written)) == []
    (sentence,) = warnings(stretched)
    assert sentence == (
        "a: chat_stream (m) has an objective of 0.99 for availability, and it may take "
        "1h30s until it pages for an outage; an interval of 5m, if `canary_budget` "
        "paid for it, would be sound"
    )


CONFIGURATION = """
targets:
- name: a
  surface: serverless
  api_key: k
  models: [m, n, {name: lax, slo: {availability: 0.8}}]
  probes:
    health: {slo: {availability: 0.999}}
    chat: {slo: {ttft: {objective: 0.9, threshold: 1s}}}
"""


@pytest.fixture
def report(load_text: LoadText) -> Report:
    """Return the report on objectives good and bad."""
    return describe(load_text(CONFIGURATION))


def test_models_that_have_the_same_are_one(report: Report) -> None:
    """A hundred models are no hundred lines; what shows no token has no such row."""
    rows = [(e.probe, e.models, e.objective.slo) for e in report.paging]

    assert rows == [
        ("health", (), "availability"),
        ("chat_stream", ("m", "n"), "availability"),
        ("chat_stream", ("m", "n", "lax"), "ttft"),
        ("chat_stream", ("lax",), "availability"),
        ("chat", ("lax",), "availability"),
    ]


def test_people_get_a_table(report: Report) -> None:
    """With what each tier needs, and when the page comes."""
    text = render_text(report)
    lines = [" ".join(line.split()) for line in text.splitlines()]

    assert (
        "target probe models objective interval 1h/5m 6h/30m 1d/2h 3d/6h pages within"
        in lines
    )
    assert (
        "a chat_stream m, n availability 0.99 2m 5 of 30 11 of 180 22 of 720 "
        "22 of 2160 10m30s"
    ) in lines
    assert any(line.startswith("a chat_stream 3 models ttft 0.95") for line in lines)
    assert any("never never" in line and line.endswith("never") for line in lines)
    assert "no tier fires on a single failure" in text
    assert (
        "a: chat_stream (lax) has an objective of 0.8 for availability, and no page "
        "can ever come of it: 6 times 0.2 is all slots or more; "
        "an objective of 0.97 would be sound"
    ) in report.warnings


def test_programs_get_numbers(report: Report) -> None:
    """In seconds; null is never."""
    rows = json.loads(render_json(report))["paging"]
    strict = next(row for row in rows if row["models"] == ["m", "n"])
    lax = next(row for row in rows if row["objective"] == 0.8)

    assert (strict["page_seconds_refused"], strict["page_seconds"]) == (600, 630)
    assert strict["tiers"][0] == {
        "long": "1h",
        "short": "5m",
        "factor": 14.4,
        "severity": "critical",
        "failures_needed": 5,
        "slots": 30,
        "verdict": "fires",
        "why": "",
        "fires_on_one_failure": False,
    }
    assert (lax["page_seconds_refused"], lax["page_seconds"]) == (None, None)


def test_without_an_objective_there_is_no_table(load_text: LoadText) -> None:
    """Nor a word of pages."""
    report = describe(
        load_text("targets: [{name: a, surface: serverless, probes: {health: {}}}]")
    )

    assert report.paging == ()
    assert "Pages on objectives" not in render_text(report)


@pytest.mark.parametrize(
    ("outage", "seconds"),
    [
        ("One model of two is refused at once", outlook(availability(0.99)).refused),
        (
            "One model of two ends in a timeout of 30 s",
            outlook(availability(0.99)).within,
        ),
    ],
)
def test_prometheus_pages_when_it_is_said(outage: str, seconds: float) -> None:
    """What promtool measured of the same canary is in the documentation."""
    lines = ALERTING.read_text(encoding="utf-8").splitlines()
    (row,) = (line for line in lines if line.startswith(f"| {outage} |"))
    measured = row.strip("| ").rsplit("|", 1)[1].replace(" min", "m").replace(" s", "s")

    assert parse_duration(measured.replace(" ", "")) == seconds


def test_a_page_is_late_after_half_an_hour() -> None:
    """Who hears of an outage from the users needs no exporter."""
    assert is_sound(availability(0.99, 300))
    assert not is_sound(availability(0.99, 600))
    assert LATE == 1800


def test_only_critical_tiers_page() -> None:
    """A ticket wakes nobody."""
    found = [TierOutlook(tier, 3, 9, "fires").pages for tier in TIERS]

    assert found == [True, True, False, False]
