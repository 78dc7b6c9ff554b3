"""What to look into though every probe may pass."""

from collections.abc import Sequence

from tm_exporter.views.status import TargetStatus
from tm_exporter.web.html import Html, tag
from tm_exporter.web.parts import section, text


_MOST = 20


def warnings(told: Sequence[TargetStatus]) -> Html | None:
    """Return a section for the warnings of these targets; None where there are none."""
    items = [_item(target, said) for target in told for said in target.warnings]
    if not items:
        return None
    more = len(items) - _MOST
    rest = tag("li", f"and {more} more, on the pages of their targets")
    shown = [*items[:_MOST], *([rest] if more > 0 else [])]
    return section("Warnings", tag("ul", *shown, class_="problems"), id_="warnings")


def _item(target: TargetStatus, said: str) -> Html:
    link = tag("a", target.target, href=f"/?target={target.target}")
    return tag("li", link, ": ", text(said))
