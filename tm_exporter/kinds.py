"""Every kind of probe that is built: a new one is one line here."""

from collections.abc import Callable, Mapping
from typing import Any

from tm_exporter.observation import Probe
from tm_exporter.probes.chat import ChatProbe, ChatSection
from tm_exporter.probes.chat_stream import ChatStreamProbe, ChatStreamSection
from tm_exporter.probes.completions import CompletionsProbe, CompletionsSection
from tm_exporter.probes.completions_stream import (
    CompletionsStreamProbe,
    CompletionsStreamSection,
)
from tm_exporter.probes.health import HealthProbe, HealthSection
from tm_exporter.probes.kv_cache import KvCacheProbe, KvCacheSection
from tm_exporter.probes.models import ModelsProbe, ModelsSection
from tm_exporter.probes.responses import ResponsesProbe, ResponsesSection
from tm_exporter.probes.responses_stream import (
    ResponsesStreamProbe,
    ResponsesStreamSection,
)
from tm_exporter.probes.tokenize import TokenizeProbe, TokenizeSection
from tm_exporter.probes.version import VersionProbe, VersionSection
from tm_exporter.pulls.activities import ActivitiesPull, ActivitiesSection
from tm_exporter.pulls.api_keys import ApiKeysPull, ApiKeysSection
from tm_exporter.pulls.auth import AuthPull, AuthSection
from tm_exporter.pulls.balance import BalancePull, BalanceSection
from tm_exporter.pulls.deployments import DeploymentsPull, DeploymentsSection
from tm_exporter.pulls.metrics import MetricsPull, MetricsSection
from tm_exporter.pulls.payment_methods import PaymentMethodsPull, PaymentMethodsSection
from tm_exporter.pulls.pricing import PricingPull, PricingSection
from tm_exporter.pulls.spending import SpendingPull, SpendingSection
from tm_exporter.pulls.tickets import TicketsPull, TicketsSection
from tm_exporter.pulls.transactions import TransactionsPull, TransactionsSection
from tm_exporter.pulls.usage import UsagePull, UsageSection
from tm_exporter.section import ProbeSection


PROBES: Mapping[type[ProbeSection], Callable[..., Probe]] = {
    HealthSection: HealthProbe,
    VersionSection: VersionProbe,
    ModelsSection: ModelsProbe,
    TokenizeSection: TokenizeProbe,
    ChatStreamSection: ChatStreamProbe,
    ChatSection: ChatProbe,
    CompletionsSection: CompletionsProbe,
    CompletionsStreamSection: CompletionsStreamProbe,
    ResponsesSection: ResponsesProbe,
    ResponsesStreamSection: ResponsesStreamProbe,
    KvCacheSection: KvCacheProbe,
    AuthSection: AuthPull,
    DeploymentsSection: DeploymentsPull,
    BalanceSection: BalancePull,
    SpendingSection: SpendingPull,
    PricingSection: PricingPull,
    MetricsSection: MetricsPull,
    UsageSection: UsagePull,
    TransactionsSection: TransactionsPull,
    ApiKeysSection: ApiKeysPull,
    PaymentMethodsSection: PaymentMethodsPull,
    ActivitiesSection: ActivitiesPull,
    TicketsSection: TicketsPull,
}
"""Called with section, key, client of the target, and the target's models."""

SECTIONS = tuple(PROBES)


def anew(probe: Any, timeout: float) -> Probe:
    """
    Return a probe that asks the same, and remembers nothing of what that one met.

    Args:
        probe: One that was built of this table.
        timeout: Seconds that its runs may take.
    """
    section = probe.section.model_copy(update={"timeout": timeout})
    return PROBES[type(section)](section, probe.key, probe.client, probe.models)
