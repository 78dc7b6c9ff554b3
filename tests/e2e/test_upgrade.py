"""A daemon of this version begins where one of an earlier version ended."""

import json
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.e2e.children import TM_EXPORTER, child
from tests.e2e.daemon import Daemon, Page, listening
from tests.e2e.waiting import eventually
from tests.service import running_service
from tests.upgrade.state import left_behind, rebase, unpack
from tm_exporter.budget.ledger import NAME
from tm_exporter.simulator.world import Credentials


pytestmark = pytest.mark.e2e

BUDGET = {"daily_usd": 1000, "monthly_usd": 31_000}


def spent(state: Path) -> float:
    """Return what the ledger of a state directory has booked, in US dollars."""
    with closing(sqlite3.connect(state / NAME)) as database:
        (total,) = database.execute("SELECT sum(amount) FROM entries").fetchone()
    return float(total) / 1e12


@pytest.mark.parametrize("golden", left_behind(), ids=lambda folder: folder.name)
def test_a_daemon_goes_on(golden: Path, tmp_path: Path) -> None:
    """Money counts, and a change while it was down is seen."""
    state = tmp_path / "state"
    quick = {"interval": "1s", "timeout": "1s"}
    with running_service() as service:
        url = service.simulator.serverless_url
        unpack(golden, state, service.simulator.url)
        rebase(state)
        (state / "maintenance.json").unlink()  # in which nothing would be asked
        _remember_another_version(state / "memory.json")
        target = {
            "name": "serverless",
            "surface": "serverless",
            "base_url": url,
            "api_key": Credentials().api_key,
            "models": ["openai/gpt-oss-20b"],
            "probes": {"version": quick, "health": quick},
        }
        document = {
            "state_dir": str(state),
            "canary_budget": BUDGET,
            "targets": [target],
        }
        config = tmp_path / "exporter.yml"
        config.write_text(yaml.safe_dump(document))
        command = (TM_EXPORTER, "run", "--config", config, "--listen", "127.0.0.1:0")
        before = spent(state)
        with child(tmp_path, *command) as process:
            daemon = listening(process)
            daemon.wait_for_verdicts({("serverless", "version")})
            page = eventually(
                partial(_counting, daemon), within=10, what="look at the ledger"
            )
            log = process.stderr

    left = page.total("tensormesh_canary_budget_remaining_usd", window="day")
    assert 0 < left <= BUDGET["daily_usd"] - before
    assert page.total("tensormesh_service_version_changes_total") == 1
    assert "unusable" not in log


def _counting(daemon: Daemon) -> Page | None:
    """Return the page once it says that the ledger can be used."""
    page = daemon.page()
    return page if page.total("tensormesh_exporter_ledger_healthy") == 1 else None


def _remember_another_version(memory: Path) -> None:
    """Let the service have been of another version when it was last seen."""
    document = json.loads(memory.read_text())
    document["values"]["versions"]["serverless"]["values"]["version"] = "0.0.1"
    memory.write_text(json.dumps(document))
