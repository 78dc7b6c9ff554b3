"""A real Alertmanager, alone."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.children import child
from tests.e2e.prometheus import ROOT, part


EXAMPLE = ROOT / "deploy" / "prometheus" / "alertmanager.yml"


@contextlib.contextmanager
def alertmanager(lane: str, config: str, folder: Path) -> Iterator[str]:
    """
    Run the Alertmanager of a lane.

    Args:
        lane: Which one.
        config: Its configuration, as YAML.
        folder: For its files.

    Yields:
        Where it listens, as a URL.
    """
    (folder / "alertmanager.yml").write_text(config)
    templates = ROOT / ".tools" / lane / "usr/share/prometheus/alertmanager"
    (folder / "templates").symlink_to(templates)  # see scripts/fetch-parts.sh
    with child(
        folder,
        part(lane, "prometheus-alertmanager"),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data'}",
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",
    ) as process:
        address = process.announced(r'msg="Listening on".* address=(\S+)')
        yield f"http://{address}"
