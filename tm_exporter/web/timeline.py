"""Draw the last runs of a probe: a bar each, the newest on the right."""

from collections.abc import Sequence

from tm_exporter.sinks.marks import Mark
from tm_exporter.web.html import Html, tag
from tm_exporter.web.words import duration


BARS = 20

_HEIGHT = 24
_LEAST = 3
_STEP = 6
_WIDE = 4


def timeline(marks: Sequence[Mark]) -> Html | None:
    """
    Return the picture; None before the first run.

    A bar is as high as its run was long, against the longest of them. One that
    failed hangs from the top, so that it can be told without its colour.
    """
    if not marks:
        return None
    shown = marks[-BARS:]
    longest = max(mark.duration_seconds for mark in shown) or 1.0
    offset = BARS - len(shown)
    bars = [_bar(offset + place, mark, longest) for place, mark in enumerate(shown)]
    paths = (
        _path("passed", [bar for bar, m in zip(bars, shown, strict=True) if m.passed]),
        _path(
            "failed", [bar for bar, m in zip(bars, shown, strict=True) if not m.passed]
        ),
    )
    return tag(
        "svg",
        *paths,
        class_="timeline",
        role="img",
        aria_label=_label(shown),
        width=BARS * _STEP,
        height=_HEIGHT,
        viewBox=f"0 0 {BARS * _STEP} {_HEIGHT}",
    )


def _bar(place: int, mark: Mark, longest: float) -> str:
    height = _LEAST + round((_HEIGHT - _LEAST) * mark.duration_seconds / longest)
    top = _HEIGHT - height if mark.passed else 0
    return f"M{place * _STEP} {top}h{_WIDE}v{height}h-{_WIDE}z"


def _path(name: str, bars: Sequence[str]) -> Html | None:
    return tag("path", class_=name, d="".join(bars)) if bars else None


def _label(shown: Sequence[Mark]) -> str:
    failed = sum(not mark.passed for mark in shown)
    longest = max(mark.duration_seconds for mark in shown)
    return (
        f"last {len(shown)} runs: {len(shown) - failed} passed, {failed} failed, "
        f"the longest took {duration(longest)}"
    )
