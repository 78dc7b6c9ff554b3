"""The reference URL of the configuration in force, and what it answers."""

from collections.abc import Mapping

from tm_exporter.assembly.assembly import Assembly
from tm_exporter.clients.reference import Reference
from tm_exporter.config.settings import Settings
from tm_exporter.derivations.diagnosis import Diagnoses


class Outside:
    """
    Has an address asked that does not depend on the service, if one is configured.

    Args:
        assembly: Knows the way there.
        diagnoses: Told what becomes of it.
    """

    def __init__(self, assembly: Assembly, diagnoses: Diagnoses) -> None:
        self._assembly = assembly
        self._diagnoses = diagnoses
        self._way: object = None
        self._reference: Reference | None = None

    async def follow(self, settings: Settings) -> None:
        """Ask as a configuration wants it; where it wants the same, just go on."""
        way = settings.reference_url, self._assembly.reference_way(settings)
        if way == self._way:
            return
        await self.stop()
        self._way = way
        self._diagnoses.forget_reference()
        if settings.reference_url is not None:
            transport = self._assembly.reference_transport(settings)
            tell = self._diagnoses.note_reference
            self._reference = Reference(settings.reference_url, transport, tell)
            self._reference.start()

    async def stop(self) -> None:
        """Ask no more."""
        if self._reference is not None:
            await self._reference.stop()
        self._reference = None

    def hurry(self) -> None:
        """Ask soon, since a target fell silent."""
        if self._reference is not None:
            self._reference.hurry()

    def rows(self) -> Mapping[tuple[str, ...], float]:
        """Return whether it answered the last time; nothing where none is asked."""
        return {} if self._reference is None else self._reference.rows()
