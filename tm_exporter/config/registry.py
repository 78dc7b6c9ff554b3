"""Every kind of probe that can be configured."""

from collections.abc import Mapping
from types import MappingProxyType

from tm_exporter.kinds import SECTIONS
from tm_exporter.section import ProbeSection, Surface


KINDS: Mapping[str, type[ProbeSection]] = MappingProxyType(
    {str(section.model_fields["kind"].default): section for section in SECTIONS}
)
"""Section by kind."""


def kinds_of(surface: Surface) -> tuple[str, ...]:
    """Return the kinds that belong to a surface: its probes where nothing is said."""
    return tuple(name for name, kind in KINDS.items() if surface in kind.surfaces)
