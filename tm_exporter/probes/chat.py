"""Ask a model for a short answer, whole: POST /v1/chat/completions."""

from typing import Literal

from tm_exporter.probes.generation import GenerationSection, MaxTokens
from tm_exporter.probes.whole import WholeProbe
from tm_exporter.section import Duration


class ChatSection(GenerationSection):
    """A chat completion that is answered in one piece."""

    kind: Literal["chat"] = "chat"
    interval: Duration = 600.0
    max_tokens: MaxTokens = 16


class ChatProbe(WholeProbe[ChatSection]):
    """Any token passes: content, reasoning or a tool call."""
