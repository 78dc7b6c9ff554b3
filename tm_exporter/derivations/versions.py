"""Tell when a service names another version, also one from before our start."""

import structlog

from tm_exporter.catalog import SERVICE_VERSION_CHANGES
from tm_exporter.derivations.remembered import OriginOf, Remembered
from tm_exporter.facts import VersionNamed
from tm_exporter.memory import Memory
from tm_exporter.observation import Observation, Sample


log = structlog.get_logger()

_MOST = 200  # characters, as of a label


class VersionChanges:
    """
    Adds `tensormesh_service_version_changes_total`, and logs each change.

    The counter begins with the first version that is named. A change while the
    exporter was down is one: the last version is remembered.

    Args:
        memory: Keeps the versions over a restart.
        origin_of: Where a target is.
    """

    def __init__(self, memory: Memory, origin_of: OriginOf) -> None:
        self._known = Remembered(memory, "versions", origin_of)

    def __call__(self, observation: Observation) -> Observation:
        """Return a run that named a version with whether it is another one."""
        named = observation.fact(VersionNamed)
        if named is None:
            return observation
        key, new = observation.key, named.version[:_MOST]
        old = self._known.of(key.target).get("version")
        changed = isinstance(old, str) and old != new
        if changed:
            log.info(
                "service_version_changed",
                target=key.target,
                surface=key.surface,
                old=old,
                new=new,
            )
        self._known.put(key.target, {"version": new})
        return observation.plus([Sample(SERVICE_VERSION_CHANGES, float(changed))])
