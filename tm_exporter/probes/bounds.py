"""
How many tokens a request can come to, and how many it was charged with.

A worst case must hold for every tokenizer: none with byte fallback makes more than
one token of a byte. So the bytes of what a prompt is made of bound its tokens; what
a chat template adds has an allowance of its own.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from tm_exporter.exchange import Exchange
from tm_exporter.observation import Demand, Tokens
from tm_exporter.probes.routes import Route
from tm_exporter.wire.payloads import Usage


PROMPT = "Count from one to one hundred in words."
"""
The built-in prompt: its answer is longer than what it may be, so that every run has
as many tokens to time, and costs the same.
"""

PROMPT_TOKENS = 14
"""What tokenizers make of the built-in prompt, about."""

MOST_PROMPT_TOKENS = 64
"""The published bound of the built-in prompt, with a template around it."""

TEMPLATE_ALLOWANCE = 64
"""Tokens which a template may add to any other prompt."""

TOOLS_ALLOWANCE = 512
"""Tokens with which a template may explain tools to a model."""

BYTES_PER_TOKEN = 4
"""Of English and JSON, as tokenizers usually cut them."""

_ASKED = ("instructions", "tools", "suffix")
_ELSEWHERE = ("previous_response_id", "conversation", "prompt_embeds", "chat_template")
_TEXT_PARTS = (
    *("message", "text", "input_text", "output_text", "refusal"),
    *("function_call", "function_call_output"),
    *("reasoning", "reasoning_text", "summary_text", "thinking"),
)
_OUR_TOOLS = ("function", "custom")


def demand(
    route: Route, request: Mapping[str, Any], prompt: str, body: Mapping[str, Any]
) -> Demand:
    """
    Return what a request may use.

    Args:
        route: Where it goes.
        request: Its JSON, `body` merged into it.
        prompt: What the probe asks by itself.
        body: What its configuration adds or changes.
    """
    output = most_output(route, request)
    return Demand(
        worst=Tokens(input=_most_input(request, prompt, body), output=output),
        expected=Tokens(input=_likely_input(route, prompt, body), output=output),
    )


def most_output(route: Route, request: Mapping[str, Any]) -> int:
    """
    Return how many tokens may be generated at the most.

    Raises:
        ValueError: Nothing that can be read bounds them; the text says what to do.
    """
    limits = {name: request[name] for name in route.limits if _is_set(request, name)}
    if not limits:
        raise ValueError(
            f"must not remove `{route.limits[0]}`: nothing else bounds what a run costs"
        )
    most = max(_whole(name, value) for name, value in limits.items())
    return most * _answers(request)


def unbounded(request: Mapping[str, Any]) -> str | None:
    """Name what a request's tokens cannot be bounded for, None if all can be."""
    for name in _ELSEWHERE:
        if _is_set(request, name):
            return name
    if isinstance(request.get("prompt"), dict):  # one that the service keeps
        return "prompt"
    return next(_foreign_parts(request), None)


def used(exchange: Exchange, usage: Usage | None) -> Tokens | None:
    """
    Return the tokens that a request is charged with; None if nobody knows.

    Nothing, if it never left or was refused before anything was generated. What
    the service counted, if it told both sides of it: a prompt of no tokens is a
    count that was not made. Anything else is unknown, whatever failed: an answer
    that broke off may have been generated to its end and billed.

    Args:
        exchange: What was seen of it.
        usage: The final count, None if none came.
    """
    if exchange.sent is None or _is_refusal(exchange.status):
        return Tokens()
    if usage is None or not usage.input or usage.output is None:
        return None
    cached = min(usage.cached or 0, usage.input)
    return Tokens(input=usage.input, output=usage.output, cached=cached)


def _is_refusal(status: int | None) -> bool:
    """Whether a status says that the request itself was not accepted."""
    return status is not None and 400 <= status < 500 and status not in (408, 425, 499)


def _most_input(
    request: Mapping[str, Any], prompt: str, body: Mapping[str, Any]
) -> int:
    """Return how many tokens a prompt can come to at the most."""
    if body:
        tools = TOOLS_ALLOWANCE if _is_set(request, "tools") else 0
        return len(orjson.dumps(request)) + TEMPLATE_ALLOWANCE + tools
    if prompt == PROMPT:
        return MOST_PROMPT_TOKENS
    return len(prompt.encode()) + TEMPLATE_ALLOWANCE


def _likely_input(route: Route, prompt: str, body: Mapping[str, Any]) -> int:
    """Return about how many tokens a prompt will come to."""
    members = (*_ASKED, route.prompt)
    added = [body[name] for name in members if _is_set(body, name)]
    tokens = sum(len(orjson.dumps(value)) // BYTES_PER_TOKEN for value in added)
    if route.prompt not in body:
        tokens += PROMPT_TOKENS if prompt == PROMPT else len(prompt) // 2
    return tokens + route.template


def _answers(request: Mapping[str, Any]) -> int:
    """Return how many answers a request asks for, each with the whole limit."""
    copies = [_whole(n, request[n]) for n in ("n", "best_of") if _is_set(request, n)]
    prompts = request.get("prompt")
    texts = prompts if isinstance(prompts, list) else []
    several = any(type(each) is not int for each in texts)
    return max(copies, default=1) * (len(texts) if several else 1)


def _whole(name: str, value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(f"`{name}` must be a whole number: it bounds what a run costs")
    return value


def _is_set(members: Mapping[str, Any], name: str) -> bool:
    return members.get(name) is not None


def _foreign_parts(request: Mapping[str, Any]) -> Iterator[str]:
    """Yield the types of what is no text, and of tools that the service runs."""
    for name in ("messages", "input"):
        for part in _parts(request.get(name)):
            if part.get("type", "text") not in _TEXT_PARTS:
                yield str(part["type"])
    for tool in _objects(request.get("tools")):
        if tool.get("type", "function") not in _OUR_TOOLS:
            yield str(tool["type"])


def _parts(said: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the messages of a conversation that have a type, and their parts."""
    for message in _objects(said):
        if "type" in message:
            yield message
        yield from _objects(message.get("content"))


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    rows = value if isinstance(value, list) else []
    return (row for row in rows if isinstance(row, dict))
