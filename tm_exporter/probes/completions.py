"""Have a model go on with a text, whole: POST /v1/completions."""

from typing import ClassVar, Literal

from tm_exporter.probes.generation import GenerationSection
from tm_exporter.probes.routes import COMPLETIONS, Route
from tm_exporter.probes.whole import WholeProbe
from tm_exporter.section import Duration


class CompletionsSection(GenerationSection):
    """A text completion that is answered in one piece."""

    route: ClassVar[Route] = COMPLETIONS
    kind: Literal["completions"] = "completions"
    interval: Duration = 3600.0


class CompletionsProbe(WholeProbe[CompletionsSection]):
    """Any text passes."""
