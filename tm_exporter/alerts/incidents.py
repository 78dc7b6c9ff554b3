"""
What Alertmanager needs to make one page of one incident.

Error budgets go on burning for half an hour after what burnt them has ended. Their
alerts were kept back while another alert told of the incident, and must not come
when that one is resolved.
"""

from tm_exporter.alerts.expression import JOB, MODEL, SURFACE
from tm_exporter.alerts.rule import Alert, Group
from tm_exporter.alerts.wording import WHO


TELLS_OF_ALL = (
    "TensormeshApiKeyInvalid",
    "TensormeshOwnNetworkDown",
    "TensormeshSurfaceDown",
    "TensormeshTargetUnpaid",
)
"""Alerts that explain whatever fails on the same target."""

TELLS_OF_A_MODEL = "TensormeshModelVanished"
"""The alert that, as a page, explains whatever fails on the same model."""


def _told(alerts: str) -> str:
    """Return which of some alerts fired; the longest short window is 30 minutes."""
    fired = f'ALERTS{{{JOB}, alertstate="firing", {alerts}}}'
    return f"max_over_time({fired}[35m])"


_OF_ALL = _told(f'alertname=~"{"|".join(TELLS_OF_ALL)}"')
_OF_A_MODEL = _told(f'alertname="{TELLS_OF_A_MODEL}", severity="critical"')

_KNOWN = Alert(
    name="TensormeshIncidentKnown",
    severity="none",
    expr=f"count by ({SURFACE}) ({_OF_ALL})\nor\ncount by ({MODEL}) ({_OF_A_MODEL})",
    summary=f"{WHO}: somebody was told of an incident that explains its "
    "failures, now or within 35 minutes",
    description="Notifies nobody. While it fires, Alertmanager keeps back alerts on "
    "error budgets of this target, or of the model that it names, which the same "
    "incident sets off.",
)

GROUPS = (Group(name="tensormesh-incidents", rules=(_KNOWN,)),)
