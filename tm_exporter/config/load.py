"""Loading the configuration from all its sources."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tm_exporter.config import vendor_targets, wording
from tm_exporter.config.environment import (
    CONFIG,
    TARGETS,
    read_environment,
    read_targets,
)
from tm_exporter.config.file_source import read_file, read_more
from tm_exporter.config.layer import Layer, get, merged
from tm_exporter.config.origin import ConfigurationError, KeyPath, Origin, Problem
from tm_exporter.config.precedence import (
    Origins,
    in_order,
    one_credential,
    responsible,
)
from tm_exporter.config.settings import Settings
from tm_exporter.config.shape import fields, section_at
from tm_exporter.config.shard import index_of_pod
from tm_exporter.config.sources import Sources
from tm_exporter.config.target import Target, fits
from tm_exporter.config.target_list import TargetList
from tm_exporter.config.vendor import read_vendor


_TARGETS_FROM = "TM_EXPORTER_TARGETS_FROM"


@dataclass(frozen=True, slots=True)
class Loaded:
    """
    A configuration that can be used.

    Attributes:
        settings: What is in force.
        origins: Of every leaf in force, targets by name.
        everywhere: Names of all targets that are configured, on whichever shard.
        notes: What is no error but should be known, a sentence each.
        warnings: What is no error but hardly meant, a sentence each.
        sources: The files that it was read from.
    """

    settings: Settings
    origins: Mapping[KeyPath, Origin]
    everywhere: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sources: Sources = field(default_factory=Sources, compare=False)


def load(
    *,
    file: Path | None,
    environ: Mapping[str, str],
    overrides: Mapping[str, Any] | None = None,
    isolated: bool = False,
) -> Loaded:
    """
    Return the configuration that all sources together amount to.

    Nothing but the files which are named here, or by these variables, is read.

    Args:
        file: From the command line; else the variable TM_EXPORTER_CONFIG counts.
        environ: All environment variables.
        overrides: From the command line, as in the file; null says nothing.
        isolated: Leave out the vendor's variables and config.toml, and watch
            nothing where no target is configured.

    Raises:
        ConfigurationError: With everything that is wrong.
    """
    named = Path(environ[CONFIG]) if environ.get(CONFIG) else None
    reading = _Reading(environ)
    reading.own(file or named, overrides or {}, is_told=file is not None)
    if not isolated:
        reading.vendor()
    return reading.result()


class _Reading:
    """
    Gathers layers and problems, source by source.

    Args:
        environ: All environment variables.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._layers: list[Layer] = []  # highest precedence first
        self._problems: list[Problem] = []
        self._notes: list[str] = []
        self._warnings: list[str] = []
        self._has_list = False  # whether someone wrote a list of targets
        self._sources = Sources()

    def own(
        self, path: Path | None, overrides: Mapping[str, Any], *, is_told: bool
    ) -> None:
        """Read command line, environment and files, whoever told of the first."""
        command = _command_line(overrides)
        targets = TargetList(sources=self._sources)
        written = Layer() if path is None else read_file(path, targets)
        more = self._more(command, written, path, targets)
        self._problems += (
            problem if is_told else _with_variable(problem, path)
            for problem in targets.problems
        )
        self._warnings += targets.warnings
        listed = self._listed(written, more)
        known = merged([command, listed, written, more])
        others = {key: each for key, each in self._environ.items() if key != TARGETS}
        environment, problems = read_environment(others, known)
        self._problems += problems
        self._layers = [command, environment, listed, written, more]
        globs = merged(self._layers).get("targets_from")
        self._has_list = "targets" in known or bool(globs)
        one_credential(self._layers)

    def _listed(self, *files: Layer) -> Layer:
        """Read the list of targets from the variable, in place of those of files."""
        targets = TargetList()
        listed = read_targets(self._environ, targets)
        self._problems += targets.problems
        if self._environ.get(TARGETS):
            for layer in files:
                layer.values.pop("targets", None)
        return listed

    def _more(
        self, command: Layer, written: Layer, path: Path | None, targets: TargetList
    ) -> Layer:
        """Read the files which `targets_from` means, whoever says it."""
        variable = {name: self._environ.get(name, "") for name in (_TARGETS_FROM,)}
        early, _ = read_environment(variable, {})  # for the names of the targets
        for layer in (command, early):
            if said := layer.values.get("targets_from"):
                return read_more(said, Path(), targets)
        beside = Path() if path is None else path.parent
        return read_more(written.values.get("targets_from"), beside, targets)

    def vendor(self) -> None:
        """Read the vendor's places, and decide what they mean beside the rest."""
        vendor = read_vendor(self._environ, self._sources)
        if not self._has_list:
            self._layers.append(vendor_targets.make(vendor, self._targets()))
        self._layers.append(vendor_targets.fill(vendor, self._targets()))
        one_credential(self._layers)
        self._problems += vendor.problems
        self._notes += vendor.notes
        if not self._has_list:
            self._notes += vendor_targets.unused(vendor, self._targets())
        if not self._has_list and not self._targets():
            layer, note = vendor_targets.fall_back()
            self._layers.append(layer)
            self._notes.append(note)

    def _targets(self) -> Mapping[str, Any]:
        targets = merged(self._layers).get("targets")
        return targets if isinstance(targets, Mapping) else {}

    def result(self) -> Loaded:
        """Return what was loaded, or raise ConfigurationError."""
        self._layers.append(in_order([*self._layers[2:], *self._layers[:2]]))
        index, problems = index_of_pod(merged(self._layers), self._environ)
        self._layers.append(index)
        self._problems += problems
        try:
            whole = Settings.of(self._layers)
        except ValidationError as error:
            values = merged(self._layers)
            self._problems += [self._problem(found, values) for found in error.errors()]
        if self._problems:
            raise ConfigurationError(tuple(self._problems), self._sources)
        settings = whole.of_shard()
        if not settings.targets:
            self._notes.append(_nothing(whole))
        return Loaded(
            settings,
            Origins(settings, self._layers),
            everywhere=tuple(target.name for target in whole.targets),
            notes=tuple(self._notes),
            warnings=tuple(self._warnings),
            sources=self._sources,
        )

    def _problem(self, error: ErrorDetails, values: Mapping[str, Any]) -> Problem:
        path = _path(error["loc"], values)
        if error["type"] == "extra_forbidden":
            section = section_at(Settings, path[:-1], values)
            keys = [] if section is None else _keys(section, path[:-1], values)
            sentence = wording.unknown_key(path[-1], keys)
        else:
            sentence = wording.sentence(error)
        return Problem(sentence, path, responsible(self._layers, path))


def _with_variable(problem: Problem, path: Path | None) -> Problem:
    """Tell who names the file, where the mistake is in no line of it."""
    if problem.origin != Origin("file", str(path)):
        return problem
    return replace(problem, sentence=f"{problem.sentence}: {CONFIG} names it")


def _nothing(whole: Settings) -> str:
    """Return a sentence about why nothing is watched."""
    if not whole.targets:
        return "no target is configured: nothing is watched"
    shard = whole.shard
    return (
        f"none of the {len(whole.targets)} targets is on shard {shard.index} of "
        f"{shard.total}: nothing is watched here"
    )


def _keys(
    section: type[BaseModel], path: KeyPath, values: Mapping[str, Any]
) -> list[str]:
    """Return the keys of a section; of a target, those of its surface."""
    surface = get(values, (*path, "surface")) if section is Target else None
    return [key for key in fields(section) if fits(key, surface)]


def _path(loc: tuple[int | str, ...], values: Mapping[str, Any]) -> KeyPath:
    """Return where an error is, with targets by name and without union tags."""
    parts = [str(part) for part in loc if part != "[key]"]
    targets = values.get("targets")
    if parts[0] == "targets" and len(parts) > 1 and isinstance(targets, Mapping):
        parts[1] = list(targets)[int(parts[1])]
        if parts[2:3] == ["models"] and parts[3:4] in (["named"], ["auto"]):
            del parts[3]
    return tuple(parts)


def _command_line(overrides: Mapping[str, Any]) -> Layer:
    """Return what was handed in, as a layer; null says nothing."""
    origin = Origin("command line")
    layer = Layer(_without_nulls(overrides), {(): origin})
    if isinstance(layer.values.get("targets"), list):
        TargetList().by_name(layer)
    return layer


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return list(value) if isinstance(value, tuple) else value
