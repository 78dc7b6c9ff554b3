"""Ask whether the service is up: GET /health."""

from typing import ClassVar, Literal

from tm_exporter.observation import Outcome
from tm_exporter.probes.base import InferenceProbe
from tm_exporter.reasons import ANY_BODY
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.verdict import Judged, Promise, judge


class HealthSection(ProbeSection):
    """A health check; no model runs."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("serverless", "on_demand")
    kind: Literal["health"] = "health"
    interval: Duration = 15.0
    timeout: Duration = 5.0


class HealthProbe(InferenceProbe[HealthSection]):
    """Any 2xx passes, whatever its body."""

    reasons = ANY_BODY

    async def run(self) -> Outcome:
        """Ask once."""
        exchange = await self.client.get("/health", timeout=self.section.timeout)
        promise: Promise[None] = Promise(surface=self.key.surface)
        judged: Judged[None] = judge(exchange, promise)
        return Outcome(verdict=judged.verdict, exchanges=(exchange,))
