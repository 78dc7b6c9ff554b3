"""Ask a model for a short answer, whole: POST /v1/chat/completions."""

from typing import Literal

from tm_exporter.observation import Outcome
from tm_exporter.payloads import read_chat
from tm_exporter.probes.generation import (
    GenerationProbe,
    GenerationSection,
    MaxTokens,
    merged,
    token_samples,
)
from tm_exporter.reasons import GENERATED
from tm_exporter.section import Duration
from tm_exporter.verdict import Promise, judge


class ChatSection(GenerationSection):
    """A chat completion that is answered in one piece."""

    kind: Literal["chat"] = "chat"
    interval: Duration = 600.0
    max_tokens: MaxTokens = 16


class ChatProbe(GenerationProbe[ChatSection]):
    """Any token passes: content, reasoning or a tool call."""

    reasons = GENERATED

    async def run(self) -> Outcome:
        """
        Ask once; costs at most the prompt and `max_tokens` tokens.

        Returns:
            Tokens by kind, as far as the service reported them.
        """
        exchange = await self.client.post(
            "/v1/chat/completions",
            merged(self.chat_request(), self.section.body),
            timeout=self.section.timeout,
        )
        judged = judge(
            exchange,
            Promise(
                surface=self.key.surface,
                read=read_chat,
                model=self.key.model,
                check=self.unmet,
            ),
        )
        usage = judged.answer.usage if judged.answer is not None else None
        return Outcome(
            verdict=judged.verdict,
            exchanges=(exchange,),
            samples=token_samples(usage),
        )
