"""What has to follow when another configuration is in force, and in which order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tm_exporter import catalog
from tm_exporter.assembly.comparisons import Accounts, auto_targets
from tm_exporter.assembly.lineup import Lineup
from tm_exporter.assembly.outside import Outside
from tm_exporter.assembly.roster import Roster
from tm_exporter.assembly.treasury import Treasury, expected_cost
from tm_exporter.catalog import Family
from tm_exporter.config.load import Loaded
from tm_exporter.config.report import Report, describe
from tm_exporter.config.running import Chosen, running, supposed
from tm_exporter.config.settings import Settings
from tm_exporter.derivations.auto_models import AutoModels, AutoTarget
from tm_exporter.derivations.derive import ForgetsProbes, ForgetsTargets
from tm_exporter.logs.setup import Logging
from tm_exporter.observation import ProbeKey
from tm_exporter.sinks.metrics import MetricsSink


Thresholds = Mapping[Family, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Change:
    """
    Another configuration, with all that takes long worked out.

    Attributes:
        loaded: The configuration.
        report: On it.
        lineup: What is to run.
        auto_targets: Those whose models are to be chosen.
        moved: Targets that are gone, or have another address or surface: nothing
            that is known of them is true any more.
        thresholds: Bounds that histograms have for objectives.
    """

    loaded: Loaded
    report: Report
    lineup: Lineup
    auto_targets: tuple[AutoTarget, ...]
    moved: frozenset[str]
    thresholds: Thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class Followers:
    """
    Everything that goes by the configuration in force.

    Attributes:
        in_force: Returns it.
        switch: Puts another one in its place, for all who ask for it each time.
        remembering: What remembers probes or targets, among other things.
    """

    in_force: Callable[[], Settings]
    switch: Callable[[Change], None]
    roster: Roster
    treasury: Treasury
    metrics: MetricsSink
    accounts: Accounts
    auto_models: AutoModels
    outside: Outside
    logging: Logging
    remembering: Sequence[object]

    def prepare(self, loaded: Loaded) -> Change:
        """Return the change to another configuration; blocks, and changes nothing."""
        settings = loaded.settings
        gone = moved(self.in_force(), settings)
        chosen = _still_chosen(self.auto_models.chosen, settings, gone)
        return Change(
            loaded,
            describe(loaded, expected_cost(settings)),
            self.roster.lineup(settings, chosen),
            tuple(auto_targets(settings)),
            gone,
            thresholds(settings),
        )

    async def follow(self, change: Change) -> None:
        """Put a change in force; what it does not touch goes on as it was."""
        settings, prices = change.loaded.settings, self._price_lists()
        self.logging.set_level(settings.log.level)
        self.switch(change)
        for target in change.moved:
            self.forget_target(target)
        for account, known_by in prices.items():
            if self.accounts.price_list(account) != known_by:
                self.treasury.forget_target(account)
        self.auto_models.follow(change.auto_targets)
        self.treasury.follow(settings)
        if change.thresholds != self.metrics.shape.thresholds:
            shape = replace(self.metrics.shape, thresholds=change.thresholds)
            self.metrics.reshape(shape)
        chosen = self.auto_models.chosen
        await self.roster.follow(change.lineup, change.moved, chosen)
        await self.outside.follow(settings)

    def forget(self, key: ProbeKey) -> None:
        """Let go of a probe that is withdrawn."""
        for each in self.remembering:
            if isinstance(each, ForgetsProbes):
                each.forget(key)

    def forget_target(self, target: str) -> None:
        """Let go of a target that is withdrawn."""
        for each in self.remembering:
            if isinstance(each, ForgetsTargets):
                each.forget_target(target)

    def _price_lists(self) -> dict[str, str | None]:
        """Return what tells the price list of each account from another one."""
        accounts = self.in_force().accounts
        return {name: self.accounts.price_list(name) for name in accounts}


def moved(before: Settings, after: Settings) -> frozenset[str]:
    """Return the targets that are not, or not where, they were before."""
    now = {target.name: (target.surface, target.base_url) for target in after.targets}
    return frozenset(
        target.name
        for target in before.targets
        if now.get(target.name) != (target.surface, target.base_url)
    )


def thresholds(settings: Settings) -> Thresholds:
    """Return the bounds that the objectives of a configuration are judged by."""
    rows = running(settings, supposed(settings))
    objectives = (row.section.slo for row in rows)
    ttft = {slo.ttft.threshold for slo in objectives if slo and slo.ttft}
    return {catalog.CANARY_TTFT_SECONDS: tuple(sorted(ttft))}


def _still_chosen(
    chosen: Mapping[str, tuple[str, ...]], settings: Settings, gone: frozenset[str]
) -> Chosen:
    """Return what was chosen for targets that still are to have models chosen."""
    return {
        target.name: chosen.get(target.name, ())[: target.auto_models_limit]
        for target in settings.targets
        if target.models == "auto" and target.name not in gone
    }
