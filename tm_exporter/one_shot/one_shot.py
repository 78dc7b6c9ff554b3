"""Run every configured probe once, now, and show what came of it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from tm_exporter import runner
from tm_exporter.assembly.assembly import Assembly
from tm_exporter.assembly.comparisons import Accounts, auto_targets
from tm_exporter.budget.prices import PriceBook
from tm_exporter.budget.purse import LedgerPurse
from tm_exporter.clients.reference import Reference
from tm_exporter.config.registry import KINDS
from tm_exporter.config.running import Chosen, obstacle
from tm_exporter.config.settings import Settings
from tm_exporter.config.shard import elsewhere
from tm_exporter.config.wording import nearest
from tm_exporter.derivations.auto_models import AutoModels
from tm_exporter.derivations.diagnosis import Diagnoses
from tm_exporter.derivations.next_steps import NextSteps
from tm_exporter.memory import Memory
from tm_exporter.observation import Observation, Probe, ProbeKey
from tm_exporter.one_shot.asked import Asked, Row, without_money
from tm_exporter.one_shot.progress import Progress


AT_ONCE = 16
"""Probes that run at a time, so that their own crowd is not what is measured."""

_NO_MODEL = "asks a model, and neither price list nor model list has one now"


async def run_asked(
    assembly: Assembly,
    settings: Settings,
    is_asked: Callable[[ProbeKey], bool],
    purse: LedgerPurse,
    prices: PriceBook,
    *,
    progress: Progress | None = None,
) -> Asked:
    """
    Run what is asked for, once.

    Args:
        assembly: Builds the probes.
        settings: The configuration in force.
        is_asked: Whether a probe is among them.
        purse: Pays for those that cost money.
        prices: Told what was seen.
        progress: Told what begins and ends.

    Returns:
        What came of them, in the order of the configuration, and what to do.
    """
    chosen, read = await choose_models(assembly, settings)
    probes = assembly.probes(settings, chosen)
    asked = [probe for probe in probes if is_asked(probe.key)]
    accounts = Accounts(lambda: settings, lambda _: ())
    intervals = {probe.key: probe.section.interval for probe in asked}
    diagnoses = Diagnoses(  # all of it is seen at once
        accounts.payer, accounts.address, intervals.get, lambda: 0.0
    )
    for probe in asked:
        diagnoses.watch(probe)
    rows, _ = await asyncio.gather(
        run_all(asked, purse, prices, progress or Progress(), read),
        _ask_reference(assembly, settings, diagnoses),
    )
    for row in rows:
        if isinstance(row, Observation):
            diagnoses(row)
    return Asked(rows, NextSteps(diagnoses))


async def _ask_reference(
    assembly: Assembly, settings: Settings, diagnoses: Diagnoses
) -> None:
    """Ask the reference URL once, if there is one."""
    if settings.reference_url is not None:
        transport = assembly.reference_transport(settings)
        tell = diagnoses.note_reference
        await Reference(settings.reference_url, transport, tell).ask()


async def choose_models(
    assembly: Assembly, settings: Settings
) -> tuple[Chosen, Mapping[ProbeKey, Observation]]:
    """Return the models of targets that say `auto`, and the runs that told so."""
    chosen: dict[str, tuple[str, ...]] = {}
    targets = list(auto_targets(settings))
    choice = AutoModels(targets, chosen.__setitem__, Memory(None))
    offers = {(target.account, target.probe) for target in targets}
    lists = {(target.name, "models") for target in targets}
    asked = [
        probe
        for probe in assembly.probes(settings)
        if (probe.key.target, probe.key.probe) in offers
        or (probe.key.target, probe.section.kind) in lists
    ]
    read = await asyncio.gather(*map(runner.run, asked))
    for seen in read:
        choice(seen)
    return chosen, {seen.key: seen for seen in read}


async def run_all(
    probes: Sequence[Probe],
    purse: LedgerPurse,
    prices: PriceBook,
    progress: Progress,
    read: Mapping[ProbeKey, Observation],
) -> list[Row]:
    """
    Run each probe once.

    Args:
        probes: Price lists among them are read first, so that they count.
        purse: Pays for those that cost money.
        prices: Told what was seen.
        progress: Told what begins and ends.
        read: Runs that have ended just now, and need not be repeated.

    Returns:
        What came of them, in their order.
    """
    progress.total = len(probes)
    places = asyncio.Semaphore(AT_ONCE)
    rows: dict[ProbeKey, Row] = {}

    async def one(probe: Probe) -> None:
        async with places:
            progress.begin(_name(probe.key))
            row = rows[probe.key] = read.get(probe.key) or await _row_of(probe, purse)
            progress.end(_name(probe.key))
        if isinstance(row, Observation):
            prices(row)

    for first in (True, False):
        now = (each for each in probes if (each.section.kind == "pricing") is first)
        await asyncio.gather(*map(one, now))
    return [rows[probe.key] for probe in probes]


def _name(key: ProbeKey) -> str:
    of_model = f" ({key.model})" if key.model else ""
    return f"{key.probe} of {key.target}{of_model}"


async def _row_of(probe: Probe, purse: LedgerPurse) -> Row:
    """Run a probe, between reserving and settling if it costs money."""
    if not probe.section.paid:
        return await runner.run(probe)
    reserved = await purse.reserve(probe)
    if reserved is None:
        return without_money(probe.key, purse.standing)
    return await purse.settle(reserved, await runner.run(probe))


def why_none(settings: Settings, target: str | None, probe: str | None) -> str:
    """
    Return why nothing runs of what was asked for.

    Args:
        settings: The configuration in force.
        target: The name that was asked for; None for all targets.
        probe: Likewise.
    """
    names = [one.name for one in settings.targets]
    if not names:
        where = "" if settings.shard.total == 1 else " on this shard"
        return f"no target is configured{where}: see `tm-exporter check`"
    if target is not None and target not in names:
        where = elsewhere(target, settings.shard) or _instead(target, names)
        return f"no such target: {target}{where}"
    asked = [one for one in settings.targets if target in (None, one.name)]
    probes = list(dict.fromkeys(name for one in asked for name in one.probes))
    if probe is not None and probe not in probes:
        of = "" if target is None else f" of {target}"
        if probe in KINDS:
            return f"{probe} is not among the probes{of}: {', '.join(probes)}"
        return f"no such probe{of}: {probe}{_instead(probe, probes)}"
    reasons = (
        f"{one.name}: {name}: {obstacle(one, section) or _NO_MODEL}"
        for one in asked
        for name, section in one.probes.items()
        if probe in (None, name)
    )
    return "; ".join(("nothing of this runs", *reasons))


def _instead(word: str, words: list[str]) -> str:
    return nearest(word, words) or f"; there are {', '.join(words)}"
