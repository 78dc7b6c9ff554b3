"""What a request of the inference surface asks for, checked as the service does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tm_exporter.simulator import tokenizer
from tm_exporter.simulator.messages import last_said, rendered
from tm_exporter.simulator.refusal import bad_request, inference_error, unprocessable
from tm_exporter.simulator.served import ServedModel
from tm_exporter.simulator.tools import Tool, chosen_tool


Models = Mapping[str, ServedModel]
Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    A request to generate, whichever route it came by.

    Attributes:
        model: To generate with.
        prompt: Tokens of it, the chat template included.
        words: The last thing said, which the answer repeats.
        max_tokens: Bound on what is generated; None to go on to the end.
        stream: Whether the answer comes as events.
        include_usage: Whether a stream tells usage.
        tool: The function to call in place of an answer.
        json_text: Whether the answer is a JSON document.
        thinks: Whether reasoning comes before the answer.
    """

    model: ServedModel
    prompt: tuple[int, ...]
    words: str
    max_tokens: int | None
    stream: bool
    include_usage: bool
    tool: Tool | None = None
    json_text: bool = False
    thinks: bool = False


def parsed(content: bytes) -> Body:
    """
    Return the JSON object of a body.

    Raises:
        Refusal: 400 if it is not JSON, 422 if it is no object.
    """
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"The body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise unprocessable("", "Input should be an object")
    return body


def model_of(body: Body, models: Models) -> ServedModel:
    """
    Return the model a request names.

    Raises:
        Refusal: 422 if it names none, 404 if that is not served.
    """
    name = member(body, "model", str)
    if name not in models:
        message = f"The model `{name}` does not exist."
        raise inference_error(404, message, "NotFoundError", "model")
    return models[name]


def asked_of_chat(body: Body, models: Models) -> Asked:
    """Read a request of POST /v1/chat/completions."""
    messages = member(body, "messages", list)
    prompt = tokenizer.encode(rendered(messages))
    model = model_of(body, models)
    tokens = _positive(body, "max_tokens") or _positive(body, "max_completion_tokens")
    if (_positive(body, "n") or 1) > 1 and body.get("temperature") == 0:
        raise bad_request("n must be 1 when using greedy sampling.", "n")
    asked = Asked(
        model=model,
        prompt=tuple(prompt),
        words=last_said(messages),
        max_tokens=tokens,
        stream=body.get("stream") is True,
        include_usage=_includes_usage(body),
        tool=chosen_tool(body),
        json_text=_is_json(body.get("response_format")),
        thinks=bool(model.reasoning) and _may_think(body),
    )
    return _fitting(asked)


def asked_of_completions(body: Body, models: Models) -> Asked:
    """Read a request of POST /v1/completions."""
    prompt = _prompt(body)
    asked = Asked(
        model=model_of(body, models),
        prompt=prompt,
        words=tokenizer.decode(prompt),
        max_tokens=_positive(body, "max_tokens") or 16,
        stream=body.get("stream") is True,
        include_usage=_includes_usage(body),
    )
    return _fitting(asked)


def asked_of_responses(body: Body, models: Models) -> Asked:
    """Read a request of POST /v1/responses; its streams always tell usage."""
    said = body.get("input")
    messages = [{"role": "user", "content": said}] if isinstance(said, str) else said
    if "input" not in body:
        raise unprocessable("input")
    prompt = rendered(messages, "input")
    if isinstance(instructions := body.get("instructions"), str):
        prompt = rendered([{"role": "system", "content": instructions}]) + prompt
    model = model_of(body, models)
    text = body.get("text")
    asked = Asked(
        model=model,
        prompt=tuple(tokenizer.encode(prompt)),
        words=last_said(messages or []),
        max_tokens=_positive(body, "max_output_tokens"),
        stream=body.get("stream") is True,
        include_usage=True,
        tool=chosen_tool(body),
        json_text=isinstance(text, dict) and _is_json(text.get("format")),
        thinks=bool(model.reasoning) and _may_think(body),
    )
    return _fitting(asked)


def member(body: Body, name: str, kind: type[Any]) -> Any:
    """
    Return a member which a request must have.

    Raises:
        Refusal: 422 if it is missing or of another type.
    """
    if name not in body:
        raise unprocessable(name)
    if not isinstance(body[name], kind):
        raise unprocessable(name, f"Input should be a valid {kind.__name__}")
    return body[name]


def _prompt(body: Body) -> tuple[int, ...]:
    """Return the tokens of a prompt: a text, or tokens, or a list of one text."""
    prompt = body.get("prompt")
    if isinstance(prompt, list) and len(prompt) == 1 and isinstance(prompt[0], str):
        prompt = prompt[0]
    if isinstance(prompt, str):
        return tuple(tokenizer.encode(prompt))
    if "prompt" not in body:
        raise unprocessable("prompt")
    return tuple(checked_tokens(prompt, "prompt"))


def checked_tokens(tokens: Any, name: str) -> list[int]:
    """
    Return a list of ids of tokens.

    Raises:
        Refusal: 422 if it is no list of numbers, 400 if one is no id.
    """
    if not isinstance(tokens, list) or any(type(each) is not int for each in tokens):
        raise unprocessable(name, "Input should be a list of integers")
    if any(not 0 <= each < tokenizer.VOCABULARY_SIZE for each in tokens):
        raise bad_request("A token is out of the vocabulary.", name)
    return list(tokens)


def _positive(body: Body, name: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if type(value) is not int:
        raise unprocessable(name, "Input should be a valid integer")
    if value < 1:
        raise bad_request(f"{name} must be at least 1, got {value}.", name)
    return value


def _includes_usage(body: Body) -> bool:
    options = body.get("stream_options")
    if options is None:
        return False
    if not isinstance(options, dict):
        raise unprocessable("stream_options", "Input should be an object")
    if body.get("stream") is not True:
        message = "Stream options can only be defined when `stream=True`."
        raise bad_request(message, "stream_options")
    return options.get("include_usage") is True


def _is_json(form: Any) -> bool:
    kind = form.get("type") if isinstance(form, dict) else None
    return kind in ("json_object", "json_schema")


def _may_think(body: Body) -> bool:
    template = body.get("chat_template_kwargs") or {}
    thinking = not isinstance(template, dict) or template.get("enable_thinking", True)
    return bool(thinking) and body.get("reasoning_effort") != "none"


def _fitting(asked: Asked) -> Asked:
    longest = asked.model.max_model_len
    wanted = len(asked.prompt) + (asked.max_tokens or 1)
    if wanted > longest:
        raise bad_request(
            f"This model's maximum context length is {longest} tokens. However, you "
            f"requested {wanted} tokens. Please reduce the length of the messages."
        )
    if not asked.prompt:
        raise bad_request("The prompt must not be empty.", "prompt")
    return asked
