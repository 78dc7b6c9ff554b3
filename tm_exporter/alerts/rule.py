"""What a recording rule and an alert are declared with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


Severity = Literal["critical", "warning", "info", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """
    A series that Prometheus computes for others to read.

    Attributes:
        record: `labels:metric:operation`, as Prometheus recommends.
        expr: In PromQL.
    """

    record: str
    expr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """
    Something that somebody is told of.

    Attributes:
        name: `Tensormesh...`; one for each severity may share it, and then have one
            runbook. Names its page in `docs/runbooks`.
        expr: In PromQL; true while the alert is active.
        severity: `critical` pages a person now, `warning` is a ticket, `info` is
            for the record, `none` for the watchdog.
        summary: One line with the labels that matter, in Prometheus' templates.
        description: What is wrong, whose fault it is and what to do next.
        hold: How long it must be true before it fires.
        lingers: How long it fires on when it is no longer true, for the sake of what it
            keeps back.
        labels: Besides `severity`.
        annotations: Besides summary and description, or in their place.
    """

    name: str
    expr: str
    severity: Severity
    summary: str
    description: str
    hold: str = "0s"
    lingers: str = "0s"
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The name with the severity, which tells apart those that share a name."""
        return f"{self.name}/{self.severity}"


Rule = Recording | Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """
    Rules that are evaluated together, in order.

    Attributes:
        name: Unique within the file.
        rules: At least one.
        interval: Between two evaluations; Prometheus' own where it is None.
    """

    name: str
    rules: tuple[Rule, ...]
    interval: str | None = None
