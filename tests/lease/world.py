"""
Several instances that compete for one lease, in virtual time, with everything that
can go wrong between them and the API server.

Election, account, purse and ledger are the real ones. An instance that is frozen gets
nothing done, whatever was due meanwhile, until it thaws: as after SIGSTOP. What a call
does to the lease may come about long after its caller gave up.
"""

import asyncio
import contextlib
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.budget.month import Here
from tests.doubles import PaidSection, ScriptedProbe
from tests.lease.leases import Leases
from tests.sinks.observations import observation
from tm_exporter.budget.costs import Costs
from tm_exporter.budget.ledger import Caps, Ledger
from tm_exporter.budget.prices import PriceBook, Rates
from tm_exporter.budget.till import Till
from tm_exporter.budget.windows import Windows
from tm_exporter.clients import permission
from tm_exporter.clients.leases import LeaseConflict, LeaseUnreachable
from tm_exporter.lease.account import Account
from tm_exporter.lease.election import RENEWALS, Election
from tm_exporter.lease.purse import LeasePurse
from tm_exporter.lease.term import pause
from tm_exporter.observation import (
    PASSED,
    Demand,
    Observation,
    Outcome,
    ProbeKey,
    Tokens,
)


DURATION = 15.0
BEAT = DURATION / RENEWALS
WHERE = ("default", "tm-exporter")

CENT = Rates.per_million(Decimal(10_000), Decimal(10_000))
WORST = 10  # cents
CAPS = Caps(Decimal("1.00"), Decimal("6.00"))
NOVEMBER_28 = 1_795_824_000.0  # so that a month ends within the first days
HURRY = 300.0  # times as fast as their clocks go the days of the instances

_PROBE = ScriptedProbe(
    key=ProbeKey("eu", "serverless", "chat_stream", "m"),
    section=PaidSection(interval="1h"),
    demands=(Demand(Tokens(WORST), Tokens(5)),),
)


@dataclass
class Network:
    """
    What is between one instance and the API server.

    Attributes:
        loses_requests: They never arrive.
        loses_answers: They arrive and are heeded, and nobody learns of it.
        latency: Seconds each way, at most.
        errors: Share of calls that are answered with 500.
        conflicts: Share of writes that are refused for no reason.
    """

    loses_requests: bool = False
    loses_answers: bool = False
    latency: float = 0.1
    errors: float = 0.0
    conflicts: float = 0.0


class Link:
    """The lease, as one instance gets at it."""

    def __init__(self, world: "World", instance: "Instance") -> None:
        self._world = world
        self._instance = instance
        self.network = Network()

    async def read(self) -> Mapping[str, Any] | None:
        """Read the lease."""
        status, body = await self._call(lambda: self._world.leases.get(WHERE))
        return None if status == 404 else body

    async def create(self, lease: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make the lease."""
        metadata = {**lease["metadata"], "name": WHERE[1]}
        named = {**lease, "metadata": metadata}
        _, body = await self._call(lambda: self._world.make(named), writes=True)
        return body

    async def replace(self, lease: Mapping[str, Any]) -> Mapping[str, Any]:
        """Write the lease."""
        status, body = await self._call(
            lambda: self._world.leases.put(WHERE, lease), writes=True
        )
        if status == 404:
            raise LeaseConflict
        return body

    async def _call(
        self, does: Callable[[], tuple[int, dict[str, Any]]], *, writes: bool = False
    ) -> tuple[int, dict[str, Any]]:
        """Have the API server do something, and wait for a fifth of the duration."""
        answer: asyncio.Future[tuple[int, dict[str, Any]]] = (
            asyncio.get_running_loop().create_future()
        )
        self._world.in_background(self._arrive(does, answer, writes=writes))
        try:
            async with asyncio.timeout(BEAT / self._instance.rate):
                status, body = await answer
        except TimeoutError:
            await self._instance.thaw()
            raise LeaseUnreachable("no answer in time") from None
        await self._instance.thaw()
        if status == 409:
            raise LeaseConflict
        if status >= 500:
            raise LeaseUnreachable(str(status))
        return status, body

    async def _arrive(
        self,
        does: Callable[[], tuple[int, dict[str, Any]]],
        answer: "asyncio.Future[tuple[int, dict[str, Any]]]",
        *,
        writes: bool,
    ) -> None:
        """Carry a call there and back, as the network of now does it."""
        network, dice = self.network, self._world.dice
        if network.loses_requests:
            return
        await asyncio.sleep(dice.uniform(0, network.latency))
        if dice.random() < network.errors:
            result: tuple[int, dict[str, Any]] = (500, {})
            if dice.random() < 0.5:
                does()
        elif writes and dice.random() < network.conflicts:
            result = (409, {})
        else:
            result = does()
        if network.loses_answers:
            return
        await asyncio.sleep(dice.uniform(0, network.latency))
        if not answer.done():
            answer.set_result(result)


class Instance:
    """
    One instance, from its start to its end.

    Args:
        world: Where it lives.
        name: Of the pod.
        folder: Its disk.

    Attributes:
        rate: Seconds of its monotonic clock in a second.
        skew: Seconds by which its wall clock is ahead.
    """

    def __init__(self, world: "World", name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.rate = world.dice.uniform(0.98, 1.02)
        self.skew = world.dice.uniform(-1, 1) * world.most_skew
        self._world = world
        self._thawed = asyncio.Event()
        self._thawed.set()
        self.link = Link(world, self)
        self._ledger = Ledger(folder, CAPS, self.now)
        self.till = Till(lambda: self._ledger, Here())
        world.identities += 1
        self.election = Election(
            self.link,
            f"{name}_{world.identities}",
            DURATION,
            clock=self.clock,
            now=self.now,
            pause=self.pause,
        )
        self.account = Account(self.till, self.election)
        self.purse = LeasePurse(
            self.till,
            Costs(PriceBook(CENT, {}, {}, self.clock)),
            election=self.election,
            account=self.account,
        )
        self.purse._pacer = _NoPlan()  # type: ignore[assignment]  # not what is tested
        self._runs: set[asyncio.Task[None]] = set()
        self.election.start(self._changed)
        self._payer = asyncio.create_task(self._pay_again_and_again())

    def clock(self) -> float:
        """Return its monotonic seconds."""
        return asyncio.get_running_loop().time() * self.rate

    def now(self) -> float:
        """Return its seconds since the epoch: days pass fast."""
        return self._world.now() + self.skew

    async def pause(self, event: asyncio.Event, seconds: float) -> None:
        """Wait, by its clock; longer if it is frozen."""
        await pause(event, seconds / self.rate)
        await self.thaw()

    async def thaw(self) -> None:
        """Wait until it is not frozen."""
        while not self._thawed.is_set():
            await self._thawed.wait()

    def freeze(self) -> None:
        """Stop it, as SIGSTOP does."""
        self._thawed.clear()

    def unfreeze(self) -> None:
        """Have it go on, as SIGCONT does."""
        self._thawed.set()

    @property
    def is_frozen(self) -> bool:
        """Whether it was stopped."""
        return not self._thawed.is_set()

    async def kill(self) -> None:
        """End it without a word, as SIGKILL does."""
        tasks = [self._payer, *self._runs, *self.election._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.election._term = None
        self._ledger.close()

    async def terminate(self) -> None:
        """End it as SIGTERM does."""
        tasks = [self._payer, *self._runs]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        leads = self.election.permit is not None
        await self.election.stop(await self.account.spent() if leads else None)
        self._ledger.close()

    def _changed(self) -> None:
        if self.election.permit is None:
            for run in self._runs:
                run.cancel()
        else:
            self._world.leaders += 1

    async def _pay_again_and_again(self) -> None:
        while True:
            await self.pause(asyncio.Event(), self._world.dice.uniform(1, 4))
            if self.election.permit is not None:
                task = asyncio.create_task(self._run())
                self._runs.add(task)
                task.add_done_callback(self._runs.discard)

    async def _run(self) -> None:
        """Pay for one run, if there is permission and money."""
        reserved = await self.purse.reserve(_PROBE)
        await self.thaw()
        if reserved is None:
            return
        cents = self._world.dice.randint(0, WORST)
        await self.pause(asyncio.Event(), self._world.dice.uniform(0, 2))  # connecting
        if not permission.may_send():
            await self.purse.settle(reserved, _ran(None))
            return
        self._world.charge(self, cents)
        await self.pause(asyncio.Event(), self._world.dice.uniform(0.1, 8))
        told = self._world.dice.random() < 0.9
        await self.purse.settle(reserved, _ran(cents if told else None))


class _NoPlan:
    """A pacer that plans nothing."""

    def wanted_above(self, _: ProbeKey) -> Any:
        """Return nothing."""
        from tm_exporter.budget.caps import NOTHING  # noqa: PLC0415 -- only here

        return NOTHING

    def settled(self, key: ProbeKey, cost: Decimal) -> None:
        """Learn nothing."""


@dataclass
class World:
    """
    All instances, the API server and the service that charges.

    Attributes:
        folder: For disks.
        dice: Decide everything.
        most_skew: Seconds by which wall clocks may be wrong.
        charged: Cents by day, as the clock of who paid had it, and by month.
        leaders: How often somebody began to lead.
        wrongs: What must never happen, and did.
        keeps_account: Whether nobody deleted the lease.
        made_at: When it was made last.
    """

    folder: Path
    dice: random.Random
    most_skew: float = 0.0
    leases: Leases = field(default_factory=Leases)
    instances: list[Instance] = field(default_factory=list)
    identities: int = 0
    leaders: int = 0
    wrongs: list[str] = field(default_factory=list)
    keeps_account: bool = True
    made_at: float = 0.0
    charged: defaultdict[tuple[str, int], int] = field(
        default_factory=lambda: defaultdict(int)
    )
    _disks: int = 0
    _background: set[asyncio.Task[None]] = field(default_factory=set)

    def now(self) -> float:
        """Return the true seconds since the epoch."""
        return NOVEMBER_28 + asyncio.get_running_loop().time() * HURRY

    def in_background(self, work: Any) -> None:
        """Let something come about, whoever waits for it."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def start(self, name: str, folder: Path | None = None) -> Instance:
        """Start an instance, on an empty disk if it is given none."""
        self._disks += 1
        disk = folder or self.folder / str(self._disks)
        disk.mkdir(parents=True, exist_ok=True)
        made = Instance(self, name, disk)
        self.instances.append(made)
        return made

    @property
    def payers(self) -> list[Instance]:
        """Those who hold permission to begin paid requests, at this moment."""
        return [one for one in self.instances if one.election.permit is not None]

    def charge(self, payer: Instance, cents: int) -> None:
        """Begin a request that costs so much; the one place where money goes."""
        self.see_one_payer()
        if self.payers != [payer]:
            self.wrongs.append(f"{payer.name} pays, and may not")
        windows = Windows.at(payer.now())
        self.charged["day", windows.day] += cents
        self.charged["month", windows.month] += cents
        if not self.keeps_account:
            return
        if self.charged["day", windows.day] > CAPS.daily * 100:
            self.wrongs.append(f"too much on day {windows.day}")
        if self.charged["month", windows.month] > CAPS.monthly * 100:
            self.wrongs.append(f"too much in month {windows.month}")

    def make(self, lease: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Make the lease, unless there is one."""
        answer = self.leases.post(WHERE[0], lease)
        if answer[0] == 201:
            self.made_at = asyncio.get_running_loop().time()
        return answer

    def see_one_payer(self) -> None:
        """Take note if there are two."""
        if len(self.payers) > 1:
            self.wrongs.append(f"{[one.name for one in self.payers]} pay")

    async def watch(self) -> None:
        """See for ever that there is one payer at the most."""
        while True:
            self.see_one_payer()
            await asyncio.sleep(0.2)

    async def until_led(self, within: float) -> Instance:
        """Return who leads, as soon as somebody does."""
        async with asyncio.timeout(within):
            while not self.payers:
                await asyncio.sleep(0.01)
        return self.payers[0]

    async def end(self) -> None:
        """End everybody."""
        for one in self.instances:
            await one.kill()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)


def _ran(cents: int | None) -> Observation:
    """Return a finished run that used so many tokens of a cent each."""
    seen = observation(_PROBE.key)
    used = None if cents is None else Tokens(cents)
    return Observation(
        key=_PROBE.key,
        probe_id=seen.probe_id,
        started_at=seen.started_at,
        duration=1.0,
        outcome=Outcome(verdict=PASSED, used=(used,)),
    )


@contextlib.contextmanager
def patched(network: Network, **changes: Any) -> Iterator[None]:
    """Have a network be another one for some time."""
    before = {name: getattr(network, name) for name in changes}
    for name, value in changes.items():
        setattr(network, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(network, name, value)
