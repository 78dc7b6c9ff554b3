"""Reading YAML: the values, and the line of each of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tm_exporter.config.origin import KeyPath, Origin, Problem
from tm_exporter.config.yaml_fault import sentence


_FastLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_BYTES = 16 * 1024 * 1024
_MAX_NODES = 500_000  # an alias counts as often as it is used
_MAX_DEPTH = 500


@dataclass(slots=True)
class Document:
    """
    What one file says.

    Attributes:
        name: The file's path, as it was given.
        value: As in the file; None for an empty one.
        origins: Of every key and list item.
        problems: What is wrong with it as YAML.
    """

    name: str
    value: Any = None
    origins: dict[KeyPath, Origin] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def at_line(self, line: int) -> Origin:
        """Return the origin of what stands in a line, counted from 1."""
        return Origin("file", self.name, line)

    def complain(self, text: str, line: int = 0, path: KeyPath = ()) -> None:
        """Note that something is wrong; targets have no names here yet."""
        if len(path) > 1 and path[0] == "targets":
            path = (f"targets[{path[1]}]", *path[2:])
        self.problems.append(Problem(text, path, self.at_line(line)))


class _Loader(_FastLoader):  # type: ignore[misc]  # it is one of two
    """
    A loader that goes only so deep: the one in C would overrun the stack.

    Both tell a resolver of each step down and up, which has no use for it here.
    """

    _depth = 0

    def descend_resolver(self, _parent: Any, _index: Any) -> None:
        """Take note of a step down, or raise RecursionError."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise RecursionError

    def ascend_resolver(self) -> None:
        """Take note of a step up."""
        self._depth -= 1


# To YAML 1.1 a `=` by itself is something else, which nobody means and no loader knows.
_Loader.add_constructor("tag:yaml.org,2002:value", _Loader.construct_yaml_str)


def read(path: Path) -> Document:
    """Read a file; what is wrong with it is in the document."""
    document = Document(str(path))
    text = _text(path, document)
    if text is None:
        return document
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is not None:
            document.value = _Walk(document, loader).value(node, ())
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        document.complain(sentence(error), where.line + 1 if where else 0)
    except RecursionError:
        document.complain("is nested too deeply")
    finally:
        loader.dispose()
    return document


def _text(path: Path, document: Document) -> str | None:
    """Return what is in a file, None after a complaint."""
    try:
        if not path.is_file():
            document.complain(
                "is not a regular file" if path.exists() else "there is no such file"
            )
            return None
        if path.stat().st_size > _MAX_BYTES:
            document.complain("is larger than 16 MiB")
            return None
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        document.complain("is not a text in UTF-8: save it as one")
    except OSError as error:
        document.complain(f"cannot be read: {error.strerror}")
    return None


class _Walk:
    """One pass over the nodes of a document, which makes values and notes lines."""

    def __init__(self, document: Document, loader: Any) -> None:
        self._document = document
        self._loader = loader
        self._left = _MAX_NODES
        self._above: set[int] = set()
        self._checked: set[int] = set()

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        """
        Return what a node stands for.

        Raises:
            YAMLError: It cannot be understood, or contains itself.
        """
        self._left -= 1
        if self._left < 0:
            raise yaml.MarkedYAMLError(
                problem="too large", problem_mark=node.start_mark
            )
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._above:
            raise yaml.MarkedYAMLError(
                problem="contains itself", problem_mark=node.start_mark
            )
        self._above.add(id(node))
        result = (
            self._mapping(node, path)
            if isinstance(node, yaml.MappingNode)
            else self._list(node, path)
        )
        self._above.discard(id(node))
        return result

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        try:
            return self._loader.construct_object(node)
        except ValueError:
            raise yaml.MarkedYAMLError(
                problem="no such date", problem_mark=node.start_mark
            ) from None

    def _list(self, node: yaml.Node, path: KeyPath) -> list[Any]:
        result = []
        for index, item in enumerate(node.value):
            below = (*path, str(index))
            self._note(below, item)
            result.append(self.value(item, below))
        return result

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        self._find_duplicates(node, path)
        self._loader.flatten_mapping(node)
        result: dict[str, Any] = {}
        for key, item in self._pairs(node, path):
            below = (*path, key.value)
            self._note(below, key)
            result[key.value] = self.value(item, below)
        return result

    def _pairs(
        self, node: yaml.MappingNode, path: KeyPath
    ) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
        for key, item in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key, item
            else:
                line = key.start_mark.line + 1
                self._document.complain("a key must be a plain word", line, path)

    def _find_duplicates(self, node: yaml.MappingNode, path: KeyPath) -> None:
        if id(node) in self._checked:  # merged keys are among its own by now
            return
        self._checked.add(id(node))
        seen: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
                continue
            if key.value in seen:
                first = seen[key.value]
                self._document.complain(
                    f"this key is there twice, first in line {first}",
                    line,
                    (*path, key.value),
                )
            seen.setdefault(key.value, line)

    def _note(self, path: KeyPath, node: yaml.Node) -> None:
        self._document.origins[path] = self._document.at_line(node.start_mark.line + 1)
