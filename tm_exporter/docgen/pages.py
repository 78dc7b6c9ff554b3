"""Write the pages of the reference that follow from declarations."""

from collections.abc import Callable, Iterable
from pathlib import Path

from tm_exporter.alerts.chart import chart_rules
from tm_exporter.alerts.page import alerts_page, prometheus_rules, quorum_rules
from tm_exporter.catalog.page import metrics_page
from tm_exporter.cli import COMMANDS
from tm_exporter.commands.manual import manual
from tm_exporter.commands.page import commands_page
from tm_exporter.docgen.configuration import configuration_page
from tm_exporter.docgen.http import http_page
from tm_exporter.docgen.reasons import failure_reasons_page
from tm_exporter.logs.log_events import ALWAYS, EVENTS


def log_events_page() -> str:
    """Return the reference of log lines as Markdown."""
    lines = [
        "# Log events",
        "",
        "Written by `make docs` from `logs/log_events.py`; edit that instead.",
        "",
        f"Every line has {_quoted(ALWAYS)}; a key whose value is unknown is left out.",
        "`library_message` has the level that the library gave it.",
        "",
        "| Event | Level | Meaning | Keys |",
        "| --- | --- | --- | --- |",
        *(
            f"| `{name}` | {event.level} | {event.meaning} | {_quoted(event.keys)} |"
            for name, event in EVENTS.items()
        ),
    ]
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "docs/configuration.md": configuration_page,
    "docs/commands.md": lambda: commands_page(COMMANDS),
    "docs/tm-exporter.1": lambda: manual(COMMANDS) + "\n",
    "docs/metrics.md": metrics_page,
    "docs/log-events.md": log_events_page,
    "docs/failure-reasons.md": failure_reasons_page,
    "docs/alerts.md": alerts_page,
    "docs/http.md": http_page,
    "deploy/prometheus/rules.yml": prometheus_rules,
    "deploy/prometheus/rules-quorum.yml": quorum_rules,
    "deploy/helm/tm-exporter/files/rules.yaml": chart_rules,
}


def write(root: Path) -> None:
    """Write all pages below the root of a checkout."""
    for path, page in PAGES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(page(), encoding="utf-8")


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "-"
