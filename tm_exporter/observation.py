"""
The values that travel from a probe to the sinks.

Everything here is frozen: a probe makes an `Outcome`, the runner adds time and
identity and calls it an `Observation`, and no sink can change it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol, Self, TypeVar

from tm_exporter.catalog import Family
from tm_exporter.exchange import Exchange
from tm_exporter.section import ProbeSection, Surface


class Reason(StrEnum):
    """Why a run failed: a closed set, in the order in which a run can fail."""

    CONFIGURATION = "configuration"
    DNS = "dns"
    PROXY = "proxy"
    CONNECT_REFUSED = "connect_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECT_FAILED = "connect_failed"
    TLS = "tls"
    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"
    PROTOCOL = "protocol"
    REDIRECT = "redirect"
    QUOTA = "quota"
    THROTTLED = "throttled"
    AUTH = "auth"
    ROUTING = "routing"
    SERVER_ERROR = "server_error"
    OVERLOADED = "overloaded"
    BAD_REQUEST = "bad_request"
    TOO_LARGE = "too_large"
    ERROR_BODY = "error_body"
    BAD_PAYLOAD = "bad_payload"
    STREAM_ERROR = "stream_error"
    STREAM_INVALID = "stream_invalid"
    STREAM_STALLED = "stream_stalled"
    STREAM_TRUNCATED = "stream_truncated"
    EMPTY_OUTPUT = "empty_output"
    WRONG_MODEL = "wrong_model"
    ASSERTION = "assertion"
    INTERNAL = "internal"


class Skip(StrEnum):
    """Why a slot that fell due did not become a run: a closed set."""

    BUDGET = "budget"
    THROTTLED = "throttled"
    OVERLAP = "overlap"
    MISSED = "missed"
    NOT_LEADER = "not_leader"
    MAINTENANCE = "maintenance"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True, order=True)
class ProbeKey:
    """
    Which probe of which target, for which model: the labels of its series.

    Attributes:
        target: The configured name of what is probed.
        surface: Which face of the service the target is.
        probe: The configured name of the probe.
        model: The model asked for; empty where a probe has none.
    """

    target: str
    surface: Surface
    probe: str
    model: str = ""


class Span(NamedTuple):
    """
    From when to when something went on.

    Attributes:
        start: Monotonic seconds, as the next.
        end: Not before the start.
    """

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Sample:
    """
    One value for one family.

    A counter grows by the value, a histogram observes it, a gauge takes it.

    Attributes:
        family: What was measured.
        value: In the base unit which the family's name ends in.
        labels: Values of `family.labels`, in that order.
        span: Of a time that was measured: between which two stamps. None where
            it may be anywhere in the run.
    """

    family: Family
    value: float
    labels: tuple[str, ...] = ()
    span: Span | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.family.labels):
            raise ValueError(
                f"{self.family.name} has labels {self.family.labels}, not {self.labels}"
            )


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    Whether a run passed, and if not, the one reason.

    Attributes:
        reason: None for a run that passed.
        detail: One line for people, without anything secret; never a label.
    """

    reason: Reason | None = None
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether the run found nothing wrong."""
        return self.reason is None


PASSED = Verdict()


@dataclass(frozen=True, slots=True)
class Tokens:
    """
    Tokens of one request, as far as money goes.

    Attributes:
        input: Of the prompt, cached ones included.
        output: Generated, reasoning included.
        cached: Of the prompt, found in the KV cache.
    """

    input: int = 0
    output: int = 0
    cached: int = 0


@dataclass(frozen=True, slots=True)
class Demand:
    """
    What one paid request may use.

    Attributes:
        worst: Upper bounds, which hold for every tokenizer and whatever is answered.
        expected: A good estimate, where the answer is as long as it may be.
    """

    worst: Tokens
    expected: Tokens


@dataclass(frozen=True, slots=True)
class Fact:
    """
    Something learned by a run that is more than a number.

    Whoever compares what several probes saw (prices with usage, one list of
    models with another) takes it from here. The kinds are in `facts`.
    """


FactT = TypeVar("FactT", bound=Fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """
    What a probe's run returns: a verdict and what it was measured from.

    Attributes:
        verdict: Passed, or the reason why not.
        exchanges: In order of time; the last one is the one that failed, if any.
        samples: What this kind of probe measures beyond what all do. A failed
            run may have some: a model list that lacks a model is still a list.
        retry_after: Seconds which the service asked to wait, None if it did not.
        supported: False where an optional route turned out not to exist.
        used: Tokens of each paid request that was begun, in the order of the
            probe's demands; None where it is unknown what the service charges.
        facts: What was learned besides numbers.
        paused: Seconds which the run waited on purpose, not part of its duration.
    """

    verdict: Verdict
    exchanges: tuple[Exchange, ...] = ()
    samples: tuple[Sample, ...] = ()
    retry_after: float | None = None
    supported: bool = True
    used: tuple[Tokens | None, ...] = ()
    facts: tuple[Fact, ...] = ()
    paused: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """
    The outcome of one finished run.

    Attributes:
        key: Whose run it was.
        probe_id: Unique to this run; ties log lines, page and transcript together.
        started_at: Seconds since the epoch, by the wall clock.
        duration: Seconds by the monotonic clock, without pauses made on purpose.
        outcome: What the probe found.
        cost: US dollars that the run was charged to the budget with; None for a
            run that costs nothing.
        span: From when to when it went on; None where that is unknown.
        discarded: Families of which it has a value that is not to be believed.
    """

    key: ProbeKey
    probe_id: str
    started_at: float
    duration: float
    outcome: Outcome
    cost: Decimal | None = None
    span: Span | None = None
    discarded: frozenset[Family] = frozenset()

    @property
    def verdict(self) -> Verdict:
        """Shortcut to the outcome's verdict."""
        return self.outcome.verdict

    @property
    def finished_at(self) -> float:
        """Seconds since the epoch at which the run ended."""
        return self.started_at + self.duration + self.outcome.paused

    @property
    def exchange(self) -> Exchange | None:
        """The last exchange, or the failing one; None if no request was made."""
        return self.outcome.exchanges[-1] if self.outcome.exchanges else None

    @property
    def phases(self) -> dict[str, float]:
        """Seconds by phase of that exchange; a phase that did not happen is absent."""
        phases = self.exchange.phases if self.exchange is not None else {}
        return {phase.value: seconds for phase, seconds in phases.items()}

    def fact(self, kind: type[FactT]) -> FactT | None:
        """Return what the run learned of this kind, None if nothing."""
        for each in self.outcome.facts:
            if isinstance(each, kind):
                return each
        return None

    def plus(self, samples: Iterable[Sample]) -> Self:
        """Return the observation with these samples after its own."""
        samples = (*self.outcome.samples, *samples)
        return replace(self, outcome=replace(self.outcome, samples=samples))

    def value_of(self, family: Family) -> float | None:
        """Return the first value measured for a family, None if there is none."""
        samples = self.outcome.samples
        return next((each.value for each in samples if each.family is family), None)


class Probe(Protocol):
    """
    Something that can be run on a schedule.

    `run` measures once. It does not retry, log or record metrics: a retry would
    hide the failure that it looks for, and the rest is done once for all probes.
    """

    @property
    def key(self) -> ProbeKey:
        """The labels of its series."""
        ...

    @property
    def section(self) -> ProbeSection:
        """The configuration it was built from."""
        ...

    @property
    def reasons(self) -> Sequence[Reason]:
        """Every reason which a run of it can fail for, without `internal`."""
        ...

    @property
    def starts(self) -> Sequence[Sample]:
        """Series of its own that are there, at zero, before anything happened."""
        ...

    @property
    def demands(self) -> Sequence[Demand]:
        """What each paid request of one run may use, in order; none if it is free."""
        ...

    async def run(self) -> Outcome:
        """Measure once, within the section's timeout."""
        ...
