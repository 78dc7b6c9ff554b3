"""How values look: units, limits between colours, words in place of numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard


GREEN, YELLOW, ORANGE, RED, BLUE, GREY = (
    *("green", "yellow", "orange", "red"),
    *("blue", "text"),
)

Step = tuple[float | None, str]
"""From which value on which colour; None for all below the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    How the values of a panel look.

    Attributes:
        unit: By Grafana's name, such as `s`.
        steps: Limits between colours, lowest first.
        words: What to write for a value, and in which colour.
        lowest: Where the axis begins.
        highest: Where it ends.
        decimals: Digits after the point; None lets Grafana choose.
        nothing: What to write where there is no value.
    """

    unit: str
    steps: Sequence[Step] = ((None, GREEN),)
    words: Sequence[tuple[str, str, str]] = ()
    lowest: float | None = None
    highest: float | None = None
    decimals: int | None = None
    nothing: str = "no data"

    def thresholds(self) -> builders.ThresholdsConfig:
        """Return the limits as Grafana has them."""
        steps = [dashboard.Threshold(value=at, color=to) for at, to in self.steps]
        return (
            builders.ThresholdsConfig()
            .mode(dashboard.ThresholdsMode.ABSOLUTE)
            .steps(steps)
        )

    def mappings(self) -> list[dashboard.ValueMapping]:
        """Return the words as Grafana has them."""
        options = {
            value: dashboard.ValueMappingResult(text=text, color=color, index=index)
            for index, (value, text, color) in enumerate(self.words)
        }
        return [dashboard.ValueMap(options=options)] if options else []


COUNT = Look(unit="short", lowest=0, decimals=0)
NUMBER = Look(unit="short")
SECONDS = Look(unit="s", lowest=0)
SHARE = Look(unit="percentunit", lowest=0, highest=1)
MONEY = Look(unit="none", decimals=2)
DOLLARS = Look(unit="currencyUSD", lowest=0)
SINCE = Look(unit="dateTimeFromNow")

_DAY = 86_400
TIME_LEFT = Look(
    unit="s",
    steps=((None, RED), (_DAY, ORANGE), (7 * _DAY, YELLOW), (30 * _DAY, GREEN)),
)
"""Of what has to be renewed in time."""

BAD_EVENTS = Look(unit="short", lowest=0, decimals=0, steps=((None, GREEN), (0.5, RED)))
"""Of which none should happen."""


def yes_or_no(yes: str, no: str, *, colors: tuple[str, str] = (GREEN, RED)) -> Look:
    """Return the look of a value that is 1 or 0."""
    return Look(
        unit="bool_yes_no",
        steps=((None, colors[1]), (1, colors[0])),
        words=(("1", yes, colors[0]), ("0", no, colors[1])),
    )


INFO = Look(unit="none", steps=((None, BLUE),))
"""Of a value that is always 1, and whose labels are read."""
