"""Say in samples what holds for every run, whatever its probe measures."""

from collections.abc import Iterator, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime

from tm_exporter import catalog
from tm_exporter.catalog import Family
from tm_exporter.exchange import Certificate, Exchange
from tm_exporter.observation import Observation, Sample
from tm_exporter.wire.rate_limits import RateLimit, rate_limits


def of_run(observation: Observation) -> Iterator[Sample]:
    """
    Yield what follows from the observation alone, without its own samples.

    What did not happen has no sample: no phase, no status code, no certificate.
    """
    passed = observation.verdict.passed
    yield Sample(catalog.PROBE_SUCCESS, float(passed))
    yield Sample(catalog.PROBE_ATTEMPTS, 1.0)
    yield Sample(catalog.PROBE_LAST_DURATION_SECONDS, observation.duration)
    finished_at = observation.finished_at
    yield Sample(catalog.PROBE_LAST_RUN_TIMESTAMP_SECONDS, finished_at)
    yield Sample(catalog.PROBE_SUPPORTED, float(observation.outcome.supported))
    if observation.cost is not None:
        yield Sample(catalog.CANARY_COST_USD, float(observation.cost))
    if passed:
        yield Sample(catalog.PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS, finished_at)
        if catalog.PROBE_DURATION_SECONDS not in observation.discarded:
            yield Sample(catalog.PROBE_DURATION_SECONDS, observation.duration)
    if observation.verdict.reason is not None:
        reason = observation.verdict.reason.value
        yield Sample(catalog.PROBE_FAILURES, 1.0, (reason,))
    yield from _of_wire(observation)


def identities(observation: Observation) -> Iterator[tuple[Family, str]]:
    """Yield what a run saw that may change, by the counter of its changes."""
    if (leaf := certificate(observation.outcome.exchanges)) is not None:
        yield catalog.TLS_CERTIFICATE_CHANGES, leaf.fingerprint


def certificate(exchanges: Sequence[Exchange]) -> Certificate | None:
    """Return the certificate that was shown last, None if there was none."""
    shown = [each.certificate for each in exchanges if each.certificate is not None]
    return shown[-1] if shown else None


def _of_wire(observation: Observation) -> Iterator[Sample]:
    """Yield what the exchanges show."""
    if (exchange := observation.exchange) is not None:
        for phase, seconds in exchange.phases.items():
            yield Sample(catalog.PROBE_PHASE_SECONDS, seconds, (phase.value,))
        if exchange.status is not None:
            yield Sample(catalog.PROBE_HTTP_STATUS_CODE, float(exchange.status))
    exchanges = observation.outcome.exchanges
    if (leaf := certificate(exchanges)) is not None:
        expiry = catalog.TLS_CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS
        yield Sample(expiry, leaf.not_after)
        yield Sample(catalog.TLS_CERTIFICATE_INFO, 1.0, (leaf.issuer,))
    yield from _rate_limits(observation)
    skews = [skew for each in exchanges if (skew := _clock_skew(each)) is not None]
    if skews:
        yield Sample(catalog.CLOCK_SKEW_SECONDS, skews[-1])


def _rate_limits(observation: Observation) -> Iterator[Sample]:
    """Yield what the last answer that told any limit said of them."""
    for exchange in reversed(observation.outcome.exchanges):
        if limits := rate_limits(exchange.headers):
            for limit in limits:
                yield from _rate_limit(observation.key.model, limit, exchange)
            return


def _rate_limit(model: str, told: RateLimit, exchange: Exchange) -> Iterator[Sample]:
    """Yield what is told of one limit."""
    labels = (model, told.kind)
    if told.limit is not None:
        yield Sample(catalog.RATE_LIMIT_LIMIT, told.limit, labels)
    if told.remaining is not None:
        yield Sample(catalog.RATE_LIMIT_REMAINING, told.remaining, labels)
    if told.reset is not None and exchange.answered_at is not None:
        ends_at = exchange.answered_at + told.reset
        yield Sample(catalog.RATE_LIMIT_RESET_TIMESTAMP_SECONDS, ends_at, labels)


def _clock_skew(exchange: Exchange) -> float | None:
    """Return by how many seconds the service's clock is ahead, None if unknown."""
    date = exchange.header("date")
    if date is None or exchange.answered_at is None:
        return None
    try:
        named = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    if named.tzinfo is None:  # the two old forms name no zone and mean GMT
        named = named.replace(tzinfo=UTC)
    return named.timestamp() - exchange.answered_at
