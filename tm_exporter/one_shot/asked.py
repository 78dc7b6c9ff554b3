"""What came of probes that someone asked for, and the same as JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from tm_exporter.budget.till import Standing
from tm_exporter.catalog import CANARY_LAST_TTFT_SECONDS
from tm_exporter.logs.printable import encodable
from tm_exporter.observation import Observation, ProbeKey, Skip
from tm_exporter.sinks.log import NextStep


Mask = Callable[[str], str]
"""Returns a text without the secrets that are known: an error may quote one."""

_FIELDS = (
    *("target", "surface", "probe", "model", "probe_id", "verdict", "success"),
    *("reason", "detail", "next_step", "duration_seconds", "ttft_seconds"),
    *("phase_seconds", "http_status_code", "peer_address", "cost_usd"),
)


@dataclass(frozen=True, slots=True)
class Skipped:
    """
    A probe that did not run, since nothing may be paid for it.

    Attributes:
        key: Whose.
        detail: Why, for people.
        next_step: What to do about it.
        skip: The same as one of the reasons for which slots are skipped.
    """

    key: ProbeKey
    detail: str
    next_step: str
    skip: Skip = Skip.BUDGET


Row = Observation | Skipped


def without_money(key: ProbeKey, standing: Standing) -> Skipped:
    """Return what becomes of a probe that nothing is reserved for."""
    if standing.is_elsewhere:
        step = "ask the instance that leads: /probe of its own address"
        return Skipped(key, standing.detail, step, Skip.NOT_LEADER)
    if not standing.usable:
        return Skipped(
            key,
            standing.detail,
            "make the ledger usable: nothing is paid for without it",
        )
    return Skipped(
        key,
        "a tenth of the canary budget is for runs that are asked for, and what is "
        "left does not cover the worst case of this one",
        "wait for the next day, by UTC, or raise `canary_budget`",
    )


class Asked(NamedTuple):
    """
    What came of probes that someone asked for.

    Attributes:
        rows: One for each.
        next_step: Says what to do about one that failed, given all the others.
    """

    rows: list[Row]
    next_step: NextStep


def has_failed(row: Row) -> bool:
    """Whether a run failed; one that was skipped did not."""
    return isinstance(row, Observation) and not row.verdict.passed


def step_of(seen: Observation, next_step: NextStep) -> str:
    """Return what to do about a run; empty for one that passed."""
    reason = seen.verdict.reason
    return "" if reason is None else next_step(seen.key, reason, seen.exchange)


def render_json(asked: Asked, mask: Mask = lambda text: text) -> str:
    """Return what came of them as a JSON array, an object for each probe."""
    rows = [
        _fields_of_skip(each)
        if isinstance(each, Skipped)
        else _fields(each, step_of(each, asked.next_step), mask)
        for each in asked.rows
    ]
    return orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode()


def _fields_of_skip(skipped: Skipped) -> dict[str, Any]:
    """Return the same keys for a probe that did not run."""
    return dict.fromkeys(_FIELDS) | {
        "target": skipped.key.target,
        "surface": skipped.key.surface,
        "probe": skipped.key.probe,
        "model": skipped.key.model,
        "verdict": "skipped",
        "reason": skipped.skip,
        "detail": skipped.detail,
        "next_step": skipped.next_step,
        "phase_seconds": {},
    }


def _fields(seen: Observation, step: str, mask: Mask) -> dict[str, Any]:
    """Return what is known of a run; what is not known is null."""
    exchange = seen.exchange
    return {
        "target": seen.key.target,
        "surface": seen.key.surface,
        "probe": seen.key.probe,
        "model": seen.key.model,
        "probe_id": seen.probe_id,
        "verdict": "ok" if seen.verdict.passed else "failed",
        "success": seen.verdict.passed,
        "reason": seen.verdict.reason,
        "detail": encodable(mask(seen.verdict.detail)),
        "next_step": step,
        "duration_seconds": round(seen.duration, 6),
        "ttft_seconds": seen.value_of(CANARY_LAST_TTFT_SECONDS),
        "phase_seconds": {k: round(v, 6) for k, v in seen.phases.items()},
        "http_status_code": exchange.status if exchange else None,
        "peer_address": exchange.peer_address if exchange else None,
        "cost_usd": None if seen.cost is None else float(seen.cost),
    }
