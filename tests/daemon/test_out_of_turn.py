"""What comes of a wish: which probes run, what they may cost, what is told of them."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.budget.month import Here
from tests.doubles import FakeClock, PaidSection, ScriptedProbe, ScriptedSection
from tests.sinks.observations import exchange
from tm_exporter import catalog, runner
from tm_exporter.budget.caps import Caps
from tm_exporter.budget.costs import Costs
from tm_exporter.budget.ledger import Ledger, LedgerUnusable
from tm_exporter.budget.prices import PriceBook, Rates
from tm_exporter.budget.purse import LedgerPurse
from tm_exporter.budget.till import Till
from tm_exporter.config.load import load
from tm_exporter.config.settings import Settings
from tm_exporter.daemon.out_of_turn import OutOfTurn
from tm_exporter.observation import (
    PASSED,
    Demand,
    Outcome,
    Probe,
    ProbeKey,
    Reason,
    Sample,
    Tokens,
    Verdict,
)
from tm_exporter.one_shot.wishes import Granted, Refused, Wish


CENT = Rates.per_million(Decimal(10_000), Decimal(10_000))
NOON = 1_761_998_400.0
"""A first of November, so that a new ledger has half a day and all of the month."""

EU = {
    "name": "eu",
    "surface": "serverless",
    "base_url": "https://eu.example",
    "api_key": "ak-of-somebody",
    "models": ["m", "n"],
    "labels": {"team": "search"},
}
BARE = {"name": "bare", "surface": "serverless", "base_url": "https://bare.example"}


def free(name: str = "health", **changes: Any) -> ScriptedProbe:
    """Return a probe that costs nothing."""
    changes = {"section": ScriptedSection(), **changes}
    return ScriptedProbe(ProbeKey("eu", "serverless", name), **changes)


def paid(name: str = "chat", model: str = "m", **changes: Any) -> ScriptedProbe:
    """Return a probe whose request costs ten cents at worst, and four in fact."""
    changes = {"outcome": Outcome(verdict=PASSED, used=(Tokens(4),)), **changes}
    return ScriptedProbe(
        ProbeKey("eu", "serverless", name, model),
        section=PaidSection(),
        demands=(Demand(Tokens(10), Tokens(5)),),
        **changes,
    )


@dataclass
class World:
    """What is asked, and everything around it."""

    folder: Path
    probes: list[ScriptedProbe]
    allowed: bool = True
    cap: str = "10"
    why_not_pay: str = ""
    renewed: list[float] = field(default_factory=list)
    ledgers: list[Ledger] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """The configuration in force."""
        overrides: dict[str, Any] = {
            "targets": [EU, BARE],
            "server": {"allow_paid_probe_requests": self.allowed},
        }
        return load(file=None, environ={}, isolated=True, overrides=overrides).settings

    def opened(self) -> Ledger:
        """Return the ledger."""
        caps = Caps(Decimal(self.cap), Decimal(self.cap) * 31)
        self.ledgers.append(Ledger(self.folder, caps, lambda: NOON))
        return self.ledgers[-1]

    def asker(self, till: Till | None = None) -> OutOfTurn:
        """Return what meets wishes."""
        costs = Costs(PriceBook(CENT, {}, {}, FakeClock()))
        return OutOfTurn(
            lambda: self.settings,
            lambda: self.probes,
            runner.run,
            LedgerPurse(till or Till(self.opened, Here()), costs),
            why_not_pay=lambda: self.why_not_pay,
            renew=self.renew,
            now=lambda: NOON,
        )

    def renew(self, probe: Probe, timeout: float) -> Probe:
        """Note how long a run may take, and let the same probe run."""
        self.renewed.append(timeout)
        return probe

    def left(self) -> Decimal:
        """Return what is left of the day."""
        return self.opened().left().day


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Have a world of one free and two paid probes."""
    made = World(tmp_path, [free(), paid(), paid("chat_stream", "n")])
    yield made
    for ledger in made.ledgers:
        ledger.close()


def names(probes: Iterable[Probe]) -> list[str]:
    """Return the names of probes."""
    return [probe.key.probe for probe in probes]


def values(granted: Granted, family: catalog.Family) -> dict[str, Any]:
    """Return a family's values by the name of the probe."""
    rows = dict(granted.families)[family]
    at = family.label_names.index("probe")
    return {labels[at]: value for labels, value in rows.items()}


def sentence(world: World, wish: Wish) -> tuple[int, str]:
    """Return how a wish is refused."""
    with pytest.raises(Refused) as refused:
        world.asker().choose(wish)
    return refused.value.status, str(refused.value)


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (Wish("eu"), ["health", "chat", "chat_stream"]),
        (Wish("eu", "chat"), ["chat"]),
        (Wish("eu", model="n"), ["chat_stream"]),
        (Wish("eu", "chat", "m"), ["chat"]),
    ],
)
def test_a_wish_names_probes(world: World, wish: Wish, expected: list[str]) -> None:
    """All of a target's, unless it says of which name or model."""
    assert names(world.asker().choose(wish).probes) == expected


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish("us"), "no target of this name is configured here"),
        (Wish("https://eu.example"), "no target of this name is configured here"),
        (Wish("eu", "fancy"), "no such probe; it has health, version, models"),
        (Wish("eu", "models"), "does not run"),
        (Wish("bare", "chat"), "`api_key` is not configured"),
        (Wish("bare"), "no probe of this target runs"),
        (Wish("eu", "chat", "n"), "asks a model of this name"),
        (Wish("eu", model="gpt-of-nobody"), "asks a model of this name"),
    ],
)
def test_what_does_not_run_is_not_found(world: World, wish: Wish, why: str) -> None:
    """The sentence says why, and repeats nothing of what was asked for."""
    status, said = sentence(world, wish)

    assert status == 404
    assert why in said
    assert not {"us", "fancy", "gpt-of-nobody"} & set(said.split())


def test_what_costs_money_is_left_out_unless_allowed(world: World) -> None:
    """A whole target is asked for what is free, and the rest is told."""
    world.allowed = False

    chosen = world.asker().choose(Wish("eu"))

    assert names(chosen.probes) == ["health"]
    assert not chosen.costs
    assert [each.split(":")[0] for each in chosen.left_out] == [
        "chat (m)",
        "chat_stream (n)",
    ]


@pytest.mark.parametrize("wish", [Wish("eu", "chat"), Wish("eu", model="n")])
def test_asked_for_by_name_it_is_forbidden(world: World, wish: Wish) -> None:
    """Since nothing else is left that could be answered with."""
    world.allowed = False

    status, said = sentence(world, wish)

    assert status == 403
    assert "allow_paid_probe_requests" in said


def test_an_instance_that_must_not_pay_refuses_with_its_reason(world: World) -> None:
    """Of two that share an account, only one pays."""
    world.why_not_pay = "another instance pays: ask that one"

    status, said = sentence(world, Wish("eu", "chat"))

    assert (status, said) == (403, "this costs money, and " + world.why_not_pay)
    assert names(world.asker().choose(Wish("eu")).probes) == ["health"]


async def ask(world: World, wish: Wish, seconds: float = 5.0) -> Granted:
    """Have a wish met."""
    asker = world.asker()
    return await asker.run(asker.choose(wish), seconds)


async def test_the_series_are_those_of_the_runs_alone(world: World) -> None:
    """The same families as on the page of metrics, but for those that tell of slots."""
    world.probes[0] = replace(
        world.probes[0],
        reasons=(Reason.TIMEOUT,),
        outcome=Outcome(
            verdict=PASSED,
            exchanges=(exchange(),),
            samples=(Sample(catalog.MODELS_LISTED, 3.0),),
        ),
    )

    granted = await ask(world, Wish("eu", "health"))

    found = dict(granted.families)
    assert values(granted, catalog.PROBE_SUCCESS) == {"health": 1.0}
    assert values(granted, catalog.PROBE_ATTEMPTS) == {"health": 1.0}
    assert set(found[catalog.PROBE_PHASE_SECONDS].values()) == {0.001, 0.002, 0.03}
    assert list(found[catalog.MODELS_LISTED].values()) == [3.0]
    assert set(found[catalog.DIAGNOSIS].values()) == {0.0}
    assert catalog.PROBE_SLOTS not in found
    assert catalog.PROBE_SKIPPED not in found
    assert catalog.PROBE_INTERVAL_SECONDS not in found
    assert granted.left_out == []


async def test_configured_labels_are_told(world: World) -> None:
    """So that a job that asks for one target only can be joined with it."""
    granted = await ask(world, Wish("eu", "health"))

    [(family, rows)] = [
        row for row in granted.families if row[0].name == catalog.TARGET_INFO.name
    ]
    assert family.labels == ("team",)
    assert rows == {("eu", "serverless", "search"): 1.0}


async def test_a_run_that_fails_is_an_answer(world: World) -> None:
    """It is what was asked for."""
    verdict = Verdict(Reason.CONNECT_REFUSED)
    world.probes[0].outcome = Outcome(verdict=verdict)
    world.probes[0].reasons = (Reason.CONNECT_REFUSED,)

    granted = await ask(world, Wish("eu", "health"))

    assert values(granted, catalog.PROBE_SUCCESS) == {"health": 0.0}
    assert {"connect_refused", "internal"} == {
        labels[-1] for labels in dict(granted.families)[catalog.PROBE_FAILURES]
    }


async def test_what_costs_money_is_booked_as_asked_for(world: World) -> None:
    """In the same ledger as what is scheduled."""
    before = world.left()

    granted = await ask(world, Wish("eu", "chat"))

    assert values(granted, catalog.CANARY_COST_USD) == {"chat": 0.04}
    assert before - world.left() == Decimal("0.04")


async def test_over_a_tenth_of_the_budget_nothing_is_asked(world: World) -> None:
    """Until the next day by UTC."""
    world.cap = "0.99"

    with pytest.raises(Refused) as refused:
        await ask(world, Wish("eu", "chat"))

    assert refused.value.status == 429
    assert refused.value.retry_after == 43_200.0
    assert "a tenth of the canary budget" in str(refused.value)
    assert world.probes[1].runs == 0


async def test_what_is_free_runs_without_money(world: World) -> None:
    """And the rest is told."""
    world.cap = "0.99"

    granted = await ask(world, Wish("eu"))

    assert values(granted, catalog.PROBE_SUCCESS) == {"health": 1.0}
    assert [each.split(":")[0] for each in granted.left_out] == [
        "chat (m)",
        "chat_stream (n)",
    ]


async def test_without_a_ledger_nothing_is_paid_for(world: World) -> None:
    """It may be usable again in a minute."""

    def unusable() -> Ledger:
        raise LedgerUnusable("the disk is full")

    asker = world.asker(Till(unusable, Here()))

    with pytest.raises(Refused) as refused:
        await asker.run(asker.choose(Wish("eu", "chat")), 5.0)

    assert (refused.value.status, refused.value.retry_after) == (429, 60.0)
    assert "the disk is full" in str(refused.value)


async def test_a_run_has_the_time_that_is_left(world: World) -> None:
    """Its own timeout where that is shorter."""
    await ask(world, Wish("eu", "health"), seconds=0.5)
    await ask(world, Wish("eu", "health"), seconds=60.0)

    assert world.renewed[0] == pytest.approx(0.5, abs=0.1)
    assert world.renewed[1] == 5.0


async def test_one_that_does_not_end_is_cut_off_and_told(world: World) -> None:
    """What ended by then is an answer all the same."""
    world.probes[1].hold = asyncio.Event()

    granted = await ask(world, Wish("eu"), seconds=1.0)

    assert set(values(granted, catalog.PROBE_SUCCESS)) == {"health", "chat_stream"}
    assert granted.left_out == ["chat (m): it did not end in the time that there was"]


async def test_so_many_run_at_a_time(world: World) -> None:
    """The others wait for them, and are told of if that takes too long."""
    gate = asyncio.Event()
    world.probes = [free(f"health_{number}", hold=gate) for number in range(9)]

    granted = await ask(world, Wish("eu"), seconds=0.3)

    assert sum(probe.runs for probe in world.probes) == 8
    assert len(granted.left_out) == 9


async def test_who_goes_away_ends_the_run(world: World) -> None:
    """What was reserved for it goes on to count."""
    world.probes[1].hold = asyncio.Event()
    before = world.left()
    task = asyncio.create_task(ask(world, Wish("eu", "chat")))
    async with asyncio.timeout(5):
        while not world.probes[1].runs:
            await asyncio.sleep(0)

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert task.cancelled()
    assert before - world.left() == Decimal("0.10")
