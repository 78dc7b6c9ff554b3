"""What `tm-exporter check` tells about a configuration."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import SecretStr

from tm_exporter.config.advice import warnings
from tm_exporter.config.load import Loaded
from tm_exporter.config.masking import leaves, masked
from tm_exporter.config.origin import KeyPath, dotted
from tm_exporter.config.running import obstacle
from tm_exporter.config.secret_text import fingerprint
from tm_exporter.config.secrets import FileSecret, secret_reader
from tm_exporter.config.settings import Settings
from tm_exporter.config.target import Target
from tm_exporter.config.unbuilt import without_effect
from tm_exporter.credentials import SecretUnavailable


@dataclass(frozen=True, slots=True)
class Value:
    """
    One value in force.

    Attributes:
        path: Dotted, targets by name.
        value: As text, a secret as its fingerprint; None where there is none.
        origin: Where it was written.
    """

    path: str
    value: str | None
    origin: str


@dataclass(frozen=True, slots=True)
class NotRunning:
    """
    Something that is configured and does not run.

    Attributes:
        target: Empty for what is no target's.
        probe: Names of probes, or the key of a setting.
        why: For people.
    """

    target: str
    probe: str
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """
    All there is to tell.

    Attributes:
        values: In the order of the reference.
        not_running: By target, then by reason.
        warnings: What is unwise, or would fail now; a sentence each.
        notes: What should be known; a sentence each.
    """

    values: tuple[Value, ...]
    not_running: tuple[NotRunning, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def describe(loaded: Loaded) -> Report:
    """Return the report; secret files are read, and no program is run."""
    return Report(
        values=tuple(_values(loaded)),
        not_running=(*_not_running(loaded.settings), *_without_effect(loaded)),
        warnings=(*loaded.warnings, *warnings(loaded.settings)),
        notes=loaded.notes,
    )


def _values(loaded: Loaded) -> Iterator[Value]:
    seen = _seen_in_files(loaded.settings)
    for path, value in leaves(masked(loaded.settings, _fingerprint)):
        plain = value is None or isinstance(value, str)
        text = value if plain else json.dumps(value)
        found = f"{text} ({seen[path]})" if path in seen else text
        yield Value(dotted(path), found, str(loaded.origins[path]))


def _fingerprint(secret: SecretStr) -> str:
    return f"<secret {fingerprint(secret)}>"


def _seen_in_files(settings: Settings) -> dict[KeyPath, str]:
    """Return what the credential files of all targets hold, by the file's key."""
    return {
        ("targets", target.name, f"{kind}_file"): _content(reader)
        for target in settings.targets
        if isinstance(reader := secret_reader(target), FileSecret)
        for kind in ("token" if target.token_file else "api_key",)
    }


def _content(reader: FileSecret) -> str:
    try:
        return fingerprint(reader.read())
    except SecretUnavailable:
        return "unavailable"


def _not_running(settings: Settings) -> Iterator[NotRunning]:
    for target in settings.targets:
        for why, probes in _by_reason(target).items():
            yield NotRunning(target.name, ", ".join(probes), why)


def _by_reason(target: Target) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for name, section in target.probes.items():
        if why := obstacle(target, section):
            reasons.setdefault(why, []).append(name)
    return reasons


def _without_effect(loaded: Loaded) -> Iterator[NotRunning]:
    for path, why in without_effect(loaded):
        yield NotRunning("", dotted(path), why)


def render_text(report: Report) -> str:
    """Return the report for people."""
    values = [f"{v.path}: {v.value or '-'}  [{v.origin}]" for v in report.values]
    idle = [
        ": ".join(part for part in (row.target, row.probe, row.why) if part)
        for row in report.not_running
    ]
    parts = (
        ("Values in force", values),
        ("Not running", idle),
        ("Warnings", report.warnings),
        ("Notes", report.notes),
    )
    blocks = [
        "\n".join([title, *(f"  {line}" for line in lines)])
        for title, lines in parts
        if lines
    ]
    return "\n\n".join(blocks) + "\n"


def render_json(report: Report) -> str:
    """Return the report for programs."""
    data: dict[str, Any] = asdict(report)
    return json.dumps(data, indent=2) + "\n"
