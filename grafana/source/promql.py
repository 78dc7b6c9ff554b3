"""
Parts of the panels' queries, which name a metric by its declaration.

A canary runs every few minutes or hours, so that what it counts is looked at over
`SLOW`, or over all that the dashboard shows: between two points of a graph there may
be no run at all. A percentile is drawn only where enough runs stand behind it.
"""

from tm_exporter.alerts.expression import JOB
from tm_exporter.catalog import Family


SLOW = "6h"
"""A window which has many runs even of a slow canary."""

SHOWN = "$__range"
"""All that the dashboard shows now."""

STEP = "$__rate_interval"
"""About the time between two points of the graph."""

PROBE = ("target", "surface", "probe", "model")
SURFACE = ("target", "surface")

INSTALLATION = 'cluster=~"$cluster", job=~"$job", instance=~"$instance"'
_TARGET = 'target=~"$target", surface=~"$surface"'
_MODEL = 'model=~"$model|"'
"""What has no model is shown whichever model is chosen."""

CHOSEN = f"{INSTALLATION}, {_TARGET}, {_MODEL}"


def series(family: Family, *matchers: str, suffix: str = "") -> str:
    """
    Return the selector of a family's series, of what the variables choose.

    Args:
        family: As it is declared.
        matchers: More of them, such as `kind="input"`.
        suffix: `_count` or `_bucket` of a histogram.
    """
    labels = family.label_names
    chosen = (
        INSTALLATION,
        *([_TARGET] if "target" in labels else []),
        *([_MODEL] if "model" in labels else []),
        *matchers,
    )
    return f"{family.name}{suffix}{{{', '.join(chosen)}}}"


def latest(family: Family, *matchers: str, by: tuple[str, ...] | None = None) -> str:
    """Return a gauge's value, the greatest where several instances tell one."""
    labels = family.label_names if by is None else by
    return over("max", series(family, *matchers), labels)


def grew(
    family: Family,
    *matchers: str,
    by: tuple[str, ...] | None = None,
    window: str,
    suffix: str = "",
) -> str:
    """Return how much a counter grew within a window, over all instances."""
    selected = series(family, *matchers, suffix=suffix)
    labels = family.label_names if by is None else by
    return over("sum", f"increase({selected}[{window}])", labels)


def above(expression: str, limit: float) -> str:
    """Return what is over a limit, and nothing else."""
    return f"{expression} > {limit:g}"


def share(part: str, whole: str) -> str:
    """Return what a part is of a whole, where there is one."""
    return f"{part} / ({whole} > 0)"


def left(family: Family, by: tuple[str, ...] | None = None) -> str:
    """Return the seconds until the time that a gauge tells."""
    return f"{latest(family, by=by)} - time()"


def ago(family: Family, by: tuple[str, ...] | None = None) -> str:
    """Return the seconds since the time that a gauge tells."""
    return f"time() - {latest(family, by=by)}"


def buckets(family: Family, window: str = STEP) -> str:
    """Return how many values fell into each bucket, for a heat map."""
    classic = grew(family, by=("le",), window=window, suffix="_bucket")
    native = f"sum(increase({series(family)}[{window}]))"
    return f"{classic} or on () {native}"


def quantile(
    quantile: float, family: Family, *, by: tuple[str, ...], window: str = SLOW
) -> str:
    """
    Return a quantile of a histogram, where at least `needed(quantile)` values are.

    Prometheus may keep the histogram as classic buckets or as a native one.
    """
    grown = f"increase({series(family)}[{window}])"
    native = over("sum", grown, by)
    forms = (
        (
            grew(family, by=("le", *by), window=window, suffix="_bucket"),
            grew(family, by=by, window=window, suffix="_count"),
        ),
        (native, f"histogram_count({native})"),
    )
    return " or ".join(
        f"(histogram_quantile({quantile:g}, {values}) "
        f"and {count} >= {needed(quantile)})"
        for values, count in forms
    )


def needed(quantile: float) -> int:
    """Return how many values a quantile needs: two beyond it, five at the least."""
    return max(5, round(2 / (1 - quantile)))


def of_rules(expression: str) -> str:
    """Return an expression of the alerts for what the variables choose."""
    return expression.replace(JOB, CHOSEN)


def over(operator: str, expression: str, by: tuple[str, ...]) -> str:
    """Return an aggregation over all but these labels."""
    grouping = f" by ({', '.join(by)}) " if by else ""
    return f"{operator}{grouping}({expression})"
