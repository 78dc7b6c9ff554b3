"""Let the service count the tokens of a text: POST /tokenize."""

from typing import ClassVar, Literal

from tm_exporter.observation import Outcome
from tm_exporter.payloads import read_tokens
from tm_exporter.probes.base import InferenceProbe
from tm_exporter.reasons import JSON_BODY
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.verdict import Promise, judge


TEXT = "The quick brown fox jumps over the lazy dog."


class TokenizeSection(ProbeSection):
    """Checks key and model name without letting the model generate."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("serverless", "on_demand")
    per_model: ClassVar[bool] = True
    kind: Literal["tokenize"] = "tokenize"
    interval: Duration = 60.0
    timeout: Duration = 10.0


class TokenizeProbe(InferenceProbe[TokenizeSection]):
    """The answer must be a list of token ids."""

    reasons = JSON_BODY

    async def run(self) -> Outcome:
        """Send the text once."""
        exchange = await self.client.post(
            "/tokenize",
            {"model": self.key.model, "prompt": TEXT, "add_special_tokens": False},
            timeout=self.section.timeout,
        )
        judged = judge(exchange, Promise(surface=self.key.surface, read=read_tokens))
        return Outcome(verdict=judged.verdict, exchanges=(exchange,))
