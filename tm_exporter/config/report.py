"""What `tm-exporter check` tells about a configuration."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from pydantic import SecretStr

from tm_exporter.budget.forecast import Forecast
from tm_exporter.config import watched
from tm_exporter.config.advice import warnings
from tm_exporter.config.cost_report import cost_fields, cost_lines
from tm_exporter.config.exposed import exposed_texts
from tm_exporter.config.lease import lease_lines, lease_warnings
from tm_exporter.config.load import Loaded
from tm_exporter.config.masking import leaves, masked
from tm_exporter.config.origin import DEFAULT, KeyPath, dotted
from tm_exporter.config.paging_report import paging_fields, paging_lines
from tm_exporter.config.running import UNSEEN, obstacle
from tm_exporter.config.secret_text import fingerprint
from tm_exporter.config.secrets import FileSecret, secret_reader
from tm_exporter.config.settings import Settings
from tm_exporter.config.shard_plan import Plan, plan, plan_fields, plan_lines
from tm_exporter.config.state import state_warnings
from tm_exporter.config.summary import summary_lines
from tm_exporter.config.target import Target
from tm_exporter.credentials import SecretUnavailable


_IN_FULL = 100  # targets; the defaults of thousands would tell nothing more


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
        shards: How the targets are divided; None where there is one shard.
        abridged: The number of targets of which defaults are left out.
        summary: What it comes to; for people, who read the end first.
    """

    values: tuple[Value, ...]
    not_running: tuple[NotRunning, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    cost: Forecast | None = None
    paging: tuple[watched.Watched, ...] = ()
    shards: Plan | None = None
    abridged: int = 0
    summary: tuple[str, ...] = ()


def describe(loaded: Loaded, cost: Forecast | None = None) -> Report:
    """
    Return the report; secret files are read, and no program is run.

    Args:
        loaded: The configuration in force.
        cost: What its paid probes are expected to cost, if it was worked out.
    """
    not_fitting = () if cost is None else cost.warnings
    paging = watched.watched(loaded.settings, _stretched(cost))
    unwise = (
        *loaded.warnings,
        *warnings(loaded.settings),
        *state_warnings(loaded.settings, os.environ),
        *lease_warnings(loaded.settings, os.environ),
        *not_fitting,
        *watched.warnings(paging),
    )
    return Report(
        values=tuple(_values(loaded)),
        not_running=tuple(_not_running(loaded.settings)),
        warnings=unwise,
        notes=(
            *loaded.notes,
            *exposed_texts(loaded),
            *lease_lines(loaded.settings, os.environ),
        ),
        cost=cost,
        paging=paging,
        shards=plan(loaded),
        abridged=max(0, len(loaded.settings.targets) - _IN_FULL),
        summary=tuple(summary_lines(loaded.settings, os.environ, unwise)),
    )


def _stretched(cost: Forecast | None) -> dict[str, float | None]:
    """Return by how much the canary budget stretches intervals, by probe."""
    ranks = () if cost is None else cost.ranks
    return {name: rank.stretched for rank in ranks for name in rank.probes}


def _values(loaded: Loaded) -> Iterator[Value]:
    """Yield what is in force; of targets beyond so many only what someone wrote."""
    seen = _seen_in_files(loaded.settings)
    abridged = {target.name for target in loaded.settings.targets[_IN_FULL:]}
    for path, value in leaves(masked(loaded.settings, _fingerprint)):
        origin = loaded.origins[path]
        if origin == DEFAULT and abridged.intersection(path[1:2]):
            continue
        plain = value is None or isinstance(value, str)
        text = value if plain else json.dumps(value)
        found = f"{text} ({seen[path]})" if path in seen else text
        yield Value(dotted(path), found, str(origin))


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
    if settings.targets and not settings.accounts:
        why = f"no target with `surface: control_plane` is configured: {UNSEEN}"
        yield NotRunning("", "the account", why)


def _by_reason(target: Target) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for name, section in target.probes.items():
        if why := obstacle(target, section):
            reasons.setdefault(why, []).append(name)
    return reasons


def render_text(report: Report) -> str:
    """Return the report for people."""
    values = [f"{v.path}: {v.value or '-'}  [{v.origin}]" for v in report.values]
    if report.abridged:
        values.append(f"(what is a default of {report.abridged} targets is left out)")
    idle = [
        ": ".join(part for part in (row.target, row.probe, row.why) if part)
        for row in report.not_running
    ]
    parts = (
        ("Values in force, and where each was written; - is none", values),
        ("Shards", plan_lines(report.shards)),
        ("Not running", idle),
        ("Expected cost of paid probes", cost_lines(report.cost)),
        ("Pages on objectives", paging_lines(report.paging)),
        ("Warnings", report.warnings),
        ("Notes", report.notes),
        ("In short", report.summary),
    )
    blocks = [
        "\n".join([title, *(f"  {line}" for line in lines)])
        for title, lines in parts
        if lines
    ]
    return "\n\n".join(blocks) + "\n"


def render_json(report: Report) -> str:
    """Return the report for programs."""
    data: dict[str, Any] = asdict(replace(report, cost=None, paging=(), shards=None))
    data["expected_cost"] = cost_fields(report.cost)
    data["paging"] = paging_fields(report.paging)
    data["shards"] = plan_fields(report.shards)
    del data["cost"], data["summary"]
    return json.dumps(data, indent=2) + "\n"
