"""
Count the account's transactions by status: GET /v1/billing/transactions.

Their amounts are not added up: the service changes a transaction for as long as
its month lasts.
"""

from typing import Any, ClassVar, Literal

from tm_exporter.catalog import TRANSACTIONS
from tm_exporter.observation import Outcome
from tm_exporter.pulls.base import Pull
from tm_exporter.pulls.pages import Listing, read_pages
from tm_exporter.pulls.words import counted, enum_text
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.wire.payloads import object_of


class TransactionsSection(ProbeSection):
    """The account's transactions, by status."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("control_plane",)
    kind: Literal["transactions"] = "transactions"
    interval: Duration = 900.0
    timeout: Duration = 20.0


class TransactionsPull(Pull[TransactionsSection]):
    """Descriptions and Stripe's ids are left where they are."""

    async def run(self) -> Outcome:
        """Read the whole list; one sample for each status."""
        reading = self.reading()
        statuses = await read_pages(reading, _LISTING)
        return reading.outcome(counted(TRANSACTIONS, statuses or ()))


def _read_status(row: Any, where: str) -> str:
    status = object_of(row, where).get("status")
    return enum_text(status, f"{where}.status", "TRANSACTION_STATUS")


_LISTING = Listing(
    "/v1/billing/transactions", ("transactions",), _read_status, "cursor"
)
