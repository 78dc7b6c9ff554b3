"""The example of the reference, whole: it loads, and means what it says."""

from decimal import Decimal
from pathlib import Path

import pytest

from tm_exporter.config.load import Loaded, load
from tm_exporter.config.masking import masked


EXAMPLE = Path(__file__).parent / "example.yml"


@pytest.fixture
def example() -> Loaded:
    """Return the example, loaded."""
    return load(file=EXAMPLE, environ={})


def test_the_targets_keep_their_order(example: Loaded) -> None:
    """People look for them on a page in the order in which they wrote them."""
    assert [(t.name, t.surface) for t in example.settings.targets] == [
        ("serverless", "serverless"),
        ("nebius", "on_demand"),
        ("account", "control_plane"),
    ]


def test_money_is_decimal(example: Loaded) -> None:
    """Cents that are added up as binary fractions drift."""
    budget = example.settings.canary_budget

    assert budget.daily_usd == Decimal("1.00")
    assert budget.fallback_price_per_million_tokens.output == Decimal("15.00")


def test_the_example_shows_the_defaults(tmp_path: Path) -> None:
    """Whoever copies it and deletes lines gets the same behaviour."""
    short = tmp_path / "short.yml"
    short.write_text(
        "targets:\n"
        "- {name: serverless, surface: serverless, models: [openai/gpt-oss-20b]}\n"
        "- {name: account, surface: control_plane}\n"
    )
    whole = load(file=EXAMPLE, environ={}).settings
    brief = load(file=short, environ={}).settings

    assert whole.server == brief.server
    assert whole.log == brief.log
    assert whole.slo == brief.slo
    assert whole.lease == brief.lease
    assert (
        masked(whole)["canary_budget"].keys() == masked(brief)["canary_budget"].keys()
    )
    assert whole.targets[0].probes == brief.targets[0].probes
    assert whole.targets[2].probes == brief.targets[1].probes


def test_every_leaf_has_an_origin(example: Loaded) -> None:
    """`check` prints one for each, a line of the file or the default."""
    origins = {".".join(path): str(at) for path, at in example.origins.items()}

    assert origins["server.listen"] == f"file {EXAMPLE}:2"
    assert origins["targets.nebius.base_url"] == f"file {EXAMPLE}:51"
    assert origins["targets.nebius.probes.chat.interval"] == "default"
