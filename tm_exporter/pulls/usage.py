"""Read the use by day and model: GET /v1/billing/serverless-usage/history."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Literal

from tm_exporter.catalog import USAGE_TODAY_REQUESTS, USAGE_TODAY_TOKENS
from tm_exporter.facts import UsageRead, UsageRow
from tm_exporter.observation import Outcome, Sample
from tm_exporter.pulls.base import Pull
from tm_exporter.pulls.pages import rows_of
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.timestamps import read_timestamp, rfc3339
from tm_exporter.wire.payloads import integer_of, object_of, text_of


MOST_LISTED = 10_000
"""Rows that are looked at, more than an answer of real ones has room for."""

MOST_ROWS = 1000
"""Rows that are remembered, the newest: nearly thirty models on each day asked for."""

LONGEST_NAME = 200
"""Characters of a model's name that are read: as many as a label has."""

_DAY = 86_400
_DAYS_BACK = 34
_UINT64 = 2**64 - 1


class UsageSection(ProbeSection):
    """Tokens and requests of the day, by model."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("control_plane",)
    optional: ClassVar[bool] = True
    kind: Literal["usage"] = "usage"
    interval: Duration = 900.0
    timeout: Duration = 20.0


class UsagePull(Pull[UsageSection]):
    """The route is known from use, not from a reference: it may not be there."""

    async def run(self) -> Outcome:
        """
        Ask once, for whole UTC days: today and those of a bit more than a month.

        Returns:
            Tokens and requests of today; the days before are a fact only.
        """
        today = int(self.now()) // _DAY * _DAY
        reading = self.reading()
        rows = await reading.ask(
            "/v1/billing/serverless-usage/history",
            _read,
            {
                "bucket": "USAGE_BUCKET_DAY",
                "startTime": rfc3339(today - _DAYS_BACK * _DAY),
                "endTime": rfc3339(today + _DAY),
            },
        )
        if rows is None:
            return reading.outcome(optional=True)
        of_today = (row for row in rows if today <= row.start < today + _DAY)
        return reading.outcome(_samples(of_today), [UsageRead(rows)], optional=True)


def _read(payload: Any) -> tuple[UsageRow, ...]:
    """Return the rows in order of time, without those of no time or no model."""
    rows = rows_of(payload, "rows")[:MOST_LISTED]
    read = (_read_row(row, f"rows[{at}]") for at, row in enumerate(rows))
    known = sorted((r for r in read if r is not None), key=lambda r: r.start)
    return tuple(known[-MOST_ROWS:])


def _read_row(row: Any, where: str) -> UsageRow | None:
    """Return one row; a count that is left out is zero, as protobuf has it."""
    fields = object_of(row, where)
    start = read_timestamp(fields.get("bucketStart"), f"{where}.bucketStart")
    model = text_of(fields.get("modelId"), f"{where}.modelId")[:LONGEST_NAME]
    counts = (
        integer_of(fields.get(name), f"{where}.{name}", least=0, most=_UINT64)
        for name in ("inputTokens", "outputTokens", "cachedTokens", "requestCount")
    )
    read = UsageRow(start or 0.0, model, *counts)
    return read if read.start and read.model else None


def _samples(rows: Iterable[UsageRow]) -> Iterator[Sample]:
    """Yield the sums of each model: it may have several rows."""
    tokens: defaultdict[tuple[str, str], int] = defaultdict(int)
    requests: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        for kind in ("input", "output", "cached"):
            tokens[row.model, kind] += getattr(row, kind)
        requests[row.model] += row.requests or 0
    for (model, kind), count in tokens.items():
        yield Sample(USAGE_TODAY_TOKENS, float(count), (model, kind))
    for model, count in requests.items():
        yield Sample(USAGE_TODAY_REQUESTS, float(count), (model,))
