"""Loading a configuration from a text."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tm_exporter.config.load import Loaded, load


LoadText = Callable[..., Loaded]


@pytest.fixture
def load_text(tmp_path: Path) -> LoadText:
    """Return a function that loads a text as the file `exporter.yml`."""

    def run(
        text: str,
        environ: Mapping[str, str] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> Loaded:
        file = tmp_path / "exporter.yml"
        file.write_text(text)
        return load(file=file, environ=environ or {}, overrides=overrides or {})

    return run
