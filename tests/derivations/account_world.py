"""A simulated account without sockets, and an exporter that watches it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.types import Message

from tests.derivations.learned import Life
from tm_exporter import runner
from tm_exporter.assembly.comparisons import Accounts, comparisons
from tm_exporter.catalog import Family
from tm_exporter.config.settings import Settings
from tm_exporter.demo import configuration
from tm_exporter.derivations.derive import derive
from tm_exporter.exchange import Exchange, Piece
from tm_exporter.memory import Memory
from tm_exporter.observation import Observation, Probe, ProbeKey, Skip
from tm_exporter.pulls.auth import AuthPull, AuthSection
from tm_exporter.pulls.balance import BalancePull, BalanceSection
from tm_exporter.pulls.deployments import DeploymentsPull, DeploymentsSection
from tm_exporter.pulls.pricing import PricingPull, PricingSection
from tm_exporter.pulls.spending import SpendingPull, SpendingSection
from tm_exporter.pulls.usage import UsagePull, UsageSection
from tm_exporter.simulator.control_plane import ControlPlane
from tm_exporter.simulator.switches import Switches
from tm_exporter.simulator.world import World, new_world
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.sinks.series import Rows


ACCOUNT = "account"
PULLS: Mapping[str, tuple[Callable[..., Probe], Any]] = {
    "auth": (AuthPull, AuthSection()),
    "deployments": (DeploymentsPull, DeploymentsSection()),
    "pricing": (PricingPull, PricingSection()),
    "usage": (UsagePull, UsageSection()),
    "spending": (SpendingPull, SpendingSection()),
    "balance": (BalancePull, BalanceSection()),
}
"""What reads an account, with the intervals that are the default."""

Change = Callable[[str, Any], Any]


def moment(text: str) -> float:
    """Return the seconds since the epoch of a time in UTC, such as 2026-07-15T08:00."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


class Plane:
    """
    A client of the simulated Control Plane that calls it without a socket.

    Attributes:
        change: Has the last word on an answer: given its path and what it says.
    """

    def __init__(self, world: World, currency: str = "USD") -> None:
        self.change: Change = lambda _, answer: answer
        self._world = world
        self._currency = currency
        self._app = ControlPlane(world).app()

    async def credential_expiry(self) -> float | None:
        """Return nothing: the token is no JWT."""
        return None

    async def get(
        self,
        path: str,
        *,
        timeout: float,  # noqa: ARG002, ASYNC109 -- the client's own name
        params: Mapping[str, str] | None = None,
    ) -> Exchange:
        """Ask, as the account's user."""
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await self._app(self._scope(path, params or {}), receive, send)
        status = sent[0]["status"]
        body = b"".join(message.get("body", b"") for message in sent[1:])
        if status == 200:
            told = body.replace(b'"USD"', f'"{self._currency}"'.encode())
            body = orjson.dumps(self.change(path, orjson.loads(told)))
        return Exchange(
            method="GET",
            url="https://api.example" + path,
            status=status,
            headers=(("content-type", "application/json"),),
            body=(Piece(0.0, body),),
        )

    def _scope(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        token = self._world.credentials.token
        return {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": urlencode(params).encode(),
            "headers": [(b"authorization", f"Bearer {token}".encode())],
            "server": ("api.example", 443),
            "client": ("192.0.2.1", 1),
        }


def simulated(life: Life) -> World:
    """Return a simulated service that lives on this clock."""
    return new_world(Switches(), now=life.now, clock=life.clock)


def use(world: World, tokens: int) -> Decimal:
    """Have somebody use so many tokens of the first model; return the cost."""
    before = world.account.balance
    world.account.charge(
        world.account.models[0],
        prompt=tokens,
        output=tokens // 4,
        cached=tokens // 10,
        factor=world.price_factor,
    )
    return before - world.account.balance


class Page:
    """The page of metrics at one moment."""

    def __init__(self, rows: Mapping[str, Rows]) -> None:
        self._rows = rows

    def has(self, family: Family, target: str = ACCOUNT) -> dict[str, float]:
        """Return the values of a target's series, by the family's own labels."""
        base = len(family.label_names) - len(family.labels)
        return {
            ",".join(labels[base:]): value
            for labels, value in self._rows[family.name].items()
            if labels[0] == target and isinstance(value, float | int)
        }

    def of_probe(self, family: Family, probe: str) -> dict[str, float]:
        """Return the same for one probe of the account."""
        return {
            ",".join(labels[4:]): value
            for labels, value in self._rows[family.name].items()
            if labels[0] == ACCOUNT
            and labels[2] == probe
            and isinstance(value, float | int)
        }


class Exporter:
    """
    The part of the exporter that reads accounts, as one process of it.

    Attributes:
        sink: What is on the page of metrics.
        seen: The last observation of each probe.
    """

    def __init__(
        self,
        life: Life,
        directory: Path,
        planes: Mapping[str, Plane],
        settings: Settings | None = None,
    ) -> None:
        demo = configuration("http://127.0.0.1:1", "127.0.0.1:0", "json").settings
        self._settings = settings or demo
        self._life = life
        self.sink = MetricsSink(life.clock)
        self.memory = Memory(directory)
        self._derivations = comparisons(
            Accounts(lambda: self._settings, lambda _: ()),
            self.memory,
            self.sink.interval_of,
            clock=life.clock,
            now=life.now,
        )
        self._probes = {
            ProbeKey(account, "control_plane", name): make(
                section,
                ProbeKey(account, "control_plane", name),
                plane,
                clock=life.clock,
                now=life.now,
            )
            for account, plane in planes.items()
            for name, (make, section) in PULLS.items()
        }
        for probe in self._probes.values():
            self.watch(probe.key, probe.section.interval, probe)

    def watch(self, key: ProbeKey, interval: float, probe: Probe | None = None) -> None:
        """Begin the series of a probe."""
        self.sink.watch(
            key,
            interval=interval,
            reasons=() if probe is None else probe.reasons,
            skips=(Skip.OVERLAP,),
            starts=() if probe is None else probe.starts,
        )

    def paced(self, intervals: Mapping[str, float]) -> None:
        """Put other intervals in force, for probes of these names."""
        for key in self._probes:
            self.sink.interval(key, intervals[key.probe])

    async def poll(self, since: float) -> None:
        """Run what falls due now, by its interval and a common beginning."""
        for key, probe in self._probes.items():
            interval = self.sink.interval_of(key)
            if interval and (self._life.now() - since) % interval == 0:
                seen = await runner.run(
                    probe, clock=self._life.clock, now=self._life.now
                )
                self.publish(seen)

    def publish(self, observation: Observation) -> None:
        """Take a run to the page, with what follows from it."""
        self.sink(derive(observation, self._derivations))

    def page(self) -> Page:
        """Return what is on the page of metrics now."""
        return Page({family.name: rows for family, rows in self.sink.families()})
