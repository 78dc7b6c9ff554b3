"""A service and a configuration of it, and nothing else around."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import Service, running_service


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever runs the tests may have a key of their own in the environment."""
    for name in ("TENSORMESH_INFERENCE_API_KEY", "TENSORMESH_CONTROL_PLANE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TM_CONFIG_HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def service() -> Iterator[Service]:
    """Run a simulated service in a thread of its own."""
    with running_service() as started:
        yield started


@pytest.fixture
def config(service: Service, tmp_path: Path) -> Path:
    """Return a configuration of two surfaces of that service."""
    file = tmp_path / "exporter.yml"
    file.write_text(
        f"""\
canary_budget: {{daily_usd: 1000000, monthly_usd: 100000000}}  # at any hour
targets:
  - name: serverless
    surface: serverless
    base_url: {service.serverless_url}
    api_key: {service.api_key}
    models: [openai/gpt-oss-20b]
  - name: account
    surface: control_plane
    base_url: {service.control_plane_url}
    token: {service.token}
"""
    )
    return file
