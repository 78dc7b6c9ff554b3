"""The last lines of `check`: can it be used, what would run, where is state kept."""

from tests.config.conftest import LoadText
from tm_exporter.config.registry import KINDS, kinds_of
from tm_exporter.config.report import describe, render_json, render_text
from tm_exporter.config.summary import summary_lines


TWO = """\
state_dir: /var/lib/tm-exporter
targets:
  - {name: eu, surface: serverless, api_key: k, models: [a, b], probes: {chat: {}}}
  - {name: us, surface: serverless, probes: {health: false, version: false}}
"""


def test_it_says_what_would_run(load_text: LoadText) -> None:
    """For each target, with the number of warnings, and the place of the ledger."""
    settings = load_text(TWO).settings

    verdict, europe, america, state = summary_lines(settings, {}, ["one"])

    assert verdict == "it can be used, with 1 warning, above"
    asking = [KINDS[kind].per_model for kind in kinds_of("serverless")]
    assert europe == f"eu: {len(asking) + sum(asking)} probes would run"  # two models
    assert america == "us: 1 probe would run"
    assert state == "state is kept in /var/lib/tm-exporter"


def test_it_is_the_end_of_the_report(load_text: LoadText) -> None:
    """For people; programs have the numbers."""
    report = describe(load_text(TWO))

    assert render_text(report).splitlines()[-1].startswith("  state is kept in ")
    assert "would run" not in render_json(report)


def test_many_targets_are_counted(load_text: LoadText) -> None:
    """Nobody reads a hundred lines."""
    rows = "\n".join(f"- {{name: t{n}, surface: serverless}}" for n in range(12))
    settings = load_text(f"targets:\n{rows}").settings

    lines = list(summary_lines(settings, {"STATE_DIRECTORY": "/s"}, []))

    assert lines[0] == "it can be used, and nothing in it is unwise"
    assert lines[-2] == "2 targets more: 6 probes would run"
    assert len(lines) == 13


def test_without_a_place_for_state_it_says_what_to_do(load_text: LoadText) -> None:
    """As the daemon would."""
    *_, last = summary_lines(load_text("targets: []").settings, {}, [])

    assert "set `state_dir`" in last
