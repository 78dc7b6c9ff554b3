"""Which function a request lets the model call, and with which arguments."""

from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Tool:
    """
    A call to make.

    Attributes:
        name: Of the function.
        arguments: A JSON object, as text.
    """

    name: str
    arguments: str


def chosen_tool(body: dict[str, Any]) -> Tool | None:
    """
    Return the function the model calls: the one asked for, else the first.

    A real model would decide by itself where it may; this one always calls.
    """
    choice = body.get("tool_choice", "auto")
    functions = [_function(tool) for tool in body.get("tools") or []]
    if choice == "none" or not functions:
        return None
    wanted = _function(choice).get("name") if isinstance(choice, dict) else None
    function = next((f for f in functions if f.get("name") == wanted), functions[0])
    arguments = _example(function.get("parameters") or {"type": "object"})
    return Tool(str(function.get("name", "")), orjson.dumps(arguments).decode())


def _function(tool: Any) -> dict[str, Any]:
    """Return the function of a tool, in the form of chat or of responses."""
    inner = tool.get("function", tool) if isinstance(tool, dict) else {}
    return inner if isinstance(inner, dict) else {}


def _example(schema: dict[str, Any]) -> Any:
    """Return a value that a JSON Schema of the usual kind allows."""
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: _example(s) for name, s in schema.get("properties", {}).items()}
    examples: dict[str, Any] = {"array": [], "boolean": True, "integer": 1}
    return {**examples, "number": 1.5, "null": None}.get(
        schema.get("type", "string"), "simulated"
    )
