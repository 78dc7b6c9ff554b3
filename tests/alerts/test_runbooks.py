"""Every alert has a page that says what to do."""

import re
from pathlib import Path

import pytest
import yaml

from tm_exporter.alerts import GROUPS
from tm_exporter.alerts.overrides import alerts_of
from tm_exporter.alerts.render import RUNBOOKS, rules_file
from tm_exporter.catalog import FAMILIES
from tm_exporter.observation import Reason


FOLDER = Path(__file__).parents[2] / "docs" / "runbooks"
PAGES = sorted(FOLDER.glob("*.md"))
ALERTS = {alert.name for alert in alerts_of(GROUPS)}
SECTIONS = [
    "What it means",
    "First command",
    "Likely causes",
    "What to do",
    "What to send to Tensormesh",
]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    """By its name, since that is how an alert links to it."""
    assert {page.stem for page in PAGES} == ALERTS


def test_alerts_link_to_their_pages() -> None:
    """In the rules that we ship."""
    loaded = yaml.safe_load(rules_file(GROUPS))
    links = {
        rule["alert"]: rule["annotations"]["runbook_url"]
        for group in loaded["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }

    assert links == {name: f"{RUNBOOKS}/{name}" for name in ALERTS}


@each_page
def test_a_page_says_what_to_run_first_and_what_then(page: Path) -> None:
    """In the same order on all pages."""
    text = page.read_text(encoding="utf-8")

    assert re.findall(r"^# (.+)$", text, re.MULTILINE)[:1] == [page.stem]
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert re.search(r"## First command\n\n```sh\n\S.*\n```\n\n## ", text)
    assert re.search(r"## Likely causes\n\n(\* .+\n(  .+\n)*)+\n## ", text)
    assert re.search(r"## What to do\n\n(\* .+\n(  .+\n)*)+\n## ", text)


@each_page
def test_a_page_names_what_exists(page: Path) -> None:
    """Metrics, reasons and other pages."""
    text = page.read_text(encoding="utf-8")
    names = {family.name for family in FAMILIES}
    metrics = re.findall(r"`(tensormesh_\w+)", text)
    causes = re.findall(r"^\* ((?:`\w+`(?:, )?)+)(?: with \d+)?:", text, re.MULTILINE)
    reasons = {word for cause in causes for word in re.findall(r"\w+", cause)}
    links = re.findall(r"\[(\w+)\]\((\w+)\.md\)", text)

    assert not set(metrics) - names
    assert not reasons - {*Reason, *_WORDS}
    assert all(name == target and name in ALERTS for name, target in links)


_WORDS = {
    *("budget", "missed", "overlap"),
    *("no_done", "no_finish_reason", "invalid_event", "content_type", "no_content"),
    *("error_event", "content_after_finish", "data_after_done", "loop_lag"),
    *("configured_not_served", "served_not_priced"),
    *("priced_not_served", "served_not_monitored"),
}
"""What a page explains beside failure reasons: skips, violations, mismatches."""
