"""Say in samples what holds for every run, whatever its probe measures."""

from collections.abc import Iterator, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime

from tm_exporter import catalog
from tm_exporter.catalog import Family
from tm_exporter.exchange import Certificate, Exchange
from tm_exporter.observation import Observation, Sample


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
    if passed:
        yield Sample(catalog.PROBE_DURATION_SECONDS, observation.duration)
        yield Sample(catalog.PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS, finished_at)
    if observation.verdict.reason is not None:
        reason = observation.verdict.reason.value
        yield Sample(catalog.PROBE_FAILURES, 1.0, (reason,))
    yield from _of_wire(observation)


def identities(observation: Observation) -> Iterator[tuple[Family, str]]:
    """Yield what a run saw that may change, by the counter of its changes."""
    if (leaf := certificate(observation.outcome.exchanges)) is not None:
        yield catalog.TLS_CERTIFICATE_CHANGES, leaf.fingerprint
    for sample in observation.outcome.samples:
        if sample.family is catalog.SERVICE_VERSION_INFO:
            yield catalog.SERVICE_VERSION_CHANGES, sample.labels[0]


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
    skews = [skew for each in exchanges if (skew := _clock_skew(each)) is not None]
    if skews:
        yield Sample(catalog.CLOCK_SKEW_SECONDS, skews[-1])


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
