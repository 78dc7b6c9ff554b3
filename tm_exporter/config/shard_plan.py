"""How the targets are divided among shards, as `check` tells it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tm_exporter.budget.caps import Caps
from tm_exporter.config.budget import caps
from tm_exporter.config.load import Loaded
from tm_exporter.config.settings import Settings
from tm_exporter.config.shard import shard_of


_MOST_NAMES = 10
_BEGINS = (
    "each shard has a ledger of its own; one that is made anew, or was not at work in "
    "the hour before midnight UTC, has no money on the day that begins then, and a "
    "new `shard.total` has its shares from the next day on (docs/sharding.md)"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """
    Which shard watches what.

    Attributes:
        index: Of this shard.
        names: Of the targets of each shard, by its index.
        moved: How many targets one shard more would take over.
        caps: Of each shard.
        notes: What this shard does not know; a sentence each.
    """

    index: int
    names: tuple[tuple[str, ...], ...]
    moved: int
    caps: Caps
    notes: tuple[str, ...]


def plan(loaded: Loaded) -> Plan | None:
    """Return how the targets are divided, None where there is but one shard."""
    settings, names = loaded.settings, loaded.everywhere
    total = settings.shard.total
    if total == 1:
        return None
    divided: list[list[str]] = [[] for _ in range(total)]
    for name in names:
        divided[shard_of(name, total)].append(name)
    return Plan(
        index=settings.shard.index,
        names=tuple(map(tuple, divided)),
        moved=sum(shard_of(name, total + 1) == total for name in names),
        caps=caps(settings),
        notes=(*_elsewhere(settings), _BEGINS),
    )


def plan_lines(found: Plan | None) -> list[str]:
    """Return the lines for people, this shard's marked; none where there is one."""
    if found is None:
        return []
    total, each = len(found.names), found.caps
    return [
        *(_line(found, index) for index in range(total)),
        f"one shard more would take over {found.moved} of {sum(map(len, found.names))}",
        f"caps of each: {each.daily:.4f} USD a day, {each.monthly:.4f} a month",
        *found.notes,
    ]


def plan_fields(found: Plan | None) -> dict[str, Any] | None:
    """Return the same for programs, with all names; US dollars."""
    if found is None:
        return None
    return {
        "index": found.index,
        "total": len(found.names),
        "targets": [list(names) for names in found.names],
        "moved_by_one_more": found.moved,
        "daily_cap_usd": float(found.caps.daily),
        "monthly_cap_usd": float(found.caps.monthly),
        "notes": list(found.notes),
    }


def _line(found: Plan, index: int) -> str:
    names = found.names[index]
    listed = ", ".join(names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    here = " (this one)" if index == found.index else ""
    count = f"{len(names)} target{'' if len(names) == 1 else 's'}"
    text = f"shard {index}{here}: {count}"
    return ": ".join(filter(None, (text, listed))) + (
        f" and {more} more" if more > 0 else ""
    )


def _elsewhere(settings: Settings) -> Iterator[str]:
    """Yield what is not known of the accounts that another shard watches."""
    ours = {target.name for target in settings.targets}
    payers = {
        payer.name
        for target in settings.targets
        if (payer := settings.account_of(target)) is not None
    }
    for name in sorted(payers - ours):
        index = shard_of(name, settings.shard.total)
        yield (
            f"the account {name} is on shard {index}: here its prices are not known, "
            "so that the budget goes by the fallback price and `models: auto` by the "
            "surface's own list, nor its balance, nor which deployments are stopped"
        )
    if payers & ours:
        yield "bills are not compared with the canaries, which other shards run, too"
