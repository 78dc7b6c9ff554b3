"""Write the pages of the reference that follow from declarations."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tm_exporter.alerts.chart import chart_rules
from tm_exporter.alerts.page import alerts_page, prometheus_rules, quorum_rules
from tm_exporter.catalog import BASE_LABELS, FAMILIES, Family, former
from tm_exporter.docgen.reasons import failure_reasons_page
from tm_exporter.logs.log_events import ALWAYS, EVENTS


_LIFETIMES = {
    "process": "Kept while what it is about is configured.",
    "last_run": "Absent once no run finished for three intervals.",
    "pulled": "Absent after three intervals, at least 15 minutes, without a success.",
    "listed": "Kept until a run that passed finds what it is about no longer listed.",
}


def metrics_page(families: Sequence[Family] = FAMILIES) -> str:
    """Return the reference of metrics as Markdown, in the catalogue's order."""
    lines = [
        "# Metrics",
        "",
        "Written by `make docs` from `tm_exporter/catalog/`; edit that instead.",
        "",
        "A value that is unknown is absent, never 0.",
        "How long a series stays:",
        "",
        *(f"* `{name}`: {meaning}" for name, meaning in _LIFETIMES.items()),
        "",
        "Two words in the column of labels stand for several:",
        "",
        f"* *probe*: {_quoted(BASE_LABELS['probe'])}",
        f"* *target*: {_quoted(BASE_LABELS['target'])}",
        "",
        "`tensormesh_target_info` also has the configured labels of all targets.",
        "",
        "A family that is renamed is shown under its old name too, for one minor",
        "release; here the old name is `deprecated` and says when it will be gone.",
        "",
        "| Name | Type | Labels | Meaning | Source | Stays | Stability |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(
            _metric_row(each)
            for family in families
            for each in (family, *former(family))
        ),
        "",
        "## Buckets",
        "",
        *(_buckets(family) for family in families if family.buckets),
    ]
    return "\n".join(lines) + "\n"


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
    "docs/metrics.md": metrics_page,
    "docs/log-events.md": log_events_page,
    "docs/failure-reasons.md": failure_reasons_page,
    "docs/alerts.md": alerts_page,
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


def _metric_row(family: Family) -> str:
    scope = "" if family.scope == "exporter" else f"*{family.scope}*"
    own = _quoted(family.labels) if family.labels else ""
    cells = (
        f"`{family.name}`",
        family.kind,
        ", ".join(filter(None, (scope, own))) or "-",
        family.help,
        family.source,
        family.lifetime,
        family.stability,
    )
    return f"| {' | '.join(cells)} |"


def _buckets(family: Family) -> str:
    bounds = " ".join(f"{bound:g}" for bound in family.buckets)
    return f"* `{family.name}`: {bounds}"
