"""What a chat tells of the built-in prompt's length, to compare with the tokenizer."""

from tm_exporter.facts import PromptCounted
from tm_exporter.observation import Fact
from tm_exporter.probes.generation import GenerationSection
from tm_exporter.probes.routes import CHAT
from tm_exporter.verdict import Judged
from tm_exporter.wire.payloads import Completion


def prompt_counted(
    section: GenerationSection, judged: Judged[Completion]
) -> tuple[Fact, ...]:
    """
    Return how many tokens the built-in chat prompt had, by an answer's usage.

    Nothing for any other prompt, and where `body` may have changed the template,
    and nothing of a run that failed: another model may have answered it.
    """
    built_in = section.prompt_tokens is None and not section.body
    if section.route is not CHAT or not built_in or not judged.verdict.passed:
        return ()
    usage = judged.answer.usage if judged.answer is not None else None
    if usage is None or not usage.input:
        return ()
    return (PromptCounted(usage.input, "usage"),)
