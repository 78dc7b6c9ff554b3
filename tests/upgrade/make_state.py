"""
Write the state that this version leaves behind, for its successors to be tested on.

`python -m tests.upgrade.make_state`, once for each release, just before it: the
folder is kept for as long as that release may be upgraded from.
"""

import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import yaml

from tests.e2e.children import TM_EXPORTER, child
from tests.e2e.daemon import listening
from tests.e2e.demo_probes import PROBES
from tests.service import running_service
from tests.upgrade.state import GOLDEN, HERE, SERVICE
from tm_exporter import __version__
from tm_exporter.budget.ledger import NAME
from tm_exporter.demo import _PROBES, BUDGET, targets


def main() -> None:
    """Run the daemon on every probe, keep what it leaves, as text."""
    golden = GOLDEN / f"state-{__version__}"
    golden.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, running_service() as service:
        folder, state = Path(name), Path(name) / "state"
        url = service.simulator.url
        config = _configuration(folder, url)
        command = (TM_EXPORTER, "run", "--config", config, "--listen", "127.0.0.1:0")
        with child(folder, *command) as process:
            listening(process).wait_for_verdicts(PROBES, within=60)
            _begin_maintenance(config)
            process.end(signal.SIGTERM, within=10)
        (golden / "ledger.sql").write_text(_dumped(state / NAME))
        for file in (state / "memory.json", state / "maintenance.json"):
            text = json.dumps(json.loads(file.read_bytes()), indent=2)
            (golden / file.name).write_text(text.replace(url, SERVICE) + "\n")
    sys.stdout.write(f"{golden.relative_to(HERE.parent.parent)}\n")


def _configuration(folder: Path, url: str) -> Path:
    document = {
        "state_dir": str(folder / "state"),
        "canary_budget": BUDGET,
        "targets": targets(url, _PROBES["inference"], _PROBES["control_plane"]),
    }
    file = folder / "exporter.yml"
    file.write_text(yaml.safe_dump(document))
    return file


def _begin_maintenance(config: Path) -> None:
    """Begin a window that no test outlives."""
    words = ("--reason", "upgrade", "--by", "operator", "--for", "366d")
    start = [str(TM_EXPORTER), "maintenance", "start", "--config", str(config), *words]
    subprocess.run(start, check=True)  # noqa: S603 -- our own program


def _dumped(file: Path) -> str:
    """Return a database as SQL, with what marks it."""
    with closing(sqlite3.connect(file)) as database:
        marks = (
            f"PRAGMA {name} = {database.execute(f'PRAGMA {name}').fetchone()[0]};"
            for name in ("application_id", "user_version")
        )
        return "\n".join((*marks, *database.iterdump())) + "\n"


if __name__ == "__main__":
    main()
