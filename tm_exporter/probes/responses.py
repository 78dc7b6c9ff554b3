"""Ask a model for a response, whole: POST /v1/responses."""

from typing import ClassVar, Literal

from tm_exporter.probes.generation import GenerationSection
from tm_exporter.probes.routes import RESPONSES, Route
from tm_exporter.probes.whole import WholeProbe
from tm_exporter.section import Duration


class ResponsesSection(GenerationSection):
    """A request to the responses route, answered in one piece."""

    route: ClassVar[Route] = RESPONSES
    kind: Literal["responses"] = "responses"
    interval: Duration = 3600.0


class ResponsesProbe(WholeProbe[ResponsesSection]):
    """Any token passes: text, reasoning or a function call."""
