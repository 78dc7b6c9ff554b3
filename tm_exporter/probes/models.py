"""Ask which models are served: GET /v1/models."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from tm_exporter.catalog import (
    EXPORTER_LABEL_OVERFLOW,
    MODEL_LISTED,
    MODEL_MAX_MODEL_LEN,
    MODELS_LISTED,
)
from tm_exporter.facts import ModelsServed
from tm_exporter.judging import judge_aside
from tm_exporter.observation import Outcome, Reason, Sample
from tm_exporter.probes.base import InferenceProbe
from tm_exporter.reasons import JSON_BODY
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.verdict import Promise
from tm_exporter.wire.payloads import ServedModel, read_models


MOST_MODELS = 300
"""Models of one list that are remembered, besides those that are configured."""

LONGEST_NAME = 200
"""Characters of a model's name that is remembered: as many as a label has."""


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
        judged = await judge_aside(
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
            samples=(*self._samples(judged.answer), *_left_out(judged.answer)),
            facts=(ModelsServed(self._known(judged.answer)),),
        )

    def _known(self, served: tuple[ServedModel, ...]) -> tuple[ServedModel, ...]:
        """Return as many of the list as are remembered, those configured among them."""
        ours = frozenset(self.models)
        short = [m for m in served if m.name in ours or len(m.name) <= LONGEST_NAME]
        near = short[:MOST_MODELS]
        return (*near, *(m for m in short[MOST_MODELS:] if m.name in ours))

    def _missing(self, served: tuple[ServedModel, ...]) -> str | None:
        """Name the configured models that the list lacks."""
        ours = frozenset(self.models)
        listed = {model.name for model in served if model.name in ours}
        missing = [name for name in self.models if name not in listed]
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


def _left_out(served: tuple[ServedModel, ...]) -> Iterator[Sample]:
    """Yield how many models there was no room for, if there were any."""
    if len(served) > MOST_MODELS:
        left_out = len(served) - MOST_MODELS
        yield Sample(EXPORTER_LABEL_OVERFLOW, left_out, (MODELS_LISTED.name,))
