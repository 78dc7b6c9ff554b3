"""
What Alertmanager needs to make one page of one incident.

Error budgets go on burning for half an hour after what burnt them has ended. Their
alerts were kept back while another alert told of the incident, and must not come
when that one is resolved.
"""

from tm_exporter.alerts.expression import JOB, SURFACE
from tm_exporter.alerts.rule import Alert, Group


TELLS_OF_ALL = (
    "TensormeshApiKeyInvalid",
    "TensormeshOwnNetworkDown",
    "TensormeshSurfaceDown",
    "TensormeshTargetUnpaid",
)
"""Alerts that explain whatever fails on the same target."""

_NAMES = "|".join(TELLS_OF_ALL)
_TOLD = f'ALERTS{{{JOB}, alertstate="firing", alertname=~"{_NAMES}"}}'

_KNOWN = Alert(
    name="TensormeshIncidentKnown",
    severity="none",
    # The longest of the short windows is 30 minutes.
    expr=f"count by ({SURFACE}) (max_over_time({_TOLD}[35m]))",
    summary="{{ $labels.target }}: somebody was told of an incident that explains its "
    "failures, now or within 35 minutes",
    description="Notifies nobody. While it fires, Alertmanager keeps back alerts on "
    "error budgets and models of this target that the same incident sets off.",
)

GROUPS = (Group(name="tensormesh-incidents", rules=(_KNOWN,)),)
