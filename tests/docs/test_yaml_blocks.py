"""Every configuration that a page shows is taken by the program that it is for."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.docs.markdown import PAGES, Block, blocks
from tests.e2e.prometheus import part
from tests.helm.engine import CHART, of_kind, render
from tests.helm.kubernetes import VERSIONS, faults
from tm_exporter.config.load import load
from tm_exporter.config.schema import schema
from tm_exporter.web.listen import parse


Document = Mapping[str, Any]

SHOWN = [
    block
    for page in PAGES
    for block in blocks(page)
    if block.language == "yaml"
    and page.name != "adding-a-probe.md"  # test_adding has that kind of probe
]
OURS = set(schema()["properties"])
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
KINDS: dict[str, Callable[[Document], bool]] = {
    "manifest": lambda shown: {"apiVersion", "kind"} <= set(shown),
    "prometheus": lambda shown: "scrape_configs" in shown,
    "alertmanager": lambda shown: "receivers" in shown,
    "role": lambda shown: set(shown) == {"rules"},
    "exporter": lambda shown: set(shown) <= OURS,
    "chart": lambda shown: set(shown) <= set(VALUES),
}
"""What a block may be, by what is in it; the first that fits counts."""

OTHERS = [{"name": "nebius", "surface": "on_demand", "user_id": "somebody"}]
"""Targets that blocks without targets speak of."""


def kind(block: Block) -> str:
    """Return what a block is for, or '' if nobody can tell."""
    shown = yaml.safe_load(block.text)
    return next((name for name, fits in KINDS.items() if fits(shown)), "")


def each(wanted: str) -> pytest.MarkDecorator:
    """Return the parameters of a test for all blocks of a kind."""
    chosen = [block for block in SHOWN if kind(block) == wanted]
    assert chosen, f"no block is for {wanted}"
    return pytest.mark.parametrize("block", chosen, ids=lambda block: block.place)


def test_each_block_is_for_a_program() -> None:
    """None is left out below."""
    assert [block.place for block in SHOWN if not kind(block)] == []


@each("exporter")
def test_the_exporter_takes_it(block: Block, tmp_path: Path) -> None:
    """The files that it names need not be there to read it."""
    shown = yaml.safe_load(block.text)
    others = [{**other, "base_url": "https://nebius.example"} for other in OTHERS]
    path = tmp_path / "exporter.yml"
    path.write_text(block.text)
    if "targets" not in shown:
        path.write_text(yaml.safe_dump({**shown, "targets": others}))

    loaded = load(file=path, environ={"HOSTNAME": "tm-exporter-0"}, overrides={})

    assert loaded.settings.targets
    assert parse(loaded.settings.server.listen)


@each("chart")
@pytest.mark.e2e
def test_helm_takes_it(block: Block) -> None:
    """Nothing of it is refused."""
    shown = yaml.safe_load(block.text)

    assert of_kind("ConfigMap", render(shown))
    checked = jsonschema_rs.validator_for(
        yaml.safe_load((CHART / "values.schema.json").read_text())
    )
    assert checked.is_valid({**VALUES, **shown})


@each("manifest")
@pytest.mark.e2e
def test_kubernetes_takes_it(block: Block) -> None:
    """The oldest and the newest."""
    shown = yaml.safe_load(block.text)

    assert [faults(shown, version) for version in VERSIONS] == [[], []]


@each("role")
@pytest.mark.e2e
def test_it_is_what_the_chart_asks_for(block: Block) -> None:
    """A role that somebody else makes."""
    (role,) = of_kind("Role", render({"lease": {"enabled": True}}))

    assert yaml.safe_load(block.text)["rules"] == role["rules"]


@each("prometheus")
@pytest.mark.parametrize("lane", ["oldest", "newest"])
@pytest.mark.e2e
def test_prometheus_takes_it(block: Block, lane: str, tmp_path: Path) -> None:
    """The files that it names are looked at elsewhere."""
    path = tmp_path / "prometheus.yml"
    path.write_text(block.text)

    told = asked(part(lane, "promtool"), "check", "config", "--syntax-only", path)

    assert "SUCCESS" in told


@each("alertmanager")
@pytest.mark.parametrize("lane", ["oldest", "newest"])
@pytest.mark.e2e
def test_alertmanager_takes_it(block: Block, lane: str, tmp_path: Path) -> None:
    """Its own tool says so."""
    path = tmp_path / "alertmanager.yml"
    path.write_text(block.text)

    assert "SUCCESS" in asked(part(lane, "amtool"), "check-config", path)


def asked(*command: str | Path) -> str:
    """Return what a tool says."""
    result = subprocess.run(  # noqa: S603  # every command is written here
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return result.stdout + result.stderr
