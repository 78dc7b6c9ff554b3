"""What may be written where: the sections, looked at from outside."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from tm_exporter.config.registry import KINDS
from tm_exporter.section import ProbeSection, parse_duration


def fields(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a section by the keys which a user writes."""
    return {f.alias or name: f for name, f in section.model_fields.items()}


def _types(annotation: Any) -> Iterator[Any]:
    """Yield an annotation and every type inside it, outermost first."""
    yield annotation
    for inner in get_args(annotation):
        yield from _types(inner)


def nested(field: FieldInfo) -> type[BaseModel] | None:
    """Return the section which a field holds, alone or many of them."""
    for kind in _types(field.annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def is_many(field: FieldInfo) -> bool:
    """Whether a field holds many values, by name or in a list."""
    kinds = _types(field.annotation)
    return any(get_origin(kind) in {dict, tuple} for kind in kinds)


def accepts_null(field: FieldInfo) -> bool:
    """Whether null is a value of its own for a field, rather than no value."""
    return type(None) in get_args(field.annotation)


def is_duration(field: FieldInfo) -> bool:
    """Whether a number of this field is a time in seconds."""
    return any(
        isinstance(mark, BeforeValidator) and mark.func is parse_duration
        for mark in (*field.metadata, *_types(field.annotation))
    )


def without_nulls(section: type[BaseModel], data: Any) -> Any:
    """Return `data` without the keys that have null where null says nothing."""
    if not isinstance(data, Mapping):
        return data
    known = fields(section)
    return {
        key: value
        for key, value in data.items()
        if value is not None or key not in known or accepts_null(known[key])
    }


def section_at(
    root: type[BaseModel], path: tuple[str, ...], values: Any
) -> type[BaseModel] | None:
    """
    Return the section that is written at a path, None if there is none.

    Args:
        root: The section at the top.
        path: Keys, with the names or indexes of a field's many values.
        values: What was written, from which a probe's kind is read.
    """
    here: type[BaseModel] | None = root
    many = False
    for part in path:
        values = values.get(part) if isinstance(values, Mapping) else None
        if many:  # this part is a name or an index
            many = False
            here = _of_kind(part, values) if here is ProbeSection else here
            continue
        field = fields(here).get(part) if here else None
        here = nested(field) if field else None
        many = field is not None and is_many(field)
    return None if many else here


def _of_kind(name: str, value: Any) -> type[ProbeSection] | None:
    kind = value.get("kind", name) if isinstance(value, Mapping) else name
    return KINDS.get(kind) if isinstance(kind, str) else None
