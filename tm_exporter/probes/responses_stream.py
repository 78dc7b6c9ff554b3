"""Ask a model for a response, streamed: POST /v1/responses."""

from typing import ClassVar, Literal

from tm_exporter.probes.generation import StreamSection
from tm_exporter.probes.routes import RESPONSES, Route
from tm_exporter.probes.streaming import StreamProbe
from tm_exporter.section import Duration


class ResponsesStreamSection(StreamSection):
    """A request to the responses route, streamed."""

    route: ClassVar[Route] = RESPONSES
    kind: Literal["responses_stream"] = "responses_stream"
    interval: Duration = 3600.0


class ResponsesStreamProbe(StreamProbe[ResponsesStreamSection]):
    """The stream must be whole: something said, and the event that completes it."""
