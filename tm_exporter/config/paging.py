"""
How soon somebody would be paged, by an objective and an interval.

The arithmetic is that of the alerts on error budgets, for slots that fail one after
the other. Prometheus extrapolates what a counter grew, so that a page may come a slot
earlier; scraping and evaluating come on top.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Literal, NamedTuple

from tm_exporter.alerts.burn_rate import FAILURES_NEEDED, TIERS, Tier
from tm_exporter.config.masking import duration_text


LATE = 1800.0
"""Seconds after which the page for a total outage comes too late."""

_FEWEST = floor(FAILURES_NEEDED) + 1
_DIGITS = 9  # so that 0.3 of 10 slots are 3

_INTERVALS = (3600.0, 1800.0, 900.0, 600.0, 300.0, 120.0, 60.0, 30.0, 15.0)
_OBJECTIVES = (0.85, 0.9, 0.95, 0.96, 0.97, 0.98, 0.99, 0.995, 0.999)


class Objective(NamedTuple):
    """
    What is to be held, and how it is looked at.

    Attributes:
        slo: Of what.
        ratio: Of the slots that must be good.
        interval: Seconds between slots.
        timeout: Seconds that a run may take.
    """

    slo: Literal["availability", "ttft"]
    ratio: float
    interval: float
    timeout: float


@dataclass(frozen=True, slots=True)
class TierOutlook:
    """
    What one tier does while every slot fails.

    Attributes:
        tier: Its windows and its factor.
        failures: How many it takes.
        slots: How many the long window has.
        verdict: `flaps` where it comes and goes meanwhile.
        why: It does not simply fire; empty if it does.
    """

    tier: Tier
    failures: int
    slots: int
    verdict: Literal["fires", "flaps", "never"]
    why: str = ""

    @property
    def pages(self) -> bool:
        """Whether a page ever comes of it."""
        return self.tier.severity == "critical" and self.verdict != "never"


@dataclass(frozen=True, slots=True)
class Outlook:
    """
    What all tiers do while every slot fails.

    Attributes:
        tiers: Those that page come first.
        refused: Seconds until the page, at the latest, if every run fails at once.
            None: none comes, or it is about first tokens, which such runs have not.
        within: The same if every run takes as long as it may.
    """

    tiers: tuple[TierOutlook, ...]
    refused: float | None
    within: float | None

    @property
    def pages(self) -> bool:
        """Whether a page ever comes."""
        return any(tier.pages for tier in self.tiers)


def outlook(objective: Objective) -> Outlook:
    """Return what the tiers do while every slot fails."""
    tiers = tuple(tier_outlook(tier, objective) for tier in TIERS)
    interval, timeout = objective.interval, objective.timeout
    # A run that takes all of its interval makes the next slot an overlap.
    apart = interval if timeout < interval else 2 * interval
    at_once = objective.slo == "availability"
    return Outlook(
        tiers=tiers,
        refused=_soonest(tiers, interval, interval) if at_once else None,
        within=_soonest(tiers, interval, apart, timeout),
    )


def tier_outlook(tier: Tier, objective: Objective) -> TierOutlook:
    """Return what one tier does while every slot fails."""
    share = round(tier.factor * (1 - objective.ratio), _DIGITS)
    interval = objective.interval
    failures = max(_more_than(share, tier.long_seconds, interval), _FEWEST)
    slots = _slots(tier.long_seconds, interval)
    lasting = max(_more_than(share, tier.short_seconds, interval), 2)
    if share >= 1:
        why = f"{tier.factor:g} times {1 - objective.ratio:.3g} is all slots or more"
        return TierOutlook(tier, failures, slots, "never", why)
    if failures > slots:
        why = f"it takes {failures} failures, and {tier.long} has room for {slots}"
        return TierOutlook(tier, failures, slots, "never", why)
    if lasting > _slots(tier.short_seconds, interval):
        why = f"{tier.short} is less than {lasting} slots, so that it comes and goes"
        return TierOutlook(tier, failures, slots, "flaps", why)
    return TierOutlook(tier, failures, slots, "fires")


def is_sound(objective: Objective) -> bool:
    """Whether a page can come, and comes in time for a total outage."""
    found = outlook(objective)
    if objective.slo == "ttft":
        return found.pages
    return found.within is not None and found.within <= LATE


def advice(objective: Objective, *, is_stretched: bool = False) -> str:
    """
    Return which interval or which ratio would be sound, alone or else together.

    Args:
        objective: As it is; nothing is said of a sound one.
        is_stretched: Whether it is the canary budget that makes the interval long.

    Returns:
        A sentence; empty also where no interval fits the timeout.
    """
    if is_sound(objective):
        return ""
    ratio, interval = objective.ratio, objective.interval
    shorter = [each for each in _INTERVALS if objective.timeout < each < interval]
    stricter = [each for each in _OBJECTIVES if each > ratio]
    soon = _firm(objective, [ratio], shorter)
    strict = _firm(objective, stricter, [interval])
    both = _firm(objective, stricter, shorter)
    paid = ", if `canary_budget` paid for it," if is_stretched else ""
    alone = [
        *(f"an interval of {duration_text(i)}{paid}" for _, i in soon),
        *(f"an objective of {r:g}" for r, _ in strict),
    ]
    together = [
        f"an interval of {duration_text(i)} with an objective of {r:g}{paid}"
        for r, i in both
    ]
    sound = " or ".join(alone or together)
    return f"{sound} would be sound" if sound else ""


def _firm(
    objective: Objective, ratios: Sequence[float], intervals: Sequence[float]
) -> list[tuple[float, float]]:
    """Return the first ratio and interval that are sound, those of long ones first."""
    pairs = ((ratio, interval) for interval in intervals for ratio in ratios)
    return [pair for pair in pairs if _is_firm(objective, *pair)][:1]


def _is_firm(objective: Objective, ratio: float, interval: float) -> bool:
    """Whether it would be sound by a tier that does not come and go."""
    other = objective._replace(ratio=ratio, interval=interval)
    tiers = outlook(other).tiers
    return is_sound(other) and any(t.pages and t.verdict == "fires" for t in tiers)


def _more_than(share: float, window: float, interval: float) -> int:
    """Return the fewest slots that are more than a share of those in a window."""
    return floor(round(share * window / interval, _DIGITS)) + 1


def _slots(window: float, interval: float) -> int:
    return floor(round(window / interval, _DIGITS))


def _soonest(
    tiers: Sequence[TierOutlook], interval: float, apart: float, takes: float = 0.0
) -> float | None:
    """Return when the first tier pages, with failures so far apart; None if none."""
    times = [
        tier.failures * apart + takes
        for tier in tiers
        if tier.pages and tier.failures * apart <= tier.slots * interval
    ]
    return min(times, default=None)
