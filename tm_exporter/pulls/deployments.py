"""Read what is deployed: GET /v1/models of the Control Plane."""

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from tm_exporter.catalog import (
    DEPLOYMENT_EVENTS,
    DEPLOYMENT_GPUS,
    DEPLOYMENT_HEALTHY,
    DEPLOYMENT_INFO,
    DEPLOYMENT_REPLICAS,
    DEPLOYMENT_STATUS,
    EXPORTER_LABEL_OVERFLOW,
)
from tm_exporter.facts import DeploymentEvent, DeploymentEvents, DeploymentsListed
from tm_exporter.observation import Outcome, Sample
from tm_exporter.pulls.base import Pull
from tm_exporter.pulls.pages import Listing, read_pages
from tm_exporter.pulls.statuses import Statuses
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.timestamps import read_timestamp
from tm_exporter.wire.payloads import ShapeError, object_of


MOST_EVENTS = 50
"""Events of one deployment that are read: the newest, where they are in order."""

MOST_LISTED_EVENTS = 5_000
"""Events of a list that are read; a deployment whose own would be over it has none."""

LONGEST_TEXT = 200
"""Characters of a name, or of any other text, that are read: as many as a label has."""

_MOST = 1_000_000  # replicas, or GPUs, that anyone could have
_NO_STATUS = "MODEL_STATUS_UNSPECIFIED"
_NO_EVENT_TYPE = "EVENT_TYPE_UNSPECIFIED"


class DeploymentsSection(ProbeSection):
    """The account's deployments."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("control_plane",)
    optional: ClassVar[bool] = True
    kind: Literal["deployments"] = "deployments"
    interval: Duration = 60.0
    timeout: Duration = 20.0

    healthy_statuses: tuple[str, ...] | None = None
    """Texts of MODEL_STATUS_* of a deployment that works, over the target's."""

    stopped_statuses: tuple[str, ...] | None = None
    """Texts of MODEL_STATUS_* of one stopped on purpose, over the target's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """
    A deployed model, without anything secret that its entry carries.

    Attributes:
        deployment_id: Its id; the model's where it has none of its own.
        model_name: The name its owner gave it.
        model_path: What it serves, in the style of Hugging Face.
        status: The text of the enumeration, or its number as text.
        gpu_type, cloud_provider: Likewise.
        replicas, gpus: Zero where the field is left out, as protobuf does; None
            where it is there and is no number.
        events: What happened to it, without the text of the log.
        events_left_out: How many are not among them, as the list has too many.
    """

    deployment_id: str
    model_name: str
    model_path: str
    status: str
    gpu_type: str
    cloud_provider: str
    replicas: int | None
    gpus: int | None
    events: tuple[DeploymentEvent, ...]
    events_left_out: int = 0


class DeploymentsPull(Pull[DeploymentsSection]):
    """The route is known from use, not from a reference: it may not be there."""

    async def run(self) -> Outcome:
        """
        Read the list to its end.

        Returns:
            Info, status, replicas and GPUs of each deployment. Where the route is
            missing or its answer cannot be read, it counts as unsupported.
        """
        reading = self.reading()
        read = _DeploymentReader().read
        listing = Listing("/v1/models", ("models", "data"), read, may_be_bare=True)
        entries = await read_pages(reading, listing)
        if entries is None:
            return reading.outcome(optional=True)
        # Of one that moved from page to page while we read, the last is the newest.
        by_id = {one.deployment_id: one for one in entries if one.deployment_id}
        found = tuple(by_id.values())
        facts = (self._listed(found), _events(found))
        return reading.outcome(self._samples(found), facts, optional=True)

    @property
    def _statuses(self) -> Statuses:
        return Statuses(self.section.healthy_statuses, self.section.stopped_statuses)

    def _samples(self, deployments: tuple[Deployment, ...]) -> Iterator[Sample]:
        for one in deployments:
            name = one.deployment_id
            hardware = (one.gpu_type, one.cloud_provider)
            facts = (name, one.model_name, *hardware, one.model_path)
            yield Sample(DEPLOYMENT_INFO, 1, facts)
            yield Sample(DEPLOYMENT_STATUS, 1, (name, one.status))
            healthy = self._statuses.is_healthy(one.status)
            if healthy is not None:
                yield Sample(DEPLOYMENT_HEALTHY, healthy, (name,))
            if one.replicas is not None:
                yield Sample(DEPLOYMENT_REPLICAS, one.replicas, (name,))
            if one.gpus is not None:
                yield Sample(DEPLOYMENT_GPUS, one.gpus, (name,))
        left_out = sum(one.events_left_out for one in deployments)
        if left_out:
            yield Sample(EXPORTER_LABEL_OVERFLOW, left_out, (DEPLOYMENT_EVENTS.name,))

    def _listed(self, deployments: tuple[Deployment, ...]) -> DeploymentsListed:
        """Return the names; one counts as stopped if all that bear it are."""
        named = [one for one in deployments if one.model_name]
        up = {
            one.model_name for one in named if not self._statuses.is_stopped(one.status)
        }
        names = tuple(dict.fromkeys(one.model_name for one in named))
        return DeploymentsListed(names, tuple(name for name in names if name not in up))


def _events(deployments: tuple[Deployment, ...]) -> DeploymentEvents:
    return DeploymentEvents(
        tuple((one.deployment_id, one.events) for one in deployments)
    )


class _DeploymentReader:
    """Reads the entries of one list, and no more of their events than there is room."""

    def __init__(self) -> None:
        self._left = MOST_LISTED_EVENTS
        self._taken: dict[str, int] = {}

    def read(self, row: Any, where: str) -> Deployment:
        """Return an entry; raises ShapeError."""
        one = _read_deployment(row, where)
        # Of one that comes again, on a later page, only the last is kept.
        self._left += self._taken.pop(one.deployment_id, 0)
        if len(one.events) > self._left:
            return replace(one, events=(), events_left_out=len(one.events))
        self._left -= len(one.events)
        self._taken[one.deployment_id] = len(one.events)
        return one


def _read_deployment(row: Any, where: str) -> Deployment:
    entry = object_of(row, where)
    infra = entry.get("infra")
    provider = infra.get("cloudProvider") if isinstance(infra, dict) else None
    return Deployment(
        deployment_id=_text(entry.get("deploymentId")) or _text(entry.get("modelId")),
        model_name=_text(entry.get("modelName")),
        model_path=_text(entry.get("modelPath")),
        status=_text(entry.get("status")) or _NO_STATUS,
        gpu_type=_text(entry.get("gpuType")),
        cloud_provider=_text(provider),
        replicas=_number(entry.get("replicas"), f"{where}.replicas"),
        gpus=_number(entry.get("gpuCount"), f"{where}.gpuCount"),
        events=tuple(_read_events(entry.get("events"))),
    )


def _read_events(rows: Any) -> Iterator[DeploymentEvent]:
    """Yield what can be read of a list of events; the rest is no fault of the list."""
    for row in _newest(rows) if isinstance(rows, list) else ():
        if isinstance(row, dict):
            kind = _text(row.get("eventType")) or _NO_EVENT_TYPE
            # One text for all events of a kind, of which there may be thousands.
            yield DeploymentEvent(sys.intern(kind), _moment(row.get("createdAt")))


def _newest(rows: list[Any]) -> list[Any]:
    """Return as many events as are read, from whichever end the newest are at."""
    if len(rows) <= MOST_EVENTS:
        return rows
    first, last = (
        _moment(each.get("createdAt")) if isinstance(each, dict) else None
        for each in (rows[0], rows[-1])
    )
    is_newest_first = first is not None and last is not None and first > last
    return rows[:MOST_EVENTS] if is_newest_first else rows[-MOST_EVENTS:]


def _moment(value: Any) -> float | None:
    try:
        return read_timestamp(value, "createdAt")
    except ShapeError:
        return None


def _text(value: Any) -> str:
    """Return a text or an enumeration's number as text; empty for anything else."""
    is_word = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value)[:LONGEST_TEXT] if is_word else ""


def _number(value: Any, what: str) -> int | None:
    """
    Return a count, which may come as text; 0 where protobuf left it out.

    None for what is no count; a deployment with no replicas would alarm somebody.

    Raises:
        ShapeError: It is a number that nobody could mean.
    """
    if value is None or value == "":
        return 0
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(number) or abs(number) > _MOST:
        raise ShapeError(f"{what} is beyond all bounds")
    return int(number) if number >= 0 and number.is_integer() else None
