"""Bars with their spread, drawn as SVG: the same bytes for the same figures."""

import math
from collections.abc import Iterator, Mapping
from html import escape

from benchmarks.spread import Spread


COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9")
"""Told apart by the colour-blind as well (Okabe and Ito)."""

WIDTH, LEFT, RIGHT = 760, 210, 120
BAR, GAP, TOP = 16, 14, 66


def bars(
    title: str, unit: str, groups: Mapping[str, Mapping[str, Spread]], *, log: bool
) -> str:
    """
    Return a chart of horizontal bars.

    Args:
        title: Of the chart.
        unit: Of all its numbers.
        groups: Bars by the name of their group, then by what they are of; the same
            name has the same colour everywhere.
        log: Whether each further grid line means ten times as much.
    """
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    scale = _Scale(
        [bar for group in groups.values() for bar in group.values()], log=log
    )
    body = list(_groups(groups, names, scale))
    height = TOP + sum(len(group) * BAR + GAP for group in groups.values()) + 24
    lines = (
        _opening(title, height),
        _text(8, 20, title, 'font-size="15" font-weight="bold"'),
        _text(
            *(WIDTH - 8, 20, f"{unit}, logarithmic" if log else unit),
            'text-anchor="end" fill="#555"',
        ),
        *_legend(names),
        *_grid(scale, height),
        *body,
        "</svg>",
    )
    return "\n".join(lines) + "\n"


def _opening(title: str, height: float) -> str:
    """Return the start of a picture on white."""
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    label = f'role="img" aria-label="{escape(title)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {label} '
        f'font-family="sans-serif" font-size="12">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
    )


def _text(x: float, y: float, text: str, how: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {how}>{escape(text)}</text>'


class _Scale:
    """Where a value stands."""

    def __init__(self, bars: list[Spread], *, log: bool) -> None:
        self._log = log
        self._most = max((bar.high for bar in bars), default=1.0) or 1.0
        positive = [bar.low for bar in bars if bar.low > 0]
        least = min(positive, default=self._most)
        self._least = 10.0 ** math.floor(math.log10(least) - 0.01) if log else 0.0

    def __call__(self, value: float) -> float:
        """Return the distance from the left edge."""
        share = value / self._most
        if self._log:
            value = max(value, self._least)
            share = math.log(value / self._least) / self._span()
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def _span(self) -> float:
        return math.log(max(self._most / self._least, 10.0))

    def lines(self) -> Iterator[tuple[float, float]]:
        """Yield the values of grid lines, and where they stand."""
        if self._log:
            value = self._least
            while value <= self._most:
                yield value, self(value)
                value *= 10
            return
        step = 10.0 ** math.floor(math.log10(self._most))
        step = step / 2 if self._most / step < 3 else step
        for number in range(int(self._most / step) + 1):
            yield number * step, self(number * step)


def _grid(scale: _Scale, height: float) -> Iterator[str]:
    """Yield a line for each round number, and the number below it."""
    for value, x in scale.lines():
        yield (
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{height - 24}" '
            f'stroke="#ddd"/>'
        )
        yield _text(x, height - 8, f"{value:g}", 'fill="#555" text-anchor="middle"')


def _legend(names: list[str]) -> Iterator[str]:
    x = LEFT
    for name, colour in zip(names, COLOURS, strict=False):
        yield f'<rect x="{x}" y="34" width="12" height="12" fill="{colour}"/>'
        yield _text(x + 17, 44, name)
        x += 34 + 7 * len(name)


def _groups(
    groups: Mapping[str, Mapping[str, Spread]], names: list[str], scale: _Scale
) -> Iterator[str]:
    y = TOP
    for group, its in groups.items():
        middle = y + len(its) * BAR / 2 + 4
        yield _text(LEFT - 8, middle, group, 'text-anchor="end"')
        for name, bar in its.items():
            yield from _bar(bar, y, COLOURS[names.index(name) % len(COLOURS)], scale)
            y += BAR
        y += GAP


def _bar(bar: Spread, y: float, colour: str, scale: _Scale) -> Iterator[str]:
    """Yield one bar, a line from its lowest to its highest round, and its number."""
    x, low, high = scale(bar.middle), scale(bar.low), scale(bar.high)
    mid = y + BAR / 2 - 1
    yield (
        f'<rect x="{LEFT}" y="{y}" width="{max(x - LEFT, 1):.1f}" height="{BAR - 3}" '
        f'fill="{colour}"/>'
    )
    yield (
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{mid}" y2="{mid}" stroke="#000" '
        f'stroke-width="1.5"/>'
    )
    yield _text(max(x, high) + 5, mid + 4, bar.told())
