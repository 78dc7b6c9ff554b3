"""Which scenario and which switches are in force on each surface."""

from collections.abc import Mapping
from typing import Any

from tm_exporter.simulator.scenarios import SCENARIOS
from tm_exporter.simulator.surfaces import SURFACES, Surface
from tm_exporter.simulator.switches import Rule, Switches


class Panel:
    """
    The switches in force.

    Attributes:
        scenario: Name of the scenario last chosen, by surface.
        switches: In force now, by surface.
    """

    def __init__(self, base: Switches) -> None:
        self._base = base
        self.scenario: dict[Surface, str] = dict.fromkeys(SURFACES, "healthy")
        self.switches: dict[Surface, Switches] = dict.fromkeys(SURFACES, base)

    def switch(self, name: str, surface: Surface | None = None) -> None:
        """
        Put a scenario in force; single switches set before are forgotten.

        Args:
            name: Of the scenario.
            surface: Where; None for those the scenario is about, the others then
                become healthy.

        Raises:
            ValueError: There is no such scenario.
        """
        if name not in SCENARIOS:
            raise ValueError(f"no scenario {name!r}: one of {', '.join(SCENARIOS)}")
        scenario = SCENARIOS[name]
        for each in (surface,) if surface else SURFACES:
            applies = surface is not None or each in scenario.surfaces
            self.scenario[each] = name if applies else "healthy"
            changes = scenario.changes if applies else {}
            self.switches[each] = self._base.changed(changes)

    def change(
        self, changes: Mapping[str, Any], surface: Surface | None = None
    ) -> None:
        """
        Set single switches, everywhere unless a surface is named.

        Raises:
            ValueError: There is no such switch, or it cannot take such a value.
        """
        for each in (surface,) if surface else SURFACES:
            self.switches[each] = self.switches[each].changed(changes)

    def rule(self, rule: Rule, surface: Surface | None = None) -> None:
        """Set one rule, everywhere unless a surface is named."""
        for each in (surface,) if surface else SURFACES:
            self.switches[each] = self.switches[each].ruled(rule)
