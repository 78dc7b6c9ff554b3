"""Every kind of probe that can be configured, built or not."""

from collections.abc import Mapping
from types import MappingProxyType

from tm_exporter.config.planned import PLANNED
from tm_exporter.kinds import SECTIONS
from tm_exporter.section import ProbeSection, Surface


def _name(section: type[ProbeSection]) -> str:
    return str(section.model_fields["kind"].default)


KINDS: Mapping[str, type[ProbeSection]] = MappingProxyType(
    {_name(section): section for section in (*SECTIONS, *PLANNED)}
)
"""Section by kind, those that are built first."""

BUILT = frozenset(_name(section) for section in SECTIONS)
"""The kinds that run."""


def kinds_of(surface: Surface) -> tuple[str, ...]:
    """Return the kinds that belong to a surface: its probes where nothing is said."""
    return tuple(name for name, kind in KINDS.items() if surface in kind.surfaces)
