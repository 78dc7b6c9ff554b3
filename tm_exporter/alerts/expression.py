"""
Parts of PromQL that name a metric by its declaration, never by a string.

Three texts are written in one form everywhere, because a renderer and the chart put
others in their place: `job="tm-exporter"` becomes the job and the namespace of a
release, `INSTANCES` the number of its instances, and group labels such as `cluster` go
in front of `target,` wherever labels are listed. Lists without a target begin with
`job` and get them, too.
"""

from tm_exporter.catalog import MAINTENANCE_ACTIVE, Family


JOB = 'job="tm-exporter"'
"""What selects the series of one installation; a renderer may put more in its place."""

INSTANCES = "INSTANCES"
"""How many instances of a release are expected; a renderer puts the number there."""

PROBE = "target, surface, probe, model"
"""Labels of what is about a probe. A renderer may put a group label in front."""

MODEL = "target, surface, model"
"""Labels of what is about a model of a target, whichever probe asked it."""

SURFACE = "target, surface"
"""Labels of what is about a target as a whole."""

INFERENCE = 'surface!="control_plane"'
"""What serves models. Trouble of the Control Plane alone never pages."""


def series(family: Family, *matchers: str, suffix: str = "") -> str:
    """
    Return the selector of a family's series, of this installation only.

    Args:
        family: As it is declared.
        matchers: More of them, such as `reason="auth"`.
        suffix: `_count`, `_sum` or `_bucket` of a histogram.
    """
    return recorded(f"{family.name}{suffix}", *matchers)


def recorded(name: str, *matchers: str) -> str:
    """Return the selector of what a rule of this installation recorded."""
    return f"{name}{{{', '.join((JOB, *matchers))}}}"


def increase(family: Family, *matchers: str, window: str) -> str:
    """Return how much a counter grew within a window, for each of its series."""
    return f"increase({series(family, *matchers)}[{window}])"


def outside_maintenance(expression: str) -> str:
    """Return an expression without what is about a target or model in maintenance."""
    whole = series(MAINTENANCE_ACTIVE, 'model=""')
    one = series(MAINTENANCE_ACTIVE, 'model!=""')
    return (
        f"(\n{indented(expression)}\n)\n"
        f"unless on ({SURFACE}) max by ({SURFACE}) ({whole}) == 1\n"
        f"unless on ({MODEL}) max by ({MODEL}) ({one}) == 1"
    )


def indented(expression: str) -> str:
    """Return an expression that stands inside of brackets."""
    return "\n".join(f"  {line}" for line in expression.splitlines())
