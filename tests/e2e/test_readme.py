"""What the README tells people to do works as it is written there."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.children import TM_EXPORTER


pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_its_configuration_is_accepted(tmp_path: Path) -> None:
    """The example is a whole file, without a mistake."""
    example, _ = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    config = tmp_path / "exporter.yml"
    config.write_text(example)

    result = subprocess.run(  # noqa: S603  # our own program
        [TM_EXPORTER, "check", "--config", config],
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert "openai/gpt-oss-20b" in result.stdout


def test_its_links_lead_somewhere() -> None:
    """Every file or folder that it links to is in the repository."""
    links = re.findall(r"\]\(([^)]+)\)", README)

    assert [link for link in links if not (ROOT / link).exists()] == []


def test_its_commands_are_targets_of_the_makefile() -> None:
    """Nobody is told to run a target that does not exist."""
    makefile = (ROOT / "Makefile").read_text()

    named = set(re.findall(r"\bmake ([a-z-]+)", README))

    assert {name for name in named if f"\n{name}:" not in makefile} == set()
