"""The list of alerts for people, and the rule files, as generated pages."""

import re

from tm_exporter.alerts import GROUPS, incidents, objectives, quorum, service, surface
from tm_exporter.alerts.overrides import alerts_of
from tm_exporter.alerts.quorum import VANTAGE
from tm_exporter.alerts.render import HEADER, Release, rules_file
from tm_exporter.alerts.rule import Alert, Group


_ABOUT_THE_SERVICE = (*objectives.GROUPS, *surface.GROUPS, *service.GROUPS)

_QUORUM_HEADER = (
    f"{HEADER}"
    "# In place of rules.yml, where one Prometheus sees several installations that\n"
    f"# watch the same targets, and the label `{VANTAGE}` tells these apart: what\n"
    "# pages about the service needs more than half of those that watch it.\n"
)


def alerts_page() -> str:
    """Return the list of alerts as Markdown, in the order of the rule file."""
    lines = [
        "# Alerts",
        "",
        "Written by `make docs` from `tm_exporter/alerts`; edit that instead.",
        "",
        "`critical` pages a person, `warning` is a ticket, `info` is for the record.",
        "The last column is how long it must be true before the alert fires.",
        "",
        "| Alert | Severity | What it says | For |",
        "| --- | --- | --- | --- |",
        *map(_row, alerts_of(GROUPS)),
    ]
    return "\n".join(lines) + "\n"


def prometheus_rules() -> str:
    """Return the rule file for plain Prometheus."""
    return rules_file(GROUPS)


def quorum_rules() -> str:
    """Return the rule file for several installations that watch one service."""
    release = Release(group_labels=(VANTAGE,))
    return rules_file(map(_by_quorum, GROUPS), release, _QUORUM_HEADER)


def _by_quorum(group: Group) -> Group:
    if group in _ABOUT_THE_SERVICE:
        return quorum.quorum((group,))[0]
    return quorum.incidents((group,))[0] if group in incidents.GROUPS else group


def _row(alert: Alert) -> str:
    link = f"[`{alert.name}`](runbooks/{alert.name}.md)"
    says = _plain(alert.summary).replace("|", "\\|")
    return f"| {link} | {alert.severity} | {says} | {alert.hold} |"


def _plain(template: str) -> str:
    """Return a text with the names of labels where Prometheus puts their values."""
    whole = re.sub(
        r"{{ with \$labels\.(\w+) }}(.*?){{ \. }}(.*?){{ end }}", r"\2*\1*\3", template
    )
    labels = re.sub(r"{{ \$labels\.(\w+) }}", r"*\1*", whole)
    return re.sub(r"{{ \$value( \|[^}]*)? }}", "*value*", labels)
