"""
Every metric family, declared once, as data.

The only place where a metric's name is a string. Sinks, documentation,
dashboards, rules and tests are derived from these declarations or checked
against them.
"""

from tm_exporter.catalog import (
    account,
    billing,
    canaries,
    exporter,
    observability,
    prices,
    probes,
    service,
)
from tm_exporter.catalog.account import *  # noqa: F403
from tm_exporter.catalog.billing import *  # noqa: F403
from tm_exporter.catalog.canaries import *  # noqa: F403
from tm_exporter.catalog.exporter import *  # noqa: F403
from tm_exporter.catalog.family import BASE_LABELS as BASE_LABELS
from tm_exporter.catalog.family import Family as Family
from tm_exporter.catalog.family import Former as Former
from tm_exporter.catalog.family import Kind as Kind
from tm_exporter.catalog.family import Lifetime as Lifetime
from tm_exporter.catalog.family import Scope as Scope
from tm_exporter.catalog.family import former as former
from tm_exporter.catalog.observability import *  # noqa: F403
from tm_exporter.catalog.prices import *  # noqa: F403
from tm_exporter.catalog.probes import *  # noqa: F403
from tm_exporter.catalog.service import *  # noqa: F403


_SECTIONS = (
    probes,
    canaries,
    service,
    account,
    observability,
    billing,
    prices,
    exporter,
)

FAMILIES = tuple(
    value
    for section in _SECTIONS
    for value in vars(section).values()
    if isinstance(value, Family)
)
"""In the order in which pages show them."""
