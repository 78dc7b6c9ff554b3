"""Where the values of a configuration come from, and what is wrong with them."""

from dataclasses import dataclass
from typing import Literal

from tm_exporter.config.sources import Sources


KeyPath = tuple[str, ...]
"""Keys from the top of the file down; targets by name, other list items by index."""

Source = Literal[
    "command line",
    "environment",
    "file",
    "vendor variable",
    "config.toml",
    "default",
]


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """
    Where one value comes from.

    Attributes:
        source: The kind of place.
        name: The file's path or the variable's name; empty where there is one place.
        line: Counted from 1; 0 where a place has no lines.
    """

    source: Source = "default"
    name: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """The place without its kind, such as `exporter.yml:12`."""
        if not self.name:
            return "" if self.source == "default" else self.source
        return f"{self.name}:{self.line}" if self.line else self.name

    def __str__(self) -> str:
        return f"{self.source} {self.place}" if self.name else self.source


DEFAULT = Origin()


def dotted(path: KeyPath) -> str:
    """Return a path as people write it: `targets.serverless.models[0].name`."""
    text = ""
    for index, part in enumerate(path):
        is_target = index == 1 and path[0] == "targets"
        text += f"[{part}]" if part.isdigit() and not is_target else f".{part}"
    return text.removeprefix(".")


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One thing that is wrong with a configuration.

    Attributes:
        sentence: What is wrong and what to do, without any secret in it.
        key: Whose value it is; empty where the whole place is meant.
        origin: Where that was written.
    """

    sentence: str
    key: KeyPath = ()
    origin: Origin = DEFAULT

    def __str__(self) -> str:
        key = f"`{dotted(self.key)}`" if self.key else ""
        return ": ".join(
            part for part in (self.origin.place, key, self.sentence) if part
        )


class ConfigurationError(Exception):
    """
    A configuration that cannot be used, with everything that is wrong with it.

    Args:
        problems: In any order.
        sources: The files that it was read from.
    """

    def __init__(
        self, problems: tuple[Problem, ...], sources: Sources | None = None
    ) -> None:
        self.sources = sources or Sources()
        self.problems = tuple(
            sorted(problems, key=lambda p: (p.origin.name, p.origin.line, p.key))
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))
