"""Every kind of probe that is built: a new one is one line here."""

from collections.abc import Callable, Mapping

from tm_exporter.observation import Probe
from tm_exporter.probes.chat import ChatProbe, ChatSection
from tm_exporter.probes.chat_stream import ChatStreamProbe, ChatStreamSection
from tm_exporter.probes.health import HealthProbe, HealthSection
from tm_exporter.probes.models import ModelsProbe, ModelsSection
from tm_exporter.probes.tokenize import TokenizeProbe, TokenizeSection
from tm_exporter.probes.version import VersionProbe, VersionSection
from tm_exporter.pulls.auth import AuthPull, AuthSection
from tm_exporter.pulls.balance import BalancePull, BalanceSection
from tm_exporter.pulls.deployments import DeploymentsPull, DeploymentsSection
from tm_exporter.pulls.spending import SpendingPull, SpendingSection
from tm_exporter.section import ProbeSection


PROBES: Mapping[type[ProbeSection], Callable[..., Probe]] = {
    HealthSection: HealthProbe,
    VersionSection: VersionProbe,
    ModelsSection: ModelsProbe,
    TokenizeSection: TokenizeProbe,
    ChatStreamSection: ChatStreamProbe,
    ChatSection: ChatProbe,
    AuthSection: AuthPull,
    DeploymentsSection: DeploymentsPull,
    BalanceSection: BalancePull,
    SpendingSection: SpendingPull,
}
"""Called with section, key, client of the target, and the target's models."""

SECTIONS = tuple(PROBES)
