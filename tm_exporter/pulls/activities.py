"""Count what was done in the account, by kind of action: GET /v1/activities."""

from typing import Any, ClassVar, Literal

from tm_exporter.catalog import ACTIVITIES
from tm_exporter.observation import Outcome
from tm_exporter.pulls.base import Pull
from tm_exporter.pulls.pages import Listing, read_pages
from tm_exporter.pulls.words import counted, enum_text
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.timestamps import rfc3339
from tm_exporter.wire.payloads import object_of


_DAY = 86_400


class ActivitiesSection(ProbeSection):
    """What happened in the account within a day, by kind of action."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("control_plane",)
    optional: ClassVar[bool] = True
    kind: Literal["activities"] = "activities"
    interval: Duration = 900.0
    timeout: Duration = 20.0


class ActivitiesPull(Pull[ActivitiesSection]):
    """Who did it, to what and why is left where it is."""

    async def run(self) -> Outcome:
        """Read the list of the last 24 hours; one sample for each action."""
        end = int(self.now())
        reading = self.reading()
        listing = Listing(
            "/v1/activities",
            ("activities",),
            _read_action,
            params={"startTime": rfc3339(end - _DAY), "endTime": rfc3339(end)},
        )
        actions = await read_pages(reading, listing)
        return reading.outcome(counted(ACTIVITIES, actions or ()), optional=True)


def _read_action(row: Any, where: str) -> str:
    action = object_of(row, where).get("action")
    return enum_text(action, f"{where}.action", "ACTION")
