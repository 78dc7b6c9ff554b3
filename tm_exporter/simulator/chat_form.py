"""How POST /v1/chat/completions words its answers."""

from typing import Any

from tm_exporter.simulator.event_stream import DONE, event
from tm_exporter.simulator.generation import PartKind
from tm_exporter.simulator.run import Run


STREAM_ERROR = {
    "message": "The engine died while it was generating.",
    "type": "InternalServerError",
    "param": None,
    "code": 500,
}


class ChatForm:
    """The form of chat completions."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._begun_call = False

    def whole(self) -> dict[str, Any]:
        """Return the answer in one piece."""
        run = self._run
        choice = {
            "index": 0,
            "message": self._message(),
            "logprobs": None,
            "finish_reason": run.generation.finish,
            "stop_reason": None,
            "token_ids": None,
            "raw_output": None,
        }
        return {
            **self._frame("chat.completion", [choice]),
            "usage": run.usage(),
            "perf_metrics": None,
            "prompt_token_ids": None,
        }

    def opening(self) -> list[bytes]:
        """Return the chunk that has only the role."""
        return [self._chunk({"role": "assistant", "content": ""})]

    def token(self, kind: PartKind, piece: str) -> list[bytes]:
        """Return the chunk of one token; a call begins with a chunk for its name."""
        if kind == "call":
            begin = [] if self._begun_call else [self._chunk(self._call_delta())]
            self._begun_call = True
            function = {"arguments": piece}
            delta = {"tool_calls": [{"index": 0, "function": function}]}
            return [*begin, self._chunk(delta)]
        return [self._chunk({self._member(kind): piece})]

    def closing(self, *, finish: bool) -> list[bytes]:
        """Return the chunk with the finish reason, and usage as the switches say."""
        run = self._run
        form = run.switches.usage if run.asked.include_usage else "absent"
        merged = {"usage": run.usage()} if form == "finish_chunk" else {}
        chunks = [self._chunk({}, run.generation.finish, merged)] if finish else []
        if form == "own_chunk":
            frame = self._frame("chat.completion.chunk", [])
            chunks.append(event({**frame, "usage": run.usage()}))
        return chunks

    def terminator(self) -> bytes:
        """Return the event that ends a stream."""
        return DONE

    def error(self) -> list[bytes]:
        """Return an error in place of a chunk."""
        return [event({"error": STREAM_ERROR}), DONE]

    def _member(self, kind: PartKind) -> str:
        model = self._run.asked.model
        return (model.reasoning or "reasoning") if kind == "reasoning" else "content"

    def _message(self) -> dict[str, Any]:
        generation = self._run.generation
        other = generation.count("reasoning") + generation.count("call")
        message: dict[str, Any] = {
            "role": "assistant",
            "content": generation.text("content") or (None if other else ""),
            "refusal": None,
            "annotations": None,
            "audio": None,
            "function_call": None,
            "tool_calls": self._calls(),
        }
        return message | {
            self._member("reasoning"): generation.text("reasoning") or None
        }

    def _calls(self) -> list[dict[str, Any]]:
        tool = self._run.asked.tool
        if tool is None or not self._run.generation.count("call"):
            return []
        function = {"name": tool.name, "arguments": self._run.generation.text("call")}
        return [{"id": self._call_id, "type": "function", "function": function}]

    def _call_delta(self) -> dict[str, Any]:
        tool = self._run.asked.tool
        function = {"name": tool.name if tool else "", "arguments": ""}
        call = {"id": self._call_id, "type": "function", "function": function}
        return {"tool_calls": [{"index": 0, **call}]}

    @property
    def _call_id(self) -> str:
        return f"call_{self._run.id[:24]}"

    def _chunk(
        self,
        delta: dict[str, Any],
        finish: str | None = None,
        more: dict[str, Any] | None = None,
    ) -> bytes:
        choice = {
            "index": 0,
            "delta": delta,
            "logprobs": None,
            "finish_reason": finish,
        }
        return event({**self._frame("chat.completion.chunk", [choice]), **(more or {})})

    def _frame(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{self._run.id}",
            "object": kind,
            "created": self._run.created,
            "model": self._run.model,
            "system_fingerprint": self._run.switches.fingerprint,
            "choices": choices,
        }
