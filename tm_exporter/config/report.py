"""What `tm-exporter check` tells about a configuration."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from pydantic import SecretStr

from tm_exporter.budget.forecast import Forecast
from tm_exporter.config import watched
from tm_exporter.config.advice import warnings
from tm_exporter.config.cost_report import cost_fields, cost_lines
from tm_exporter.config.load import Loaded
from tm_exporter.config.masking import leaves, masked
from tm_exporter.config.origin import KeyPath, dotted
from tm_exporter.config.paging_report import paging_fields, paging_lines
from tm_exporter.config.running import UNSEEN, obstacle
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
        cost: What the paid probes are expected to cost; None where nobody asked.
        paging: How soon somebody is paged, for each objective.
    """

    values: tuple[Value, ...]
    not_running: tuple[NotRunning, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    cost: Forecast | None = None
    paging: tuple[watched.Watched, ...] = ()


def describe(loaded: Loaded, cost: Forecast | None = None) -> Report:
    """
    Return the report; secret files are read, and no program is run.

    Args:
        loaded: The configuration in force.
        cost: What its paid probes are expected to cost, if it was worked out.
    """
    not_fitting = () if cost is None else cost.warnings
    paging = watched.watched(loaded.settings, _stretched(cost))
    return Report(
        values=tuple(_values(loaded)),
        not_running=(*_not_running(loaded.settings), *_without_effect(loaded)),
        warnings=(
            *loaded.warnings,
            *warnings(loaded.settings),
            *not_fitting,
            *watched.warnings(paging),
        ),
        notes=loaded.notes,
        cost=cost,
        paging=paging,
    )


def _stretched(cost: Forecast | None) -> dict[str, float | None]:
    """Return by how much the canary budget stretches intervals, by probe."""
    ranks = () if cost is None else cost.ranks
    return {name: rank.stretched for rank in ranks for name in rank.probes}


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
    surfaces = {target.surface for target in settings.targets}
    if surfaces and "control_plane" not in surfaces:
        why = f"no target with `surface: control_plane` is configured: {UNSEEN}"
        yield NotRunning("", "the account", why)


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
        ("Expected cost of paid probes", cost_lines(report.cost)),
        ("Pages on objectives", paging_lines(report.paging)),
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
    data: dict[str, Any] = asdict(replace(report, cost=None, paging=()))
    data["expected_cost"] = cost_fields(report.cost)
    data["paging"] = paging_fields(report.paging)
    del data["cost"]
    return json.dumps(data, indent=2) + "\n"
