"""How POST /v1/completions words its answers."""

from typing import Any

from tm_exporter.simulator.chat_form import STREAM_ERROR
from tm_exporter.simulator.event_stream import DONE, event
from tm_exporter.simulator.generation import PartKind
from tm_exporter.simulator.run import Run


class CompletionsForm:
    """The form of text completions: all that is generated is text."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def whole(self) -> dict[str, Any]:
        """Return the answer in one piece."""
        generation = self._run.generation
        text = "".join(piece for _, piece in generation.steps())
        choice = self._choice(text, generation.finish)
        return {**self._frame([choice]), "usage": self._run.usage()}

    def opening(self) -> list[bytes]:
        """Return nothing: there is no role to tell."""
        return []

    def token(self, kind: PartKind, piece: str) -> list[bytes]:  # noqa: ARG002
        """Return the chunk of one token."""
        return [event(self._frame([self._choice(piece)]))]

    def closing(self, *, finish: bool) -> list[bytes]:
        """Return the chunk with the finish reason, and usage as the switches say."""
        run = self._run
        form = run.switches.usage if run.asked.include_usage else "absent"
        chunks = []
        if finish:
            last = self._frame([self._choice("", run.generation.finish)])
            merged = {"usage": run.usage()} if form == "finish_chunk" else {}
            chunks.append(event({**last, **merged}))
        if form == "own_chunk":
            chunks.append(event({**self._frame([]), "usage": run.usage()}))
        return chunks

    def terminator(self) -> bytes:
        """Return the event that ends a stream."""
        return DONE

    def error(self) -> list[bytes]:
        """Return an error in place of a chunk."""
        return [event({"error": STREAM_ERROR}), DONE]

    def _choice(self, text: str, finish: str | None = None) -> dict[str, Any]:
        return {
            "index": 0,
            "text": text,
            "logprobs": None,
            "finish_reason": finish,
            "stop_reason": None,
        }

    def _frame(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": f"cmpl-{self._run.id}",
            "object": "text_completion",
            "created": self._run.created,
            "model": self._run.model,
            "system_fingerprint": self._run.switches.fingerprint,
            "choices": choices,
        }
