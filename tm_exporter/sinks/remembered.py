"""What is remembered of a run: all but texts, and no more of anything than is read."""

from dataclasses import dataclass, replace
from itertools import islice

from tm_exporter.catalog import CANARY_LAST_TTFT_SECONDS
from tm_exporter.exchange import Exchange
from tm_exporter.observation import Observation, Sample, Verdict
from tm_exporter.sinks.labels import MAX_LENGTH, fit
from tm_exporter.sinks.shapes import BodyShape, shape_of


_OVERHEAD = 150  # bytes of a small object and what refers to it
_LONGEST_ID = 200
_IDS = 4

MOST_EXCHANGES = 16
"""Of one run that are remembered: the last ones."""

MOST_HEADERS = 64
"""Of one answer that are remembered: the first ones."""

LONGEST_HEADER = 8192
"""Characters of a header that are remembered."""

MOST_SAMPLES = 100
"""Of one run that are remembered."""

LONGEST_DETAIL = 500
"""Characters of what went wrong that are remembered."""


@dataclass(frozen=True, slots=True)
class Run:
    """
    A run as it is remembered.

    Attributes:
        observation: Without bodies, facts and pulled samples.
        bodies: The shape of each exchange's body, in order of the exchanges.
    """

    observation: Observation
    bodies: tuple[BodyShape, ...]

    @property
    def size(self) -> int:
        """Bytes that it takes as objects, about."""
        outcome = self.observation.outcome
        parts = sum(len(shape.pieces) + len(shape.events) for shape in self.bodies)
        texts = sum(
            _OVERHEAD + len(name) + len(value)
            for exchange in outcome.exchanges
            for name, value in (*exchange.headers, *exchange.request_headers)
        )
        objects = parts + 8 * len(self.bodies) + len(outcome.samples)
        return _OVERHEAD * objects + texts

    def thinned(self) -> "Run":
        """Return the run without what takes the most room."""
        outcome = self.observation.outcome
        last = replace(outcome, exchanges=tuple(map(_bare, outcome.exchanges[-1:])))
        bodies = tuple(BodyShape(each.size, ()) for each in self.bodies[-1:])
        return Run(replace(self.observation, outcome=last), bodies)

    def at_a_glance(self) -> Observation:
        """
        Return what a page shows of the run beside all others, in a few objects.

        Of its last exchange that is where the time went, the status and how long it
        asks to wait; of what it measured, the time to the first token.
        """
        outcome = self.observation.outcome
        shown = replace(
            outcome,
            exchanges=tuple(map(_glimpse, outcome.exchanges[-1:])),
            samples=tuple(
                replace(each, span=None)
                for each in outcome.samples
                if each.family is CANARY_LAST_TTFT_SECONDS
            ),
            used=(),
        )
        return replace(self.observation, outcome=shown, span=None)


def remembered(observation: Observation) -> Run:
    """Return the run without what is long or private."""
    outcome = observation.outcome
    exchanges = outcome.exchanges[-MOST_EXCHANGES:]
    own = (each for each in outcome.samples if each.family.lifetime == "last_run")
    kept = replace(
        outcome,
        verdict=_short(outcome.verdict),
        exchanges=tuple(map(_shortened, exchanges)),
        samples=tuple(map(_labelled, islice(own, MOST_SAMPLES))),
        facts=(),
    )
    return Run(replace(observation, outcome=kept), tuple(map(shape_of, exchanges)))


def _short(verdict: Verdict) -> Verdict:
    """Return a verdict that says no more than is read."""
    if len(verdict.detail) <= LONGEST_DETAIL:
        return verdict
    return replace(verdict, detail=verdict.detail[:LONGEST_DETAIL])


def _labelled(sample: Sample) -> Sample:
    """Return a sample with labels that are no longer than they are shown."""
    if all(len(text) <= MAX_LENGTH for text in sample.labels):
        return sample
    return replace(sample, labels=tuple(map(fit, sample.labels)))


def _shortened(exchange: Exchange) -> Exchange:
    """Return an exchange without its body, and with as many headers as are read."""
    headers = tuple(
        (name[:LONGEST_HEADER], value[:LONGEST_HEADER])
        for name, value in exchange.headers[:MOST_HEADERS]
    )
    return replace(exchange, body=(), headers=headers)


def _bare(exchange: Exchange) -> Exchange:
    """Return an exchange with nothing but what names it to the service."""
    headers = tuple(
        (name, value[:_LONGEST_ID])
        for name, value in exchange.headers
        if name in ("date", "retry-after") or name.endswith("request-id")
    )
    return replace(exchange, headers=headers[:_IDS], request_headers=())


def _glimpse(exchange: Exchange) -> Exchange:
    """Return an exchange with nothing but its times, its status, and the wait told."""
    return Exchange(
        method=exchange.method,
        url=exchange.url,
        phases=exchange.phases,
        status=exchange.status,
        headers=tuple(each for each in exchange.headers if each[0] == "retry-after"),
    )
