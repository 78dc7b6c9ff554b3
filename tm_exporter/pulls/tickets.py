"""Count the account's support tickets by status: GET /v1/support/tickets."""

from typing import Any, ClassVar, Literal

from tm_exporter.catalog import TICKETS
from tm_exporter.observation import Outcome
from tm_exporter.pulls.base import Pull
from tm_exporter.pulls.pages import Listing, read_pages
from tm_exporter.pulls.words import counted, enum_text
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.wire.payloads import object_of


class TicketsSection(ProbeSection):
    """The account's support tickets, by status."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("control_plane",)
    optional: ClassVar[bool] = True
    kind: Literal["tickets"] = "tickets"
    interval: Duration = 900.0
    timeout: Duration = 20.0


class TicketsPull(Pull[TicketsSection]):
    """What people wrote is left where it is."""

    async def run(self) -> Outcome:
        """Read the whole list; one sample for each status."""
        reading = self.reading()
        statuses = await read_pages(reading, _LISTING)
        return reading.outcome(counted(TICKETS, statuses or ()), optional=True)


def _read_status(row: Any, where: str) -> str:
    status = object_of(row, where).get("status")
    return enum_text(status, f"{where}.status", "TICKET_STATUS")


_LISTING = Listing("/v1/support/tickets", ("tickets",), _read_status)
