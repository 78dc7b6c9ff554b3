"""Ask which version answers: GET /version."""

from typing import ClassVar, Literal

from tm_exporter.catalog import SERVICE_VERSION_INFO
from tm_exporter.facts import VersionNamed
from tm_exporter.judging import judge_aside
from tm_exporter.observation import Outcome, Sample
from tm_exporter.probes.base import InferenceProbe
from tm_exporter.reasons import JSON_BODY
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.verdict import Promise
from tm_exporter.wire.payloads import read_version


class VersionSection(ProbeSection):
    """A look at the version; no model runs."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("serverless", "on_demand")
    kind: Literal["version"] = "version"
    interval: Duration = 300.0
    timeout: Duration = 5.0


class VersionProbe(InferenceProbe[VersionSection]):
    """An empty body passes, and names no version."""

    reasons = JSON_BODY

    async def run(self) -> Outcome:
        """
        Ask once.

        Returns:
            The version as an info sample and a fact, where the answer names one.
        """
        exchange = await self.client.get("/version", timeout=self.section.timeout)
        judged = await judge_aside(
            exchange,
            Promise(surface=self.key.surface, read=read_version, may_be_empty=True),
        )
        if judged.answer is None:
            return Outcome(verdict=judged.verdict, exchanges=(exchange,))
        return Outcome(
            verdict=judged.verdict,
            exchanges=(exchange,),
            samples=(Sample(SERVICE_VERSION_INFO, 1, (judged.answer,)),),
            facts=(VersionNamed(judged.answer),),
        )
