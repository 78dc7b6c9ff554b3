"""A table of what came of probes, for people: in colour on a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import starmap

from tm_exporter.catalog import CANARY_LAST_TTFT_SECONDS
from tm_exporter.logs.printable import columns, cut, pad, printable
from tm_exporter.one_shot.asked import Asked, Mask, Row, Skipped, has_failed, step_of


_COLUMNS = ("verdict", "target", "probe", "model", "reason", "time", "ttft", "phases")
_WIDEST = 64
_LONGEST = 500

_HEAD = "1"
_COLOURS: Mapping[str, str] = {"ok": "32", "FAILED": "1;31", "skipped": "33"}

Cells = tuple[str, ...]


def render_table(
    asked: Asked, mask: Mask = lambda text: text, *, colours: bool = False
) -> str:
    """
    Return a row for each probe, and under one that failed why and what to do.

    Args:
        asked: What came of them.
        mask: Knows the secrets.
        colours: Whether a terminal shows it.
    """
    rows = [_cells(each) for each in asked.rows]
    widths = [max(map(columns, column)) for column in zip(_COLUMNS, *rows, strict=True)]
    lines = [_coloured(_line(_COLUMNS, widths), _HEAD if colours else None)]
    for each, row in zip(asked.rows, rows, strict=True):
        line = _line(row, widths)
        verdict = row[0]
        colour = _COLOURS[verdict] if colours else None
        lines.append(_coloured(verdict, colour) + line.removeprefix(verdict))
        lines += [
            f"    {printable(mask(text), _LONGEST)}" for text in _why(each, asked)
        ]
    return "\n".join([*lines, _sum(asked.rows)])


def _why(row: Row, asked: Asked) -> Iterator[str]:
    """Yield why a probe failed or did not run, and what to do."""
    if isinstance(row, Skipped):
        yield row.detail
        yield f"next: {row.next_step}"
    elif has_failed(row):
        yield row.verdict.detail
        yield f"next: {step_of(row, asked.next_step)}"


def _sum(seen: Sequence[Row]) -> str:
    skipped = sum(isinstance(each, Skipped) for each in seen)
    failed = sum(map(has_failed, seen))
    was = "was" if skipped == 1 else "were"
    more = f", {skipped} {was} skipped" if skipped else ""
    ran = len(seen) - skipped
    return f"{ran} {'probe' if ran == 1 else 'probes'} ran, {failed} failed{more}"


def _cells(seen: Row) -> Cells:
    names = (seen.key.target, seen.key.probe, seen.key.model or "-")
    shown = tuple(cut(printable(name, 200), _WIDEST) for name in names)
    if isinstance(seen, Skipped):
        return ("skipped", *shown, seen.skip.value, "-", "-", "-")
    reason = seen.verdict.reason
    ttft = seen.value_of(CANARY_LAST_TTFT_SECONDS)
    phases = seen.phases.items()
    return (
        "ok" if seen.verdict.passed else "FAILED",
        *shown,
        "-" if reason is None else reason.value,
        _time(seen.duration),
        "-" if ttft is None else _time(ttft),
        " ".join(f"{name} {_time(seconds)}" for name, seconds in phases) or "-",
    )


def _line(cells: Cells, widths: Sequence[int]) -> str:
    return "  ".join(starmap(pad, zip(cells, widths, strict=True))).rstrip()


def _coloured(text: str, colour: str | None) -> str:
    return text if colour is None else f"\x1b[{colour}m{text}\x1b[0m"


def _time(seconds: float) -> str:
    """Return seconds as people say them."""
    return f"{seconds * 1000:.1f}ms" if seconds < 1 else f"{seconds:.2f}s"
