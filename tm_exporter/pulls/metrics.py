"""Pass on what the service measures itself: the routes of observability."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from tm_exporter.catalog import (
    DEPLOYMENT_METRIC,
    DEPLOYMENT_METRIC_TIMESTAMP_SECONDS,
    EXPORTER_LABEL_OVERFLOW,
    USER_METRIC,
    USER_METRIC_TIMESTAMP_SECONDS,
    Family,
)
from tm_exporter.clients.client import deployment_metrics_route
from tm_exporter.observation import Outcome, Sample
from tm_exporter.pulls.base import Pull
from tm_exporter.pulls.measurements import Measurements, read_measurements
from tm_exporter.pulls.pages import Listing, read_pages
from tm_exporter.pulls.reading import Reading
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.timestamps import rfc3339


_STEP = 60
_WINDOW = 900
_MOST_DEPLOYMENTS = 20
_SHARE = 0.75  # of the timeout, after which no more deployments are asked for


class MetricsSection(ProbeSection):
    """The service's own metrics of user and deployments."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("control_plane",)
    optional: ClassVar[bool] = True
    kind: Literal["metrics"] = "metrics"
    interval: Duration = 60.0
    timeout: Duration = 20.0


class MetricsPull(Pull[MetricsSection]):
    """
    Names and scales are the service's; nobody documented them.

    Costs a request for the user, one for the list of deployments, and one for each
    of the first 20 deployments, as far as three quarters of the timeout reach.
    """

    async def run(self) -> Outcome:
        """
        Ask for the last quarter of an hour, in whole minutes.

        Returns:
            The newest sample of each metric, and when it was taken. Only where no
            such route gives anything does the probe count as unsupported.
        """
        until = self.clock() + _SHARE * self.section.timeout
        reading, window = self.reading(), self._window()
        of_user = await reading.ask(
            "/v1/observability/users/metrics",
            read_measurements,
            window,
            may_be_missing=True,
        )
        of_deployments: dict[str, Measurements] = {}
        for deployment_id, route in await _routes(reading):
            if not reading.goes_on or self.clock() > until:
                break
            measured = await reading.ask(
                route, read_measurements, window, may_be_missing=True
            )
            if measured is not None:
                of_deployments[deployment_id] = measured
        if of_user is None and not of_deployments:
            reading.blame_the_missing()
        samples = _samples(of_user or Measurements(()), of_deployments)
        return reading.outcome(samples, optional=True)

    def _window(self) -> dict[str, str]:
        """Return a window that ends, and begins, with a whole step."""
        end = self.now() // _STEP * _STEP
        return {
            "startTime": rfc3339(end - _WINDOW),
            "endTime": rfc3339(end),
            "stepSeconds": str(_STEP),
        }


async def _routes(reading: Reading) -> list[tuple[str, str]]:
    """Return id and route of the deployments that may be asked for."""
    listing = Listing(
        "/v1/models",
        ("models", "data"),
        _read_id,
        may_be_bare=True,
        may_be_missing=True,
    )
    ids = dict.fromkeys(await read_pages(reading, listing) or ())
    routes = [(name, deployment_metrics_route(name)) for name in ids]
    found = [(name, route) for name, route in routes if route is not None]
    return found[:_MOST_DEPLOYMENTS]


def _read_id(row: Any, _: str) -> str:
    """Return the id that the routes of observability take; empty for none."""
    deployment_id = row.get("deploymentId") if isinstance(row, dict) else None
    return deployment_id if isinstance(deployment_id, str) else ""


def _samples(
    of_user: Measurements, of_deployments: dict[str, Measurements]
) -> Iterator[Sample]:
    yield from _told(of_user, USER_METRIC, USER_METRIC_TIMESTAMP_SECONDS)
    for name, measured in of_deployments.items():
        families = (DEPLOYMENT_METRIC, DEPLOYMENT_METRIC_TIMESTAMP_SECONDS)
        yield from _told(measured, *families, name)


def _told(
    measured: Measurements, value: Family, taken: Family, *labels: str
) -> Iterator[Sample]:
    """Yield each measurement with its twin, and how many there was no room for."""
    for one in measured.found:
        yield Sample(value, one.value, (*labels, one.name))
        if one.at is not None:
            yield Sample(taken, one.at, (*labels, one.name))
    if measured.left_out:
        yield Sample(EXPORTER_LABEL_OVERFLOW, measured.left_out, (value.name,))
