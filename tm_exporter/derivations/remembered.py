"""What was last known of each target, for as long as it is the same target."""

from collections.abc import Callable, Mapping
from typing import Any

from tm_exporter.memory import Memory


OriginOf = Callable[[str], str | None]
"""
Returns what must be the same for a target's values to be comparable, such as where
it is; None for a target that is not configured.
"""


class Remembered:
    """
    A JSON object for each target, which survives a restart.

    A target that was pointed elsewhere begins anew, so that a change of the
    configuration is no change of the service. What a target that is gone left is
    dropped with the next value that is another one.

    Args:
        memory: Where it is kept.
        name: Of the whole in there.
        origin_of: Tells one target of a name from another.
    """

    def __init__(self, memory: Memory, name: str, origin_of: OriginOf) -> None:
        self._memory = memory
        self._name = name
        self._origin_of = origin_of
        self._all: dict[str, Any] = dict(memory.recall(name))

    def of(self, target: str) -> Mapping[str, Any]:
        """Return what was put for a target, `{}` for nothing."""
        entry = self._all.get(target)
        if not isinstance(entry, dict) or entry.get("of") != self._origin_of(target):
            return {}
        values = entry.get("values")
        return values if isinstance(values, dict) else {}

    def put(self, target: str, values: Mapping[str, Any]) -> None:
        """Remember a target's values in place of those before."""
        entry = {"of": self._origin_of(target), "values": dict(values)}
        if self._all.get(target) == entry:  # as nearly always
            return
        kept = {
            name: entry
            for name, entry in self._all.items()
            if self._origin_of(name) is not None
        }
        self._all = {**kept, target: entry}
        self._memory.remember(self._name, self._all)
