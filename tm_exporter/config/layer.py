"""What one source says: a tree of values, and where each of them was written."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from tm_exporter.config.origin import DEFAULT, KeyPath, Origin


@dataclass(slots=True)
class Layer:
    """
    The values of one source.

    Attributes:
        values: As in the file, but targets by name.
        origins: Of values at any depth; what has none is where its parent is.
    """

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[KeyPath, Origin] = field(default_factory=dict)

    def put(self, path: KeyPath, value: Any, origin: Origin) -> None:
        """Set one value, making the mappings above it."""
        here = self.values
        for part in path[:-1]:
            inner = here.get(part)
            here[part] = here = inner if isinstance(inner, dict) else {}
        here[path[-1]] = value
        self.origins[path] = origin

    def has(self, path: KeyPath) -> bool:
        """Whether this source says anything about a value."""
        return at(self.values, path) is not _NOTHING

    def origin(self, path: KeyPath) -> Origin:
        """Return where a value was written: it, what is above it, or in it."""
        for length in range(len(path), -1, -1):
            if found := self.origins.get(path[:length]):
                return found
        below = (o for p, o in self.origins.items() if p[: len(path)] == path)
        return next(below, DEFAULT)

    def only(self, targets: Container[str]) -> "Layer":
        """Return what it says, of these targets and of all that is no target's."""
        said = self.values.get("targets")
        if not isinstance(said, Mapping) or all(name in targets for name in said):
            return self
        kept = {name: target for name, target in said.items() if name in targets}
        origins = {
            path: origin
            for path, origin in self.origins.items()
            if path[:1] != ("targets",) or len(path) == 1 or path[1] in targets
        }
        return Layer({**self.values, "targets": kept}, origins)


_NOTHING = object()


def at(values: Any, path: KeyPath) -> Any:
    """Return the value at a path, `_NOTHING` if there is none."""
    for part in path:
        if isinstance(values, dict) and part in values:
            values = values[part]
        elif isinstance(values, list) and part.isdigit() and int(part) < len(values):
            values = values[int(part)]
        else:
            return _NOTHING
    return values


def get(values: Any, path: KeyPath) -> Any:
    """Return the value at a path, None if there is none."""
    found = at(values, path)
    return None if found is _NOTHING else found


def merged(layers: Iterable[Layer]) -> dict[str, Any]:
    """Return the values in force; the layers come highest precedence first."""
    result: dict[str, Any] = {}
    for layer in reversed(tuple(layers)):
        result = over(result, layer.values)
    return result


def over(low: dict[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """Return `low` with the values of `high`, key by key where both are mappings."""
    result = dict(low)
    for key, value in high.items():
        old = result.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[key] = over(old, value) if both else value  # type: ignore[arg-type]
    return result


class LayerSource(PydanticBaseSettingsSource):
    """A layer as pydantic-settings wants it."""

    def __init__(self, settings: type[BaseSettings], layer: Layer) -> None:
        super().__init__(settings)
        self._layer = layer

    def get_field_value(
        self,
        field: FieldInfo,  # noqa: ARG002 - the base class has it
        field_name: str,
    ) -> tuple[Any, str, bool]:
        """Return the value of one field at the top."""
        return self._layer.values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return all values."""
        return self._layer.values
