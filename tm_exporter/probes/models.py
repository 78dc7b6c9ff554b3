"""Ask which models are served: GET /v1/models."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from tm_exporter.catalog import MODEL_LISTED, MODEL_MAX_MODEL_LEN, MODELS_LISTED
from tm_exporter.facts import ModelsServed
from tm_exporter.observation import Outcome, Reason, Sample
from tm_exporter.payloads import ServedModel, read_models
from tm_exporter.probes.base import InferenceProbe
from tm_exporter.reasons import JSON_BODY
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.verdict import Promise, judge


class ModelsSection(ProbeSection):
    """The model list must have every configured model."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("serverless", "on_demand")
    kind: Literal["models"] = "models"
    interval: Duration = 60.0
    timeout: Duration = 10.0


class ModelsProbe(InferenceProbe[ModelsSection]):
    """A list that lacks a configured model fails, and is a list all the same."""

    reasons = (*JSON_BODY, Reason.ASSERTION)

    async def run(self) -> Outcome:
        """
        Ask once.

        Returns:
            How many models are listed; for each configured one whether it is, and
            the length of its context where the list says so; the list as a fact.
        """
        exchange = await self.client.get("/v1/models", timeout=self.section.timeout)
        judged = judge(
            exchange,
            Promise(
                surface=self.key.surface,
                read=read_models,
                check=self._missing,
            ),
        )
        if judged.answer is None:
            return Outcome(verdict=judged.verdict, exchanges=(exchange,))
        return Outcome(
            verdict=judged.verdict,
            exchanges=(exchange,),
            samples=tuple(self._samples(judged.answer)),
            facts=(ModelsServed(judged.answer),),
        )

    def _missing(self, served: tuple[ServedModel, ...]) -> str | None:
        """Name the configured models that the list lacks."""
        names = {model.name for model in served}
        missing = [name for name in self.models if name not in names]
        if not missing:
            return None
        return f"not in the model list: {', '.join(missing)}"

    def _samples(self, served: tuple[ServedModel, ...]) -> Iterator[Sample]:
        lengths = {model.name: model.max_model_len for model in served}
        yield Sample(MODELS_LISTED, len(lengths))
        for name in self.models:
            yield Sample(MODEL_LISTED, name in lengths, (name,))
            length = lengths.get(name)
            if length is not None:
                yield Sample(MODEL_MAX_MODEL_LEN, length, (name,))
