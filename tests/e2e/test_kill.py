"""
The cap holds whenever we are killed: real processes, and the service's own books.

Money is scarce on purpose: what a round may spend is used up within a second, so
that most processes are killed while they spend, and some when nothing is left. The
cap grows with each round, or only the first one would have something to spend.

`make kill-test` kills 200 times; KILLS says how often here.
"""

import json
import os
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.children import TM_EXPORTER, Child, child
from tests.e2e.waiting import eventually
from tm_exporter.budget.ledger import Caps, Ledger
from tm_exporter.budget.windows import Windows
from tm_exporter.simulator.served import SERVERLESS_MODELS
from tm_exporter.simulator.world import Credentials


KILLS = int(os.environ.get("KILLS", "20"))
_SEED = 20261122

_MODEL = SERVERLESS_MODELS[0]
_MAX_TOKENS = 64
_TARGETS = 16  # each with two probes: their first runs cost more than a round brings
_ON = ("completions", "completions_stream")  # of one rank, so that none starves
_OFF = (
    *("health", "version", "models", "tokenize", "chat_stream", "chat"),
    *("responses", "responses_stream", "kv_cache"),
)
_WORST = Decimal("0.000016")  # 64 tokens each of prompt and answer, at its prices
_FIRST_CAP = 12 * _WORST  # so that a tenth is enough for a run that is asked for
_MORE_EACH_ROUND = 10 * _WORST
_FORTY_DAYS = 40 * 86_400.0

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(60 + 5 * KILLS),
]


@dataclass(frozen=True)
class Service:
    """
    A simulated service that answers fast and forgets prompts at once.

    So a run is over soon, and costs what the exporter thinks that it does.
    """

    url: str

    @property
    def charged(self) -> Decimal:
        """US dollars that it has charged so far."""
        answer = httpx.get(f"{self.url}/simulator/state", trust_env=False)
        return Decimal(answer.json()["charged"]["usd"])

    def charged_in_the_end(self) -> Decimal:
        """Wait until nothing is under way any more, and return what it charged."""
        before = [Decimal(-1)]

        def unchanged() -> bool:
            time.sleep(0.5)  # longer than any request takes
            before.append(self.charged)
            return before[-1] == before[-2]

        eventually(unchanged, within=20, what="end of all requests")
        return before[-1]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Run a simulated service of our own, whose books begin empty."""
    (tmp_path / "service").mkdir()
    simulate = (TM_EXPORTER, "simulate", "--listen", "127.0.0.1:0")
    with child(tmp_path / "service", *simulate) as process:
        url = process.announced(r"^listening on (http://\S+)$")
        fast = {"cache": False, "first_token_seconds": 0.05, "gap_seconds": 0.001}
        httpx.patch(
            f"{url}/simulator/switches", json=fast, trust_env=False
        ).raise_for_status()
        yield Service(url)


@dataclass
class Installation:
    """
    A state directory, its configuration, and the processes on it.

    Attributes:
        folder: For all files.
        service: What is probed.
        cap: US dollars, of day and of month.
        refusals: How often a process said that the money had ended.
    """

    folder: Path
    service: Service
    cap: Decimal = _FIRST_CAP
    refusals: int = 0
    dice: random.Random = field(default_factory=lambda: random.Random(_SEED))  # noqa: S311 -- for moments
    began: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        """Make a ledger long ago: a new one has little money before midnight."""
        caps = Caps(self.cap, self.cap)
        opened = self.began - _FORTY_DAYS
        with closing(Ledger(self.folder / "state", caps, lambda: opened)) as ledger:
            ledger.left()

    @property
    def allowed(self) -> Decimal:
        """The cap; twice, should the test run over the end of a month."""
        months = Windows.at(time.time()).month - Windows.at(self.began).month
        return self.cap * (1 + months)

    def more_money(self) -> None:
        """Raise the caps, for the processes that are started from now on."""
        self.cap += _MORE_EACH_ROUND
        text = json.dumps(self._configuration())
        (self.folder / "exporter.yml").write_text(text)

    def start(self, name: str, stack: ExitStack, *command: str) -> Child:
        """Start the exporter, in a folder for its output."""
        (self.folder / name).mkdir(exist_ok=True)
        configured = ("--config", str(self.folder / "exporter.yml"))
        return stack.enter_context(
            child(self.folder / name, TM_EXPORTER, *command, *configured)
        )

    def daemon(self, name: str, stack: ExitStack) -> Child:
        """Start a daemon."""
        return self.start(name, stack, "run", "--listen", "127.0.0.1:0")

    def kill(self, process: Child, *, within: float) -> None:
        """Kill a process at a random moment, and see what was charged."""
        time.sleep(self.dice.uniform(0, within))
        process.end(signal.SIGKILL, within=5)
        self.refusals += process.stderr.count('"budget_exhausted"')
        assert self.service.charged <= self.allowed

    def spend_the_rest(self) -> None:
        """Let a daemon spend all that is left, and end it as one should."""
        with ExitStack() as stack:
            daemon = self.daemon("last", stack)
            daemon.announced('("budget_exhausted")')
            daemon.end(signal.SIGTERM, within=5)
            self.refusals += 1

    def unsettled(self) -> int:
        """Return how many runs were under way when their process was killed."""
        path = self.folder / "state" / "ledger.sqlite3"
        with closing(sqlite3.connect(path)) as connection:
            query = "SELECT count(*) FROM entries WHERE settled IS NULL"
            (count,) = connection.execute(query).fetchone()
        return int(count)

    def assert_the_cap_held(self) -> None:
        """The money was spent, to its end and no further, and it mattered."""
        charged = self.service.charged_in_the_end()
        assert self.cap / 3 < charged <= self.allowed
        assert self.refusals > KILLS / 4
        assert self.unsettled() > 0

    def _configuration(self) -> dict[str, Any]:
        assert _MODEL.price is not None
        probe = {"interval": "500ms", "timeout": "500ms", "max_tokens": _MAX_TOKENS}
        target = {
            "surface": "serverless",
            "base_url": f"{self.service.url}/serverless",
            "api_key": Credentials().api_key,
            "models": [_MODEL.name],
            "probes": {
                **dict.fromkeys(_OFF, False),
                **dict.fromkeys(_ON, probe),
            },
        }
        return {
            "state_dir": str(self.folder / "state"),
            "canary_budget": {
                "daily_usd": str(self.cap),
                "monthly_usd": str(self.cap),
                "fallback_price_per_million_tokens": {
                    "input": str(_MODEL.price.input),
                    "output": str(_MODEL.price.output),
                },
            },
            "targets": [{"name": f"eu-{n}", **target} for n in range(_TARGETS)],
        }


def test_a_daemon_that_is_killed_at_any_moment_keeps_to_the_cap(
    tmp_path: Path, service: Service
) -> None:
    """It starts again on what the killed one left, as under a service manager."""
    installation = Installation(tmp_path, service)
    for number in range(KILLS):
        installation.more_money()
        with ExitStack() as stack:
            daemon = installation.daemon("daemon", stack)
            if number % 4:  # most while it spends, some while it starts
                daemon.announced("^(listening) on")
            installation.kill(daemon, within=0.7)
    installation.spend_the_rest()
    installation.assert_the_cap_held()


def test_two_daemons_and_the_command_keep_to_one_cap(
    tmp_path: Path, service: Service
) -> None:
    """All at once on one state directory, each killed at a moment of its own."""
    installation = Installation(tmp_path, service)
    for _ in range(-(-KILLS // 3)):
        installation.more_money()
        with ExitStack() as stack:
            daemons = [installation.daemon(name, stack) for name in ("one", "two")]
            command = installation.start("command", stack, "probe", "--target", "eu-0")
            daemons[0].announced("^(listening) on")
            processes = [*daemons, command]
            installation.dice.shuffle(processes)
            for process in processes:
                installation.kill(process, within=0.4)
    installation.spend_the_rest()
    _ask_until_refused(installation)
    installation.assert_the_cap_held()


def _ask_until_refused(installation: Installation) -> None:
    """Run the command until it says that its share of the money is used up."""

    def refused() -> bool:
        with ExitStack() as stack:
            command = installation.start("command", stack, "probe", "--target", "eu-0")
            assert command.process.wait(20) == 0
            return "budget" in command.stdout

    eventually(refused, within=60, what="refusal", context=lambda: "")
