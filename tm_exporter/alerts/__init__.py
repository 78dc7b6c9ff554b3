"""
Recording rules and alerts: declared once, as data, and rendered for Prometheus.

A module for each subject has its groups in `GROUPS`; a rule that reads what another
one records comes after it.
"""

from tm_exporter.alerts import (
    account,
    coverage,
    credentials,
    exporter,
    incidents,
    instances,
    objectives,
    offers,
    prices,
    service,
    surface,
    vendor,
)
from tm_exporter.alerts.rule import Group


GROUPS: tuple[Group, ...] = (
    *objectives.GROUPS,
    *surface.GROUPS,
    *service.GROUPS,
    *coverage.GROUPS,
    *account.GROUPS,
    *prices.GROUPS,
    *credentials.GROUPS,
    *offers.GROUPS,
    *instances.GROUPS,
    *exporter.GROUPS,
    *incidents.GROUPS,
    *vendor.GROUPS,
)
"""All that we ship, in the order of the file."""
