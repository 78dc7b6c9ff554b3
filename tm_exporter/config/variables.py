"""Which setting an environment variable means."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tm_exporter.config.layer import get
from tm_exporter.config.origin import KeyPath
from tm_exporter.config.registry import KINDS
from tm_exporter.config.settings import Settings
from tm_exporter.config.shape import fields, is_many, nested
from tm_exporter.config.target import Target
from tm_exporter.config.target_list import variable_part
from tm_exporter.section import ProbeSection


PREFIX = "TM_EXPORTER_"
WELL_KNOWN = {
    "serverless": "serverless",
    "on_demand": "on_demand",
    "account": "control_plane",
}
"""Targets which variables alone can make: surface by name."""

_NAMED = {"targets": "surface", "probes": "kind"}  # by the key that makes a new one

Form = Literal["text", "either", "yaml"]
"""What a value is: itself, a list or mapping if it looks like one, or always YAML."""

Found = tuple[KeyPath, Form]
"""The path of a setting, and how its value is read."""


class Unclaimed(Exception):  # noqa: N818 -- an answer, not an accident
    """
    No setting has this name.

    Attributes:
        candidates: Names of variables which it could have meant.
        what: What there is not, and what to do where none of them is near.
    """

    def __init__(
        self,
        candidates: Iterable[tuple[str, ...]],
        what: tuple[str, str] = ("no setting has this name", "unset it or correct it"),
    ) -> None:
        names = ("__".join(parts).upper() for parts in candidates)
        self.candidates = tuple(PREFIX + name for name in names)
        self.what = what
        super().__init__()


class Resolver:
    """
    Finds the setting of a variable.

    Args:
        known: The values of the other sources.
        ours: All our variables: one may make the target that others speak of.
    """

    def __init__(self, known: Mapping[str, Any], ours: Mapping[str, str]) -> None:
        self._known = known
        self._ours = {
            name.removeprefix(PREFIX).lower(): value for name, value in ours.items()
        }

    def resolve(self, variable: str) -> Found:
        """
        Return the path and the field which a variable means.

        Raises:
            Unclaimed: There is none.
        """
        parts = tuple(variable.removeprefix(PREFIX).lower().split("__"))
        return self._in_section(Settings, (), parts, 0)

    def _in_section(
        self, section: type[BaseModel], path: KeyPath, parts: KeyPath, depth: int
    ) -> Found:
        """Go on below a section, with `depth` parts used up."""
        known = fields(section)
        if parts[depth] not in known:
            raise Unclaimed(_siblings(section, parts, depth))
        field = known[parts[depth]]
        here = (*path, parts[depth])
        if depth + 1 == len(parts):
            return here, _form(field)
        inner = nested(field)
        if inner is not None and not is_many(field):
            return self._in_section(inner, here, parts, depth + 1)
        if parts[depth] in _NAMED:
            return self._in_named(here, parts, depth + 1)
        return _in_mapping(here, parts, depth + 1)

    def _in_named(self, path: KeyPath, parts: KeyPath, depth: int) -> Found:
        """Go on below the name of a target or of a probe."""
        here = (*path, self._name(path, parts, depth))
        if depth + 1 == len(parts):
            return here, "either"
        section = Target if path == ("targets",) else self._probe(here, parts, depth)
        return self._in_section(section, here, parts, depth + 1)

    def _name(self, path: KeyPath, parts: KeyPath, depth: int) -> str:
        """Return the name that one part of a variable means."""
        names = {variable_part(name): name for name in self._names(path)}
        part = parts[depth]
        if part in names:
            return names[part]
        if self._variable(parts[: depth + 1], _NAMED[path[-1]]):
            return part
        near = get_close_matches(part, names)
        raise Unclaimed(
            ((*parts[:depth], name, *parts[depth + 1 :]) for name in near),
            _nobody(parts[: depth + 1], path[-1]),
        )

    def _names(self, path: KeyPath) -> tuple[str, ...]:
        """Return the names there are: those of other sources, and the usual ones."""
        written = get(self._known, path)
        names = tuple(written) if isinstance(written, Mapping) else ()
        if path != ("targets",):
            return (*names, *KINDS)
        return names or tuple(WELL_KNOWN)

    def _probe(self, path: KeyPath, parts: KeyPath, depth: int) -> type[BaseModel]:
        """Return the section of a probe, by its kind."""
        kind = self._variable(parts[: depth + 1], "kind")
        kind = kind or get(self._known, (*path, "kind")) or path[-1]
        return KINDS.get(str(kind), ProbeSection)

    def _variable(self, parts: KeyPath, key: str) -> str:
        """Return the variable for a key below some parts, empty if it is not set."""
        return self._ours.get("__".join((*parts, key)), "")


def _nobody(parts: KeyPath, key: str) -> tuple[str, str]:
    """Return that nothing has the name, and the variable that would make it."""
    maker = "__".join((*parts, _NAMED[key])).upper()
    what = f"no {key.removesuffix('s')} has the name `{parts[-1]}`"
    return what, f"name it in the file, or set {PREFIX}{maker} too"


def _form(field: FieldInfo) -> Form:
    return "either" if is_many(field) or nested(field) is not None else "text"


def _in_mapping(path: KeyPath, parts: KeyPath, depth: int) -> Found:
    """Return a place in a mapping whose keys are free."""
    key = path[-1]
    if key == "body":
        return (*path, *parts[depth:]), "yaml"  # where 5 is a number
    if key not in {"labels", "headers"} or depth + 1 != len(parts):
        raise Unclaimed([parts[:depth]])
    name = parts[depth].replace("_", "-") if key == "headers" else parts[depth]
    return (*path, name), "text"


def _siblings(
    section: type[BaseModel], parts: KeyPath, depth: int
) -> Iterator[KeyPath]:
    """Yield what a variable could have meant: other keys, also one level further."""
    before, after = parts[:depth], parts[depth + 1 :]
    for key, field in fields(section).items():
        yield (*before, key, *after)
        inner = nested(field)
        if inner is not None and not is_many(field):
            yield from ((*before, key, below, *after) for below in fields(inner))
