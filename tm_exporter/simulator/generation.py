"""What the simulated models say: made up, and the same for the same request."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tm_exporter.simulator import tokenizer
from tm_exporter.simulator.asked import Asked


PartKind = Literal["reasoning", "content", "call"]
Finish = Literal["stop", "length", "tool_calls"]

_THOUGHT = (
    "The user sent a message to a simulated model. Nothing has to be found out, so"
    " the answer can be a plain sentence that says so and repeats the question."
)
_ANSWER = (
    'A simulated answer to "{words}". It was made up, comes one token at a time and'
    " costs no real money."
)
_JSON = '{"ok":true,"answer":"made up"}'
_REPEATED_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Part:
    """
    Reasoning, an answer or the arguments of a call.

    Attributes:
        kind: Which of them.
        pieces: Its text by token; one may be empty within a character.
    """

    kind: PartKind
    pieces: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Generation:
    """
    What a model generated.

    Attributes:
        parts: In order; none of them is without tokens.
        finish: Why it ended there.
    """

    parts: tuple[Part, ...]
    finish: Finish

    @property
    def tokens(self) -> int:
        """How many were generated, reasoning included."""
        return sum(len(part.pieces) for part in self.parts)

    def steps(self) -> Iterator[tuple[PartKind, str]]:
        """Yield each token's text and what it belongs to."""
        for part in self.parts:
            for piece in part.pieces:
                yield part.kind, piece

    def count(self, kind: PartKind) -> int:
        """Return the number of tokens of one kind."""
        return sum(len(part.pieces) for part in self.parts if part.kind == kind)

    def text(self, kind: PartKind) -> str:
        """Return the text of one kind; empty where there is none."""
        return "".join(part.text for part in self.parts if part.kind == kind)


def generate(asked: Asked, output: Literal["text", "empty", "reasoning"]) -> Generation:
    """Return what the model says to a request, cut to its bound on tokens."""
    left = asked.max_tokens
    parts, whole = [], True
    for kind, text in _script(asked, output):
        tokens = tokenizer.encode(text)
        spoken = tokens if left is None else tokens[:left]
        left = None if left is None else left - len(spoken)
        whole = whole and len(spoken) == len(tokens)
        if spoken:
            parts.append(Part(kind, tuple(tokenizer.split(spoken))))
    return Generation(tuple(parts), _finish(asked, whole=whole))


def _script(asked: Asked, output: str) -> Iterator[tuple[PartKind, str]]:
    if output == "empty":
        return
    if asked.thinks or output == "reasoning":
        yield "reasoning", _THOUGHT
    if output == "reasoning":
        return
    if asked.tool:
        yield "call", asked.tool.arguments
    elif asked.json_text:
        yield "content", _JSON
    else:
        words = asked.words.strip()[:_REPEATED_CHARACTERS]
        yield "content", _ANSWER.format(words=words)


def _finish(asked: Asked, *, whole: bool) -> Finish:
    if not whole:
        return "length"
    return "tool_calls" if asked.tool else "stop"
