"""Run every configured probe once, now, and show what came of it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson

from tm_exporter import runner
from tm_exporter.catalog import CANARY_LAST_TTFT_SECONDS
from tm_exporter.config.registry import KINDS
from tm_exporter.config.running import obstacle
from tm_exporter.config.settings import Settings
from tm_exporter.config.wording import nearest
from tm_exporter.observation import Observation, Probe
from tm_exporter.reasons import next_step


AT_ONCE = 16
"""Probes that run at a time, so that their own crowd is not what is measured."""

_COLUMNS = ("verdict", "target", "probe", "model", "reason", "time", "ttft", "phases")


async def run_all(probes: Sequence[Probe]) -> list[Observation]:
    """Run each probe once; the observations are in the order of the probes."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(probe: Probe) -> Observation:
        async with places:
            return await runner.run(probe)

    return list(await asyncio.gather(*(one(probe) for probe in probes)))


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
        return "no target is configured"
    if target is not None and target not in names:
        return f"no such target: {target}{_instead(target, names)}"
    asked = [one for one in settings.targets if target in (None, one.name)]
    probes = list(dict.fromkeys(name for one in asked for name in one.probes))
    if probe is not None and probe not in probes:
        of = "" if target is None else f" of {target}"
        if probe in KINDS:
            return f"{probe} is not among the probes{of}: {', '.join(probes)}"
        return f"no such probe{of}: {probe}{_instead(probe, probes)}"
    reasons = (
        f"{one.name}: {name}: {obstacle(one, section)}"
        for one in asked
        for name, section in one.probes.items()
        if probe in (None, name)
    )
    return "; ".join(("nothing of this runs", *reasons))


def _instead(word: str, words: list[str]) -> str:
    return nearest(word, words) or f"; there are {', '.join(words)}"


def render_table(observations: Sequence[Observation]) -> str:
    """Return a row for each run, and under a failed one why and what to do."""
    rows = [_COLUMNS, *(_row(seen) for seen in observations)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_COLUMNS))]
    lines = [_line(rows[0], widths)]
    for seen, row in zip(observations, rows[1:], strict=True):
        lines.append(_line(row, widths))
        if not seen.verdict.passed:
            lines += [f"    {seen.verdict.detail}", f"    next: {_step(seen)}"]
    failed = sum(not seen.verdict.passed for seen in observations)
    lines.append(f"{len(observations)} probes ran, {failed} failed")
    return "\n".join(lines)


def render_json(observations: Sequence[Observation]) -> str:
    """Return the same as a JSON array, an object for each run."""
    return orjson.dumps(
        [_fields(seen) for seen in observations], option=orjson.OPT_INDENT_2
    ).decode()


def _fields(seen: Observation) -> dict[str, Any]:
    """Return what is known of a run; what is not known is null."""
    exchange = seen.exchange
    return {
        "target": seen.key.target,
        "surface": seen.key.surface,
        "probe": seen.key.probe,
        "model": seen.key.model,
        "probe_id": seen.probe_id,
        "success": seen.verdict.passed,
        "reason": seen.verdict.reason,
        "detail": seen.verdict.detail,
        "next_step": _step(seen),
        "duration_seconds": round(seen.duration, 6),
        "ttft_seconds": seen.value_of(CANARY_LAST_TTFT_SECONDS),
        "phase_seconds": {k: round(v, 6) for k, v in seen.phases.items()},
        "http_status_code": exchange.status if exchange else None,
        "peer_address": exchange.peer_address if exchange else None,
    }


def _row(seen: Observation) -> tuple[str, ...]:
    ttft = seen.value_of(CANARY_LAST_TTFT_SECONDS)
    phases = seen.phases.items()
    return (
        "ok" if seen.verdict.passed else "FAILED",
        seen.key.target,
        seen.key.probe,
        seen.key.model or "-",
        seen.verdict.reason or "-",
        _time(seen.duration),
        "-" if ttft is None else _time(ttft),
        " ".join(f"{name} {_time(seconds)}" for name, seconds in phases) or "-",
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _time(seconds: float) -> str:
    """Return seconds as people say them."""
    return f"{seconds * 1000:.1f}ms" if seconds < 1 else f"{seconds:.2f}s"


def _step(seen: Observation) -> str:
    reason = seen.verdict.reason
    return "" if reason is None else next_step(seen.key, reason, seen.exchange)
