"""Read when the account's API keys expire: GET /v1/users/api-keys."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from tm_exporter.catalog import API_KEY_EXPIRY_TIMESTAMP_SECONDS
from tm_exporter.observation import Outcome, Sample
from tm_exporter.pulls.base import Pull
from tm_exporter.pulls.pages import rows_of
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.timestamps import read_timestamp
from tm_exporter.wire.payloads import object_of, text_of


class ApiKeysSection(ProbeSection):
    """When the account's API keys expire."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("control_plane",)
    kind: Literal["api_keys"] = "api_keys"
    interval: Duration = 3600.0
    timeout: Duration = 20.0


class ApiKeysPull(Pull[ApiKeysSection]):
    """A key is known by its id; neither name nor scopes are taken."""

    async def run(self) -> Outcome:
        """Ask once; one sample for each key that has an end, and is not deleted."""
        reading = self.reading()
        expiries = await reading.ask("/v1/users/api-keys", _read)
        return reading.outcome(_samples(expiries or {}))


def _read(payload: Any) -> Mapping[str, float]:
    """Return the ends by id."""
    rows = rows_of(payload, "apiKeys")
    read = (_read_key(row, f"apiKeys[{at}]") for at, row in enumerate(rows))
    return {name: expiry for name, expiry in read if name and expiry is not None}


def _read_key(row: Any, where: str) -> tuple[str, float | None]:
    """Return the id and the end of a key; one that was deleted has none."""
    fields = object_of(row, where)
    deleted = read_timestamp(fields.get("deletedAt"), f"{where}.deletedAt")
    expiry = read_timestamp(fields.get("expiresAt"), f"{where}.expiresAt")
    name = text_of(fields.get("id"), f"{where}.id")
    return name, expiry if deleted is None else None


def _samples(expiries: Mapping[str, float]) -> Iterator[Sample]:
    for name, expiry in expiries.items():
        yield Sample(API_KEY_EXPIRY_TIMESTAMP_SECONDS, expiry, (name,))
