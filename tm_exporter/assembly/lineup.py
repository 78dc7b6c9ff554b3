"""What is to run by one configuration, and how it differs from what ran before."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from tm_exporter.assembly.assembly import Assembly
from tm_exporter.config.running import Chosen
from tm_exporter.config.settings import Settings
from tm_exporter.observation import Probe, ProbeKey


_AT_ONCE = 50
"""Probes that join or leave in one turn of the loop."""


@dataclass(frozen=True, slots=True)
class Lineup:
    """
    Everything that is to run by one configuration.

    Attributes:
        settings: The configuration.
        assembly: Built the probes.
        chosen: The models that it went by, of targets that say `auto`.
        probes: In the order of the configuration.
    """

    settings: Settings
    assembly: Assembly
    chosen: Chosen
    probes: Mapping[ProbeKey, Probe]


def continues(old: Probe, new: Probe | None) -> bool:
    """Whether the series of a probe can go on with another one."""
    return new is not None and type(new.section) is type(old.section)


def asks_the_same(old: Any, new: Any) -> bool:
    """Whether only what is made of the answers differs, or how often it is asked."""
    rest = {"interval": new.section.interval, "slo": new.section.slo}
    section = old.section.model_copy(update=rest)
    return old.client is new.client and bool(section == new.section)


def renewed(old: Any, new: Any) -> Probe:
    """Return a probe with the settings of another one, and its own memory."""
    probe: Probe = replace(old, section=new.section, models=new.models)
    return probe


def batches(all_of_them: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield them in lists that the loop can do in one turn."""
    rest = iter(all_of_them)
    while batch := list(islice(rest, _AT_ONCE)):
        yield batch
