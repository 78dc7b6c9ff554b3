"""Whatever has a name has its entry in the reference, and no entry is left over."""

import re
from collections.abc import Iterable, Iterator

import pytest
import yaml

from tests.docs.markdown import ROOT
from tm_exporter.alerts import GROUPS
from tm_exporter.alerts.overrides import alerts_of
from tm_exporter.catalog import FAMILIES, former
from tm_exporter.cli import COMMANDS
from tm_exporter.commands.command import Command
from tm_exporter.config import vendor
from tm_exporter.config.registry import KINDS
from tm_exporter.config.schema import schema
from tm_exporter.logs.log_events import EVENTS
from tm_exporter.observation import Reason


def entries(page: str, section: str = "") -> list[str]:
    """Return the names at the beginning of a page's rows, of one section or of all."""
    text = (ROOT / "docs" / page).read_text()
    if section:
        text = text.partition(f"\n{section}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| \[?`([^`]+)`", text, re.MULTILINE)


def words(commands: Iterable[Command], before: str = "") -> Iterator[str]:
    """Yield how each command and step is called."""
    for command in commands:
        yield f"{before}{command.name}"
        yield from words(command.steps, f"{before}{command.name} ")


def keys(definition: str) -> set[str]:
    """Return the keys of a section of the configuration."""
    whole = schema()
    part = whole["$defs"][definition] if definition else whole
    return set(part["properties"])


def test_metrics() -> None:
    """Under their old names too, while they are shown under these."""
    names = [each.name for family in FAMILIES for each in (family, *former(family))]
    rows = [name for name in entries("metrics.md") if name.startswith("tensormesh_")]

    assert rows == names


def test_failure_reasons() -> None:
    """In the order in which a run can fail."""
    head = "| Reason | Party | When | What to do first |"

    assert entries("failure-reasons.md", head) == list(Reason)


def test_log_events() -> None:
    """All that can be logged."""
    assert entries("log-events.md") == list(EVENTS)


def test_alerts_and_their_runbooks() -> None:
    """A page each, linked from the list."""
    names = {alert.name for alert in alerts_of(GROUPS)}

    assert set(entries("alerts.md")) == names
    assert {path.stem for path in (ROOT / "docs/runbooks").iterdir()} == names


def test_commands() -> None:
    """With a section for each."""
    text = (ROOT / "docs/commands.md").read_text()
    rows = entries("commands.md", "| Command | What it does |")

    assert rows == list(words(COMMANDS))
    assert set(rows) <= set(re.findall(r"^## (.+)$", text, re.MULTILINE))


def test_options_of_commands() -> None:
    """Each in the section of its command, but for those that are for nobody."""
    for command in COMMANDS:
        text = (ROOT / "docs/commands.md").read_text()
        section = text.partition(f"\n## {command.name}\n")[2].partition("\n## ")[0]
        shown = [
            name
            for name, settings in command.options.items()
            if name.startswith("--") and settings["help"] != "==SUPPRESS=="
        ]

        assert re.findall(r"^\| `(--[\w-]+)", section, re.MULTILINE) == shown


def test_pages_over_http() -> None:
    """Those of the description, which a test of the pages holds them to."""
    described = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())["paths"]

    rows = entries("http.md", "| Page | What it is |")

    assert [row.rpartition(" ")[2] for row in rows] == list(described)


@pytest.mark.parametrize(
    ("section", "definition"),
    [
        ("## At the top", ""),
        ("## `server`", "ServerSection"),
        ("## `log`", "LogSection"),
        ("## `canary_budget`", "BudgetSection"),
        ("## `canary_budget.fallback_price_per_million_tokens`", "PricesSection"),
        ("## `targets[]`", "Target"),
        ("## `targets[].models[]`", "ModelSection"),
        ("## `targets[].models[].slo`", "Slo"),
        ("## `targets[].models[].slo.ttft`", "TtftObjective"),
        ("## `slo`", "DefaultSlo"),
        ("## `slo.ttft`", "DefaultTtft"),
        ("## `maintenance[]`", "WindowSection"),
        ("## `lease`", "LeaseSection"),
        ("## `shard`", "ShardSection"),
        ("## `expect`", "Expectation"),
    ],
)
def test_settings(section: str, definition: str) -> None:
    """Every key of every section."""
    assert set(entries("configuration.md", section)) == keys(definition)


def test_settings_of_probes() -> None:
    """Every kind, and what each can be told beyond what all can."""
    text = (ROOT / "docs/configuration.md").read_text()
    rows = entries("configuration.md", "## `targets[].probes`")
    own = {
        kind: set(model.model_fields) - {"kind", "interval", "timeout", "slo"}
        for kind, model in KINDS.items()
    }

    shown = {
        kind: set(re.findall(r"^\| `(\w+)`", part, re.MULTILINE))
        for kind in KINDS
        if (part := text.partition(f"\n### `{kind}`\n")[2].partition("\n##")[0])
    }

    assert set(rows) >= {"kind", "interval", "timeout", "slo", *KINDS}
    assert shown == {kind: fields for kind, fields in own.items() if fields}


def test_no_section_of_the_configuration_is_left_out() -> None:
    """A new one would be in none of the lists above."""
    listed = {
        *("ServerSection", "LogSection", "BudgetSection", "PricesSection", "Target"),
        *("ModelSection", "Slo", "TtftObjective", "DefaultSlo", "WindowSection"),
        *("LeaseSection", "ShardSection", "Expectation", "DefaultTtft"),
    }
    kinds = {kind.__name__ for kind in KINDS.values()}

    assert set(schema()["$defs"]) - kinds - {"JsonValue"} == listed


def test_no_setting_is_without_a_meaning() -> None:
    """An empty cell explains nothing."""
    text = (ROOT / "docs/configuration.md").read_text()
    settings = text.partition("## The vendor's names")[0]

    assert re.findall(r"^\| .+ \| -? ?\|$", settings, re.MULTILINE) == []


def test_the_vendors_names() -> None:
    """Each variable and each key of its file."""
    text = (ROOT / "docs/configuration.md").read_text()
    section = text.partition("## The vendor's names")[2]
    names = [name for names in vendor.VARIABLES.values() for name in names]

    assert set(re.findall(r"`(TENSORMESH_\w+)`", section)) == set(names)
    for key in (*vendor.GATEWAY.values(), *vendor.TOP.values()):
        assert f"| `{key}` |" in section
