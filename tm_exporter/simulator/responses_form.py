"""How POST /v1/responses words its answers."""

from itertools import count
from typing import Any

from tm_exporter.simulator.chat_form import STREAM_ERROR
from tm_exporter.simulator.event_stream import DONE, event
from tm_exporter.simulator.generation import PartKind
from tm_exporter.simulator.run import Run


_DELTAS: dict[PartKind, str] = {
    "reasoning": "response.reasoning_text",
    "content": "response.output_text",
    "call": "response.function_call_arguments",
}


class ResponsesForm:
    """The form of responses: an item for each part, events with names."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._numbers = count()
        self._kinds: list[PartKind] = []
        self._said = ""

    def whole(self) -> dict[str, Any]:
        """Return the answer in one piece."""
        parts = enumerate(self._run.generation.parts)
        items = [self._item(i, p.kind, p.text, "completed") for i, p in parts]
        cut = self._run.generation.finish == "length"
        return {
            **self._frame("incomplete" if cut else "completed", items),
            "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
            "usage": self._usage(),
        }

    def opening(self) -> list[bytes]:
        """Return the events that announce a response."""
        frame = self._frame("in_progress", [])
        names = ("response.created", "response.in_progress")
        return [self._event(name, response=frame) for name in names]

    def token(self, kind: PartKind, piece: str) -> list[bytes]:
        """Return the event of one token, after those that begin a new item."""
        events = []
        if not self._kinds or self._kinds[-1] != kind:
            events += self._end_item()
            self._kinds.append(kind)
            item = self._item(self._index, kind, "", "in_progress")
            events.append(
                self._event(
                    "response.output_item.added", output_index=self._index, item=item
                )
            )
            events += self._part("added")
        self._said += piece
        return [*events, self._part_event(f"{_DELTAS[kind]}.delta", delta=piece)]

    def closing(self, *, finish: bool) -> list[bytes]:
        """Return the events that end the last item."""
        return self._end_item() if finish else []

    def terminator(self) -> bytes:
        """Return the event that ends a stream; it has the whole answer."""
        whole, end = self.whole(), self._run.switches.responses_end
        incomplete = end == "incomplete" and whole["status"] == "incomplete"
        name = "response.incomplete" if incomplete else "response.completed"
        return self._event(name, response=whole) + (DONE if end == "done" else b"")

    def error(self) -> list[bytes]:
        """Return the event of a response that failed."""
        failed = {**self._frame("failed", []), "error": STREAM_ERROR}
        return [self._event("response.failed", response=failed)]

    @property
    def _index(self) -> int:
        return len(self._kinds) - 1

    def _end_item(self) -> list[bytes]:
        if not self._kinds:
            return []
        kind, said, self._said = self._kinds[-1], self._said, ""
        member = "arguments" if kind == "call" else "text"
        item = self._item(self._index, kind, said, "completed")
        return [
            self._part_event(f"{_DELTAS[kind]}.done", **{member: said}),
            *self._part("done", said),
            self._event(
                "response.output_item.done", output_index=self._index, item=item
            ),
        ]

    def _part(self, step: str, text: str = "") -> list[bytes]:
        """Return the event that begins or ends the content of an item, if any."""
        if self._kinds[-1] == "call":
            return []
        part = _content(self._kinds[-1], text)
        return [self._part_event(f"response.content_part.{step}", part=part)]

    def _item(
        self, index: int, kind: PartKind, text: str, status: str
    ) -> dict[str, Any]:
        item: dict[str, Any] = {"id": self._item_id(index, kind), "status": status}
        if kind == "call":
            tool = self._run.asked.tool
            call = {"name": tool.name if tool else "", "arguments": text}
            call_id = f"call_{self._run.id[:24]}"
            return item | {"type": "function_call", "call_id": call_id, **call}
        content = [_content(kind, text)] if text else []
        if kind == "reasoning":
            return item | {"type": "reasoning", "summary": [], "content": content}
        return item | {"type": "message", "role": "assistant", "content": content}

    def _item_id(self, index: int, kind: PartKind) -> str:
        prefix = {"reasoning": "rs", "content": "msg", "call": "fc"}[kind]
        return f"{prefix}_{index}_{self._run.id}"

    def _usage(self) -> dict[str, Any]:
        usage = self._run.usage()
        if self._run.switches.responses_usage == "chat":
            return usage
        details = usage.get("prompt_tokens_details") or {}
        return {
            "input_tokens": usage["prompt_tokens"],
            "input_tokens_details": {"cached_tokens": details.get("cached_tokens", 0)},
            "output_tokens": usage["completion_tokens"],
            "output_tokens_details": {
                "reasoning_tokens": self._run.generation.count("reasoning")
            },
            "total_tokens": usage["total_tokens"],
        }

    def _frame(self, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": f"resp_{self._run.id}",
            "object": "response",
            "created_at": self._run.created,
            "model": self._run.model,
            "status": status,
            "output": output,
            "error": None,
            "incomplete_details": None,
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
        }

    def _part_event(self, name: str, **members: Any) -> bytes:
        where = {"item_id": self._item_id(self._index, self._kinds[-1])}
        content = {} if self._kinds[-1] == "call" else {"content_index": 0}
        return self._event(
            name, **where, output_index=self._index, **content, **members
        )

    def _event(self, name: str, **members: Any) -> bytes:
        numbered = {"type": name, "sequence_number": next(self._numbers), **members}
        return event(numbered, name)


def _content(kind: PartKind, text: str) -> dict[str, Any]:
    """Return the one part of an item that says or thinks something."""
    if kind == "reasoning":
        return {"type": "reasoning_text", "text": text}
    return {"type": "output_text", "text": text, "annotations": []}
