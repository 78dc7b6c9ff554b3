"""Parts of the texts of alerts, in the templates that Prometheus fills in."""

from tm_exporter.alerts.expression import series
from tm_exporter.catalog import DIAGNOSIS, FAILURE_REASON_INFO, PROBE_FAILURES


WHO = "{{ $labels.target }}{{ with $labels.model }}, model {{ . }}{{ end }}"
"""The target, and the model where there is one."""

PROBE_OF = f"{{{{ $labels.probe }}}} of {WHO}"
"""The probe, and what it asks."""


def blame(*labels: str, window: str = "1h") -> str:
    """
    Return sentences on the most frequent reason, who has to act, and the diagnosis.

    Prometheus looks them up when it sends the alert. The alert's labels do not have
    them, so that it stays the same alert when the reason becomes another one.

    Args:
        labels: Those of the alert that tell which failures it is about.
        window: How far back to look.
    """
    matchers = (*(f"{label}=%q" for label in labels), 'reason!~"throttled|internal"')
    failed = f"increase({series(PROBE_FAILURES, *matchers)}[{window}])"
    party = f"max by (reason, party) ({series(FAILURE_REASON_INFO)})"
    most = (
        f"topk(1, sum by (reason, party) ("
        f"{failed} * on (reason) group_left (party) {party}) > 0)"
    )
    verdict = f"count by (verdict) ({series(DIAGNOSIS, 'target=%q')} == 1)"
    return (
        f"{_looked_up(most, *labels)}"
        "Most often the reason was {{ .Labels.reason }}, on which this party has to"
        " act: {{ .Labels.party }}. {{ end }}"
        f"{_looked_up(verdict, 'target')}"
        "The diagnosis is {{ .Labels.verdict }}. {{ end }}"
    )


def _looked_up(expression: str, *labels: str) -> str:
    """Return the begin of what is repeated for each result of an expression."""
    values = " ".join(f"$labels.{label}" for label in labels)
    return f"{{{{ range query (printf `{expression}` {values}) }}}}"
