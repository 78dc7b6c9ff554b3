"""Commands of the exporter that pages give do what they say, beside a running one."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

from tests.docs.test_shell_blocks import COMMANDS, commands, is_script, name
from tests.e2e.children import TM_EXPORTER, child
from tests.e2e.waiting import eventually
from tm_exporter.cli import main


pytestmark = pytest.mark.e2e

DAEMONS = {"run", "demo", "simulate"}
"""They do not end by themselves; test_tutorial and tests/e2e run them."""

Line = tuple[str, ...]


def cases() -> Iterator[tuple[Line, ...]]:
    """Yield the command lines of each block, those of maintenance in their order."""
    for block in COMMANDS:
        if is_script(block):
            continue
        ours = [words for words in commands(block) if name(words) == "tm-exporter"]
        lines = tuple(tuple(words[1:]) for words in ours if words[1] not in DAEMONS)
        if {line[0] for line in lines} == {"maintenance"}:
            yield lines
        else:
            yield from ((line,) for line in lines)


GIVEN = tuple(dict.fromkeys(cases()))
"""What is tried once, on however many pages it stands."""

MODEL, DEPLOYED = "openai/gpt-oss-20b", "openai-gpt-oss-120b-gpu-type-h200x1_8nic16"


@dataclass(frozen=True)
class World:
    """
    A service, and an exporter that watches it.

    Attributes:
        url: Of the exporter.
        config: The file which both it and the commands read.
        probe_id: Of one of its runs.
    """

    url: str
    config: Path
    probe_id: str

    def words(self, given: Line) -> list[str]:
        """Return a command line with what is here in the place of its examples."""
        places = {
            "TARGET": "serverless",
            "PROBE": "chat",
            "PROBE_ID": self.probe_id,
            "http://INSTANCE": self.url,
            "http://127.0.0.1:9877": self.url,
        }
        words = [places.get(word, word) for word in given]
        words = [str(self.config) if word.endswith(".yml") else word for word in words]
        if words[0] == "evidence" and "--url" not in words:
            words += ["--url", self.url]
        return words


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Run both, with targets of all names that pages speak of."""
    folder = tmp_path_factory.mktemp("service")
    simulate = (TM_EXPORTER, "simulate", "--listen", "127.0.0.1:0")
    with child(folder, *simulate) as service:
        address = service.announced(r"listening on (\S+)")
        user, token = (
            service.announced(rf"{it} +(\S+)") for it in ("user id", "token")
        )
        config = tmp_path_factory.mktemp("exporter") / "exporter.yml"
        config.write_text(yaml.safe_dump(configuration(address, user, token, "0")))
        run = (TM_EXPORTER, "run", "--config", config)
        with child(config.parent, *run) as daemon:
            url = daemon.announced(r"listening on (\S+)")
            asked = config.with_name("asked.yml")
            port = url.rpartition(":")[2]
            asked.write_text(yaml.safe_dump(configuration(address, user, token, port)))
            yield World(url, asked, a_run(url))


def configuration(address: str, user: str, token: str, port: str) -> dict[str, object]:
    """Return a configuration for a simulated service."""
    key = "ak-simulated-not-a-secret"
    serverless = {
        "surface": "serverless",
        "base_url": f"{address}/serverless",
        "api_key": key,
        "models": [MODEL],
    }
    nebius = {
        "base_url": f"{address}/on-demand",
        "surface": "on_demand",
        "api_key": key,
        "user_id": user,
        "models": [DEPLOYED],
    }
    account = {
        "surface": "control_plane",
        "base_url": f"{address}/control-plane",
        "token": token,
    }
    return {
        "server": {"listen": f"127.0.0.1:{port}"},
        "state_dir": "state",
        "canary_budget": {"daily_usd": 1000, "monthly_usd": 31000},
        "targets": [
            {"name": "serverless", **serverless},
            {"name": "gateway", **serverless},
            {"name": "nebius", **nebius},
            {"name": "account", **account},
        ],
    }


def a_run(url: str) -> str:
    """Return the id of a run that the exporter made."""

    def found() -> str | None:
        status = json.loads(httpx.get(f"{url}/api/v1/status", trust_env=False).text)
        for target in status["targets"]:
            for probe in target["probes"]:
                for model in probe["models"]:
                    if model["probe_id"]:
                        return str(model["probe_id"])
        return None

    return eventually(found, within=20, what="run")


@pytest.mark.parametrize("given", GIVEN, ids=[" ".join(lines[0]) for lines in GIVEN])
def test_a_command_does_what_it_says(
    given: tuple[Line, ...],
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Where everything is well, nothing fails."""
    monkeypatch.setenv("TM_EXPORTER_CONFIG", str(world.config))

    for line in given:
        if line == ("--version",):
            with pytest.raises(SystemExit, match="0"):
                main(line)
        else:
            assert main(world.words(line)) == 0, capfd.readouterr()
        assert capfd.readouterr().out
