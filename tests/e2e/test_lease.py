"""
Three real processes, one lease: who pays, as the service sees it.

`make lease-test` lets 20 things go wrong and ends 50 pods; LEASE_FAULTS and
LEASE_HAND_OVERS say how many here.
"""

import itertools
import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.children import TM_EXPORTER, Child, child
from tests.e2e.daemon import Page, listening
from tests.e2e.waiting import eventually
from tests.lease.leases import Leases
from tests.lease.server import Fault, Place, serving
from tm_exporter.budget.totals import Totals
from tm_exporter.lease.record import ANNOTATION
from tm_exporter.simulator.served import SERVERLESS_MODELS
from tm_exporter.simulator.world import Credentials


FAULTS = int(os.environ.get("LEASE_FAULTS", "3"))
HAND_OVERS = int(os.environ.get("LEASE_HAND_OVERS", "3"))

_DURATION = 3.0
_TAKEN_OVER_WITHIN = _DURATION * 6 / 5
_LATE = 3.0  # seconds that a busy machine may take to start or to answer
_MODEL = SERVERLESS_MODELS[0]
_WORST = Decimal("0.000016")  # 64 tokens each of prompt and answer, at its prices
_TARGETS = 4
_LONG_AGO = 40 * 86_400

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(60 + 15 * FAULTS + 10 * HAND_OVERS),
]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Run an API server, and a simulated service behind one that sees who pays."""
    folder = tmp_path / "service"
    folder.mkdir()
    with child(folder, TM_EXPORTER, "simulate", "--listen", "127.0.0.1:0") as process:
        url = process.announced(r"^listening on (http://\S+)$")
        fast = {"cache": False, "first_token_seconds": 0.05, "gap_seconds": 0.001}
        httpx.patch(
            f"{url}/simulator/switches", json=fast, trust_env=False
        ).raise_for_status()
        with serving(url) as served:
            _know_long_since(served.leases)
            yield served


def _know_long_since(leases: Leases) -> None:
    """Make a lease whose account is old: a new one has little before midnight."""
    since = Totals(int(time.time()) - _LONG_AGO)
    leases.post(
        "default",
        {
            "metadata": {
                "name": "tm-exporter",
                "annotations": {ANNOTATION: since.text()},
            },
            "spec": {},
        },
    )


@dataclass
class Pods:
    """
    The instances of one installation, each with a disk that dies with it.

    Attributes:
        place: What they speak to.
        folder: For their files.
        cap: US dollars of a day.
    """

    place: Place
    folder: Path
    stack: ExitStack
    cap: Decimal
    running: dict[str, Child] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def start(self) -> str:
        """Start one more, and return its name."""
        name = f"pod-{next(self.numbers)}"
        folder = self.folder / name
        folder.mkdir()
        (folder / "token").write_text(f"token-of-{name}\n")
        (folder / "exporter.yml").write_text(json.dumps(self._configuration(name)))
        process = child(
            folder,
            *(TM_EXPORTER, "run", "--listen", "127.0.0.1:0"),
            *("--config", folder / "exporter.yml"),
            environment={"POD_NAME": name},
        )
        self.running[name] = self.stack.enter_context(process)
        return name

    def end(self, name: str, with_signal: signal.Signals) -> None:
        """End one, as it is when its pod is deleted or its node dies."""
        status = self.running.pop(name).end(with_signal, within=2.5)
        assert status == (0 if with_signal is signal.SIGTERM else -signal.SIGKILL)

    def led(self, within: float, *, by_another_than: str = "") -> str:
        """Return who pays, as soon as somebody else does."""
        begun = len(self.place.payments)

        def paying() -> str:
            new = [each.payer for each in self.place.payments[begun:]]
            return next((name for name in new if name != by_another_than), "")

        return eventually(paying, within=within, what="payer", context=self._logs)

    def leads(self, name: str) -> float:
        """Return what an instance says on its page of metrics."""
        page = listening(self.running[name]).page()
        (sample,) = page.select("tensormesh_exporter_leader")
        return sample.value

    def charged(self) -> Decimal:
        """Return the US dollars that the service has charged."""
        answer = httpx.get(f"{self.place.service}/simulator/state", trust_env=False)
        return Decimal(answer.json()["charged"]["usd"])

    def _configuration(self, name: str) -> dict[str, Any]:
        assert _MODEL.price is not None
        kinds = ("health", "version", "models", "tokenize", "chat_stream", "chat")
        more = ("responses", "responses_stream", "completions_stream", "kv_cache")
        probe = {"interval": "500ms", "timeout": "500ms", "max_tokens": 64}
        target = {
            "surface": "serverless",
            "base_url": f"{self.place.url}/{name}/serverless",
            "api_key": Credentials().api_key,
            "models": [_MODEL.name],
            "probes": {**dict.fromkeys((*kinds, *more), False), "completions": probe},
        }
        return {
            "state_dir": str(self.folder / name / "state"),
            "log": {"level": "debug"},
            "lease": {
                "enabled": True,
                "namespace": "default",
                "duration": f"{_DURATION:g}s",
                "api_url": self.place.url,
                "token_file": str(self.folder / name / "token"),
            },
            "canary_budget": {
                "daily_usd": str(self.cap),
                "monthly_usd": str(2 * self.cap),
                "fallback_price_per_million_tokens": {
                    "input": str(_MODEL.price.input),
                    "output": str(_MODEL.price.output),
                },
            },
            "targets": [{"name": f"eu-{n}", **target} for n in range(_TARGETS)],
        }

    def _logs(self) -> str:
        return "\n".join(
            f"{name}: {one.stderr[-600:]}" for name, one in self.running.items()
        )


@pytest.fixture
def pods(place: Place, tmp_path: Path) -> Iterator[Pods]:
    """Return an installation with money for more runs than a day has."""
    with ExitStack() as stack:
        yield Pods(place, tmp_path, stack, cap=_WORST * 10_000_000)


def test_whatever_fails_one_of_three_pays(pods: Pods) -> None:
    """Frozen, killed, cut off, or with an API server that fails or dawdles."""
    dice = random.Random(20261122)  # noqa: S311 -- for moments
    for _ in range(3):
        pods.start()
    calls: list[Fault] = ["silent", "error", "conflict", "slow", "answer_lost"]
    ways: list[Callable[[Pods, str], None]] = [
        _freeze,
        _kill,
        *(partial(_disturb, fault=fault) for fault in calls),
    ]
    for number in range(FAULTS):
        payer = pods.led(_TAKEN_OVER_WITHIN + _LATE)
        time.sleep(dice.uniform(0, 0.6))
        ways[number % len(ways)](pods, payer)

    _assert_who_paid_had_the_lease(pods.place)


def _freeze(pods: Pods, payer: str) -> None:
    """Stop a process for longer than its lease, and see that it wakes as a standby."""
    process = pods.running[payer].process
    process.send_signal(signal.SIGSTOP)
    pods.led(_TAKEN_OVER_WITHIN + _LATE, by_another_than=payer)
    begun = len(pods.place.payments)
    process.send_signal(signal.SIGCONT)
    eventually(lambda: pods.leads(payer) == 0, within=_LATE, what="standby")
    time.sleep(0.5)
    assert payer not in {each.payer for each in pods.place.payments[begun:]}


def _kill(pods: Pods, payer: str) -> None:
    """End a process without a word, as when its node is lost; a new one starts."""
    pods.end(payer, signal.SIGKILL)
    pods.led(_TAKEN_OVER_WITHIN + _LATE, by_another_than=payer)
    pods.start()


def _disturb(pods: Pods, payer: str, fault: Fault) -> None:
    """Have an instance's calls fail: it stops in time, and another one takes over."""
    pods.place.faults[payer] = fault
    if fault == "slow":  # which is no reason to hand over
        time.sleep(_DURATION)
        assert pods.place.holder == payer
    else:
        pods.led(_TAKEN_OVER_WITHIN + _LATE, by_another_than=payer)
        assert pods.leads(payer) == 0
    pods.place.faults[payer] = ""


def _assert_who_paid_had_the_lease(place: Place) -> None:
    """No request came from anybody but the holder of that moment, nor by turns."""
    assert {each.payer for each in place.payments if each.payer != each.holder} == set()
    turns = [payer for payer, _ in itertools.groupby(p.payer for p in place.payments)]
    assert len(turns) <= 2 * FAULTS + 1


def test_deleted_pods_hand_on_lease_and_account(place: Place, tmp_path: Path) -> None:
    """Each new one has an empty disk; all of them together keep to one cap."""
    cap = _WORST * 3 * (HAND_OVERS + 1)  # which is spent before the last of them
    day = time.time() // 86_400
    with ExitStack() as stack:
        pods = Pods(place, tmp_path, stack, cap)
        for _ in range(2):
            pods.start()
        for number in range(HAND_OVERS):
            holder = eventually(
                lambda: place.holder, within=30, what="holder", context=pods._logs
            )
            time.sleep(0.5)
            is_node_lost = number % 5 == 4
            pods.end(holder, signal.SIGKILL if is_node_lost else signal.SIGTERM)
            if not is_node_lost:
                assert place.holder != holder
            _until_another_holds(pods, holder)
            pods.start()
        time.sleep(1)
    days = 1 + time.time() // 86_400 - day

    assert cap / 3 < pods.charged() <= cap * Decimal(days)


def _until_another_holds(pods: Pods, holder: str) -> None:
    eventually(
        lambda: pods.place.holder not in ("", holder),
        within=_TAKEN_OVER_WITHIN + 10 * _LATE,  # who takes over may have just started
        what="successor",
        context=pods._logs,
    )


def _page_after_slots(process: Child) -> Page:
    """Return a page of metrics once slots fell due."""
    daemon = listening(process)

    def page() -> Page | None:
        found = daemon.page()
        return found if found.total("tensormesh_probe_slots_total") else None

    return eventually(page, within=_LATE, what="slot")


def test_a_standby_runs_what_is_free_and_says_what_it_is(pods: Pods) -> None:
    """Its paid slots are skipped as `not_leader`, and have no last run to show."""
    for _ in range(2):
        pods.start()
    payer = pods.led(10 * _LATE)
    (standby,) = pods.running.keys() - {payer}
    page = _page_after_slots(pods.running[standby])
    other = listening(pods.running[payer]).page()

    assert (pods.leads(payer), pods.leads(standby)) == (1, 0)
    assert page.total("tensormesh_probe_attempts_total") == 0
    skipped = page.total("tensormesh_probe_skipped_total", reason="not_leader")
    assert skipped == page.total("tensormesh_probe_slots_total") > 0
    assert page.select("tensormesh_probe_success") == []
    assert page.select("tensormesh_canary_budget_remaining_usd") == []
    assert len(other.select("tensormesh_canary_budget_remaining_usd")) == 2
    assert page.total("tensormesh_canary_cost_usd_total") == 0
    told = listening(pods.running[standby]).get("/api/v1/status").json()["lease"]
    assert told["leads"] is False
    assert payer in told["detail"]
