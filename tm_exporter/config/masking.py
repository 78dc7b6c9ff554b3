"""The configuration in force as plain data that may be shown."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from tm_exporter.config.model import ModelSection
from tm_exporter.config.origin import KeyPath
from tm_exporter.config.settings import Settings
from tm_exporter.config.shape import fields, is_duration


_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def masked(
    settings: Settings, secret: Callable[[SecretStr], str] = lambda _: "<secret>"
) -> dict[str, Any]:
    """
    Return what is in force as it could stand in a file.

    Args:
        settings: The configuration.
        secret: Returns what is shown for a secret.
    """
    return _section(settings, secret)


def _section(section: BaseModel, secret: Callable[[SecretStr], str]) -> dict[str, Any]:
    names = type(section).model_fields
    result = {
        key: _plain(getattr(section, name), field, secret)
        for name, (key, field) in zip(names, fields(type(section)).items(), strict=True)
    }
    if command := result.get("token_command"):  # an argument may be a password
        result["token_command"] = [command[0], *("<argument>" for _ in command[1:])]
    return result


def _plain(value: Any, field: FieldInfo, secret: Callable[[SecretStr], str]) -> Any:
    """Return one value as plain data."""
    if isinstance(value, SecretStr):
        return secret(value)
    if isinstance(value, ModelSection) and value == ModelSection(name=value.name):
        return value.name
    if isinstance(value, BaseModel):
        return _section(value, secret)
    if isinstance(value, Mapping):
        return {key: _plain(inner, field, secret) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner, field, secret) for inner in value]
    if isinstance(value, float) and is_duration(field):
        return duration_text(value)
    if isinstance(value, Path | Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def duration_text(seconds: float) -> str:
    """Return a duration as it is written: `500ms`, `15s`, `1h30m`."""
    milliseconds = round(seconds * 1000)
    whole, rest = divmod(milliseconds, 1000)
    text = ""
    for unit, size in _UNITS:
        count, whole = divmod(whole, size)
        text += f"{count}{unit}" if count else ""
    return text + (f"{rest}ms" if rest or not text else "")


def leaves(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """
    Yield path and value of everything in masked data.

    Targets are named, every other list is one value.
    """
    if path == ("targets",):
        value = {target["name"]: target for target in value} or value
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path, value
