"""Targets as they are written, in lists, and as layers need them, by name."""

from dataclasses import dataclass, field
from typing import Any

from tm_exporter.config.layer import Layer
from tm_exporter.config.origin import KeyPath, Origin, Problem
from tm_exporter.config.sources import Sources


def variable_part(name: str) -> str:
    """Return how a name is written in an environment variable, in lower case."""
    return name.lower().replace("-", "_")


@dataclass(slots=True)
class TargetList:
    """
    The names of all targets so far, and what is wrong with the files.

    Attributes:
        seen: Name and origin by the part of a variable's name.
        problems: In the order in which they were found.
        warnings: What is no error but hardly meant, a sentence each.
        sources: The files that were read.
    """

    seen: dict[str, tuple[str, Origin]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    sources: Sources = field(default_factory=Sources)

    def complain(self, sentence: str, origin: Origin, key: KeyPath = ()) -> None:
        """Note that something is wrong."""
        self.problems.append(Problem(sentence, key, origin))

    def by_name(self, layer: Layer) -> None:
        """
        Turn a layer's list of targets into a mapping, and its origins with it.

        A target that has no name of its own is left out, with a complaint.
        """
        items = layer.values.pop("targets", None)
        if items is None:
            return
        if not isinstance(items, list):
            origin = layer.origin(("targets",))
            self.complain("must be a list of targets", origin, ("targets",))
            return
        names: dict[str, str] = {}
        for index, item in enumerate(items):
            if name := self._admit(index, item, layer):
                names[str(index)] = name
        layer.values["targets"] = {name: items[int(i)] for i, name in names.items()}
        layer.origins = {
            new: origin
            for path, origin in layer.origins.items()
            if (new := _renamed(path, names)) is not None
        }

    def _admit(self, index: int, item: Any, layer: Layer) -> str:
        """Return the name of a target, empty if it cannot be taken."""
        path = ("targets", str(index))
        origin = layer.origin((*path, "name"))
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(item, dict):
            fault = "must be a mapping with `name`, `surface`, ..."
        elif name is None:
            fault = "has no `name`"
        elif not isinstance(name, str):
            fault = "has a `name` that is no text: put it into quotes"
        elif not name:
            fault = "has an empty `name`"
        else:
            return self._unique(name, origin)
        self.complain(f"`targets[{index}]` {fault}", origin)
        return ""

    def _unique(self, name: str, origin: Origin) -> str:
        part = variable_part(name)
        if part not in self.seen:
            self.seen[part] = name, origin
            return name
        other, where = self.seen[part]
        if other == name and where == origin:
            text = "this name is there twice in one line: names must be unique"
        elif other == name:
            text = f"this name is taken in {where.place}: names must be unique"
        else:
            text = f"has the same variables as `{other}` in {where.place}: rename one"
        self.complain(text, origin, ("targets", name))
        return ""


def _renamed(path: KeyPath, names: dict[str, str]) -> KeyPath | None:
    """Return a path with a target's name for its index; None if it was left out."""
    if len(path) < 2 or path[0] != "targets":
        return path
    name = names.get(path[1])
    return ("targets", name, *path[2:]) if name is not None else None
