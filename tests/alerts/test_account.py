"""What a changed price comes to, in the text of its alert."""

from pathlib import Path

import pytest
import yaml

from tests.alerts.promtool import LANES, promtool
from tm_exporter.alerts import GROUPS
from tm_exporter.alerts.overrides import alerts_of
from tm_exporter.alerts.render import RUNBOOKS, rules_file


PRICE = 'job="tm-exporter", target="account", surface="control_plane", model="m"'
CHANGED = next(a for a in alerts_of(GROUPS) if a.name == "TensormeshPriceChanged")


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize(("usage", "told"), [("1e6", "30 USD "), (None, "not known ")])
def test_a_changed_price_is_told_with_its_effect(
    lane: str, usage: str | None, told: str, tmp_path: Path
) -> None:
    """A million output tokens a day, dearer by a millionth of a dollar each."""
    before, rest = CHANGED.description.split("{{ with", 1)
    after = rest.split("not known {{ end }}", 1)[1]
    kind = f'{PRICE}, kind="output"'
    series = {
        f"tensormesh_model_price_changes_total{{{kind}}}": "0x299 1x24",
        f'tensormesh_model_price_per_token{{{kind}, currency="USD"}}': (
            "1e-6x299 2e-6x24"
        ),
    }
    if usage is not None:
        series[f"tensormesh_usage_today_tokens{{{kind}}}"] = f"{usage}x324"
    labels = {"target": "account", "surface": "control_plane", "model": "m"}
    test = {
        "interval": "5m",
        "input_series": [{"series": s, "values": v} for s, v in series.items()],
        "alert_rule_test": [
            {
                "alertname": CHANGED.name,
                "eval_time": "25h5m",
                "exp_alerts": [
                    {
                        "exp_labels": {
                            **labels,
                            "kind": "output",
                            "severity": "warning",
                            "job": "tm-exporter",
                        },
                        "exp_annotations": {
                            "summary": "account: the output price of m changed",
                            "description": f"{before}{told}{after}",
                            "runbook_url": f"{RUNBOOKS}/{CHANGED.name}",
                        },
                    }
                ],
            }
        ],
    }
    (tmp_path / "rules.yml").write_text(rules_file(GROUPS), encoding="utf-8")
    tests = {"rule_files": ["rules.yml"], "evaluation_interval": "5m", "tests": [test]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(tests), encoding="utf-8")

    assert not promtool(lane, "test", "rules", "test.yml", cwd=tmp_path)
