"""
Read whether a card is on file, and until when it is good.

GET /v1/billing/stripe/customers/payment-methods; never the route above it, which
makes a customer of who asks.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from tm_exporter.catalog import (
    BILLING_CARD_EXPIRY_TIMESTAMP_SECONDS,
    BILLING_CARD_ON_FILE,
)
from tm_exporter.observation import Outcome, Sample
from tm_exporter.pulls.base import Pull
from tm_exporter.pulls.pages import rows_of
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.wire.payloads import ShapeError, integer_of, object_of


_FIRST_YEAR, _LAST_YEAR = 1970, 9998


class PaymentMethodsSection(ProbeSection):
    """Whether a card is on file, and when it expires."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("control_plane",)
    kind: Literal["payment_methods"] = "payment_methods"
    interval: Duration = 6 * 3600.0
    timeout: Duration = 20.0


class PaymentMethodsPull(Pull[PaymentMethodsSection]):
    """Of a card, month and year are taken and nothing else."""

    async def run(self) -> Outcome:
        """
        Ask once.

        Returns:
            Whether a card is good now, and when the first of those that are ends;
            where none is, when the last one ended.
        """
        reading = self.reading()
        ends = await reading.ask(
            "/v1/billing/stripe/customers/payment-methods", _read_ends
        )
        samples = () if ends is None else _samples(ends, self.now())
        return reading.outcome(samples)


def _read_ends(payload: Any) -> tuple[float, ...]:
    """Return until when each card is good; what has no such time is no card."""
    rows = rows_of(payload, "paymentMethods")
    ends = (_read_end(row, f"paymentMethods[{at}]") for at, row in enumerate(rows))
    return tuple(end for end in ends if end is not None)


def _read_end(row: Any, where: str) -> float | None:
    """Return the end of the month that a card names, None if it names none."""
    fields = object_of(row, where)
    try:
        month = integer_of(fields.get("expMonth"), "", least=1, most=12)
        year = integer_of(fields.get("expYear"), "", least=_FIRST_YEAR, most=_LAST_YEAR)
    except ShapeError:
        return None
    following = (year, month + 1) if month < 12 else (year + 1, 1)
    return datetime(*following, 1, tzinfo=UTC).timestamp()


def _samples(ends: Sequence[float], now: float) -> Iterator[Sample]:
    good = [end for end in ends if end > now]
    yield Sample(BILLING_CARD_ON_FILE, bool(good))
    if ends:
        end = min(good) if good else max(ends)
        yield Sample(BILLING_CARD_EXPIRY_TIMESTAMP_SECONDS, end)
