"""Have a model go on with a text, streamed: POST /v1/completions."""

from typing import ClassVar, Literal

from tm_exporter.probes.generation import StreamSection
from tm_exporter.probes.routes import COMPLETIONS, Route
from tm_exporter.probes.streaming import StreamProbe
from tm_exporter.section import Duration


class CompletionsStreamSection(StreamSection):
    """A text completion that is streamed."""

    route: ClassVar[Route] = COMPLETIONS
    kind: Literal["completions_stream"] = "completions_stream"
    interval: Duration = 3600.0


class CompletionsStreamProbe(StreamProbe[CompletionsStreamSection]):
    """The stream must be whole: text, a finish reason and its terminator."""
