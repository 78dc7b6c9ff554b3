"""How everything is doing now, as values: what the status page and the API show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tm_exporter.lease.leadership import LeaseStanding
from tm_exporter.reasons import Party
from tm_exporter.sinks.marks import Mark


State = Literal["ok", "failing", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    """
    How one probe of one model is doing. What is unknown is None or empty.

    Attributes:
        model: Empty where the probe has none.
        state: Unknown before the first run, and three intervals after the last.
        since: When the first of the runs ended that all had this state.
        reason: Why the last run failed.
        detail: The same for people, in one line; or why nothing is known.
        next_step: What to do about it.
        probe_id: Of the last run.
        last_run: When it ended.
        last_success: When the last run that passed ended.
        last_duration_seconds: Of the last run.
        phase_seconds: Where its time went, by phase.
        ttft_seconds: Its time to first token.
        consecutive_failures: Failed runs since the last one that passed.
        interval_seconds: Time between two slots, as in force now.
        next_slot: When the next run is due.
        skipped: Why the last slot did not become a run; None if it did.
        diagnosis: Whose fault a failure is, judged by what else fails.
        runs: The last ones, the oldest first.
        failures: The last of them, which runs that pass do not push out.
    """

    model: str
    state: State
    since: datetime | None
    reason: str | None
    detail: str
    next_step: str
    probe_id: str | None
    last_run: datetime | None
    last_success: datetime | None
    last_duration_seconds: float | None
    phase_seconds: Mapping[str, float]
    ttft_seconds: float | None
    consecutive_failures: int
    interval_seconds: float | None
    next_slot: datetime | None
    skipped: str | None = None
    diagnosis: str | None = None
    runs: tuple[Mark, ...] = ()
    failures: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class ProbeStatus:
    """A probe, by the models that it is for."""

    probe: str
    models: tuple[ModelStatus, ...]


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """
    What an account has left.

    Attributes:
        balance: Prepaid credit by currency.
        runway_seconds: For how long it lasts; None where that is not known, or
            where nothing is spent.
        is_idle: Whether nothing is spent.
    """

    balance: Mapping[str, float]
    runway_seconds: float | None
    is_idle: bool


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """
    A target, by its probes.

    Attributes:
        state: Failing as soon as one probe is; ok if what it serves is known to
            work: a probe passes for each model, and one without a model.
        account: Of a Control Plane; None for another target, and where no money
            is to be shown.
        warnings: What to look into though every probe may pass, a sentence each.
    """

    target: str
    surface: str
    probes: tuple[ProbeStatus, ...]
    state: State = "unknown"
    account: AccountStatus | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """
    Probes of one target that fail for the same reason.

    Attributes:
        probes: Names, each with its model in brackets where it has one.
        reason: Of their last runs.
        detail: Of one of them, for people.
        party: Whose fault it is.
        diagnosis: The same in more detail, where what else fails tells.
        since: When the first of them began to fail.
        next_step: What to do.
        probe_id: Of a run that shows it.
    """

    target: str
    surface: str
    probes: tuple[str, ...]
    reason: str
    detail: str
    party: Party
    diagnosis: str | None
    since: datetime | None
    next_step: str
    probe_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """
    The answer to the first question: does it work for us, and if not, whose fault?

    Attributes:
        state: Of everything.
        summary: One sentence for people.
        party: Whose fault the first of the problems is; None without one.
        problems: What explains the most first.
    """

    state: State
    summary: str
    party: Party | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class NotWatched:
    """Something that a reader could think is watched, and why it is not."""

    target: str
    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceStatus:
    """
    Something that is in maintenance, so that nobody asks it.

    Attributes:
        name: As configured, or what it is ended by if a person began it.
        origin: Who says so; `deployment` where it is stopped.
        who: The person that began it.
        why: For people.
        targets: Their names; all of them where there are none.
        models: Their names; where there are none, the targets as a whole.
        since: When it began, if that is known.
        until: When it ends, if that is known.
    """

    name: str
    origin: Literal["configuration", "command", "deployment"]
    who: str
    why: str
    targets: tuple[str, ...]
    models: tuple[str, ...]
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class BudgetWindow:
    """
    What may be spent within a day or a month, by UTC.

    Attributes:
        window: `day` or `month`.
        limit_usd: US dollars, this installation's share.
        remaining_usd: Of them; None where the ledger cannot be used.
    """

    window: str
    limit_usd: float
    remaining_usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetStatus:
    """
    How the canary budget is doing.

    Attributes:
        ledger: Unused where no probe costs money.
        detail: Why the ledger cannot be used, and what to do; or why this shard may
            not spend its part of the caps yet.
        windows: Day and month; none where no money is to be shown.
        stretched: By how much intervals are stretched, by probe.
        skipped: Probes that there is no money for.
    """

    ledger: Literal["usable", "unusable", "unused"]
    detail: str
    windows: tuple[BudgetWindow, ...]
    stretched: Mapping[str, float]
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """
    How everything is doing.

    Attributes:
        version: The exporter's.
        started: When the exporter started.
        ready: Whether every probe ran once, or had the time to.
        targets: In order of their names.
        not_watched: In the order of the configuration.
        maintenance: What is in maintenance now.
        budget: None where there is none.
        lease: How this instance stands to the lease; None where it has none.
        overview: None where nobody asked.
    """

    version: str
    started: datetime
    ready: bool
    targets: tuple[TargetStatus, ...]
    not_watched: tuple[NotWatched, ...] = ()
    maintenance: tuple[MaintenanceStatus, ...] = ()
    budget: BudgetStatus | None = None
    lease: LeaseStanding | None = None
    overview: Overview | None = None
