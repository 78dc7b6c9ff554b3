"""The chat template: messages to the text that is tokenized."""

from typing import Any

from tm_exporter.simulator.refusal import unprocessable


LONGER_TEMPLATE = "<system>Today nobody knows what a template adds.\n"
"""What a changed template puts before the messages."""


def rendered(messages: Any, member: str = "messages") -> str:
    """
    Return the prompt which a list of messages becomes, ready for an answer.

    Raises:
        Refusal: 422 if it is no list of messages.
    """
    if not isinstance(messages, list) or not messages:
        raise unprocessable(member, "Input should be a list of messages")
    lines = [f"<{_role(m, member)}>{said(m.get('content'))}\n" for m in messages]
    return "".join(lines) + "<assistant>"


def last_said(messages: list[dict[str, Any]]) -> str:
    """Return the text of the last message."""
    return said(messages[-1].get("content"))


def said(content: Any) -> str:
    """Return the text of a message's content, whole or in parts; none is empty."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _role(message: Any, member: str) -> str:
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise unprocessable(member, "Each message should have a role")
    return str(message["role"])
