"""What an answer must be, beyond being an answer."""

from typing import Self

import orjson
from pydantic import Field, field_validator, model_validator

from tm_exporter.probes.search import TooHard, compiled, is_found
from tm_exporter.section import Section
from tm_exporter.verdict import too_many_parts
from tm_exporter.wire.payloads import Completion


class Expectation(Section):
    """What an answer must be; exactly one of these."""

    regex: str | None = None
    """Must be found in the text, in the syntax of Python's `re`."""

    json_: bool | None = Field(default=None, alias="json")
    """The text must be a JSON document."""

    tool_call: str | None = None
    """A function of this name must be called."""

    @field_validator("regex")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            compiled(value)
        return value

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (
            sum(value is not None for value in (self.regex, self.json_, self.tool_call))
            != 1
        ):
            raise ValueError("give exactly one of regex, json and tool_call")
        return self


async def unmet(expect: Expectation, completion: Completion) -> str | None:
    """Say how an answer differs from what is expected, None if it does not."""
    if expect.regex is not None:
        return await _mismatch(expect.regex, completion)
    if expect.json_ is not None:
        return _json_mismatch(completion.text, expected=expect.json_)
    called = expect.tool_call in completion.tool_calls
    return None if called else f"{expect.tool_call} was not called"


async def _mismatch(pattern: str, completion: Completion) -> str | None:
    """
    Say why a regular expression was not found, None if it was.

    A model that thinks aloud may use up its tokens before it says anything, so it
    looks at the reasoning where only that was said.
    """
    cut_short = not completion.text and completion.finish_reason == "length"
    text = completion.reasoning if cut_short else completion.text
    try:
        found = await is_found(pattern, text)
    except TooHard as error:
        return str(error)
    return None if found else "the text does not match the regular expression"


def _json_mismatch(text: str, *, expected: bool) -> str | None:
    """Say how a text is not what is expected, None if it is; one too large is not."""
    too_many = too_many_parts(text.encode(errors="replace"))
    if too_many is not None:
        return f"the text is too large to be read as JSON: {too_many}"
    if is_json(text) is expected:
        return None
    return "the text is not JSON" if expected else "the text is JSON"


def is_json(text: str) -> bool:
    """Whether a text is one JSON document."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
