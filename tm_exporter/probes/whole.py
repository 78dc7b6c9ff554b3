"""One request whose answer is wanted whole, from the prompt to the outcome."""

from typing import Generic

from tm_exporter.facts import ModelIdentity
from tm_exporter.judging import judge_aside
from tm_exporter.observation import Outcome
from tm_exporter.probes.bounds import used
from tm_exporter.probes.counted import prompt_counted
from tm_exporter.probes.generation import GenerationProbe, GenerationT, token_samples
from tm_exporter.reasons import GENERATED
from tm_exporter.verdict import Promise


class WholeProbe(GenerationProbe[GenerationT], Generic[GenerationT]):
    """Any token passes: content, reasoning or a tool call."""

    reasons = GENERATED

    async def run(self) -> Outcome:
        """
        Ask once; costs at most the prompt and `max_tokens` tokens.

        Returns:
            Tokens by kind, as far as the service reported them.
        """
        exchange = await self.client.post(
            self.route.path, self.request(self.prompt()), timeout=self.section.timeout
        )
        promise = Promise(
            surface=self.key.surface,
            read=self.route.read,
            model=self.key.model,
        )
        checked = await self.checked(await judge_aside(exchange, promise))
        judged = checked.judged
        usage = judged.answer.usage if judged.answer is not None else None
        return Outcome(
            verdict=judged.verdict,
            exchanges=(exchange,),
            samples=token_samples(usage),
            used=(used(exchange, usage),),
            facts=(
                *prompt_counted(self.section, judged),
                *ModelIdentity.of(self.key.model, judged.answer),
            ),
            paused=checked.seconds,
        )
