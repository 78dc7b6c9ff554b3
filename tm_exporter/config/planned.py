"""
Sections of the kinds which can be configured but do not run yet.

A kind that gets built takes its section along to its own module, and its line
goes from here to `kinds.SECTIONS`.
"""

from typing import ClassVar, Literal

from tm_exporter.probes.generation import GenerationSection, StreamSection
from tm_exporter.section import Duration, ProbeSection, Surface


_HOUR = 3600.0
_QUARTER = 900.0


class CompletionsSection(GenerationSection):
    """A text completion that is answered in one piece."""

    kind: Literal["completions"] = "completions"
    interval: Duration = _HOUR


class CompletionsStreamSection(StreamSection):
    """A text completion that is streamed."""

    kind: Literal["completions_stream"] = "completions_stream"
    interval: Duration = _HOUR


class ResponsesSection(GenerationSection):
    """A request to the responses route, answered in one piece."""

    kind: Literal["responses"] = "responses"
    interval: Duration = _HOUR


class ResponsesStreamSection(StreamSection):
    """A request to the responses route, streamed."""

    kind: Literal["responses_stream"] = "responses_stream"
    interval: Duration = _HOUR


class KvCacheSection(GenerationSection):
    """A pair of equal requests, of which the second should find its prefix cached."""

    kind: Literal["kv_cache"] = "kv_cache"
    interval: Duration = _HOUR
    timeout: Duration = 60.0

    expectation: Literal["hit", "miss", "observe"] = "observe"
    """What the second request must find; `observe` judges nothing."""


class AccountSection(ProbeSection):
    """A read of the account from the Control Plane; no model runs."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("control_plane",)
    interval: Duration = _QUARTER
    timeout: Duration = 20.0


class MetricsSection(AccountSection):
    """The service's own metrics of user and deployments."""

    kind: Literal["metrics"] = "metrics"
    interval: Duration = 60.0


class UsageSection(AccountSection):
    """Tokens and requests of the day, by model."""

    kind: Literal["usage"] = "usage"


class PricingSection(AccountSection):
    """The price list."""

    kind: Literal["pricing"] = "pricing"
    interval: Duration = _HOUR


class TransactionsSection(AccountSection):
    """The account's transactions, by status."""

    kind: Literal["transactions"] = "transactions"


class ApiKeysSection(AccountSection):
    """When the account's API keys expire."""

    kind: Literal["api_keys"] = "api_keys"
    interval: Duration = _HOUR


class PaymentMethodsSection(AccountSection):
    """Whether a card is on file, and when it expires."""

    kind: Literal["payment_methods"] = "payment_methods"
    interval: Duration = 6 * _HOUR


class ActivitiesSection(AccountSection):
    """What happened in the account, by kind of action."""

    kind: Literal["activities"] = "activities"


class TicketsSection(AccountSection):
    """The account's support tickets, by status."""

    kind: Literal["tickets"] = "tickets"


PLANNED: tuple[type[ProbeSection], ...] = (
    CompletionsSection,
    CompletionsStreamSection,
    ResponsesSection,
    ResponsesStreamSection,
    KvCacheSection,
    MetricsSection,
    UsageSection,
    PricingSection,
    TransactionsSection,
    ApiKeysSection,
    PaymentMethodsSection,
    ActivitiesSection,
    TicketsSection,
)
