"""Secrets that a service quotes, and what becomes of them."""

from tests.sinks.observations import CHAT, exchange, observation
from tm_exporter import catalog
from tm_exporter.derivations.unquoted import unquoted
from tm_exporter.logs.redaction import Redactor
from tm_exporter.observation import Reason, Sample


SECRET = "sk-made-up-0123456789"


def redactor() -> Redactor:
    """Return one that knows the secret."""
    known = Redactor()
    known.register(SECRET)
    return known


def test_nothing_that_is_shown_or_kept_has_it() -> None:
    """Neither the detail, nor a label, nor a fact; all else is as it was."""
    seen = observation(
        CHAT,
        Sample(catalog.SERVICE_VERSION_INFO, 1.0, (f"v-{SECRET}",)),
        Sample(catalog.CANARY_LAST_TTFT_SECONDS, 0.25),
        reason=Reason.WRONG_MODEL,
        detail=f"'{SECRET}' answered",
        exchanges=(exchange(),),
    )

    told = unquoted(seen, redactor().within)

    assert SECRET not in repr((told.verdict, told.outcome.samples))
    assert told.verdict.reason is Reason.WRONG_MODEL
    assert told.value_of(catalog.CANARY_LAST_TTFT_SECONDS) == 0.25
    assert told.outcome.exchanges == seen.outcome.exchanges
    assert told.key == seen.key


def test_a_run_without_it_is_the_same_object() -> None:
    """Most are, many times a second."""
    quiet = observation(CHAT)
    plain = observation(CHAT, reason=Reason.DNS, detail="no such name")

    assert unquoted(quiet, redactor().within) is quiet
    assert unquoted(plain, redactor().within) is plain
