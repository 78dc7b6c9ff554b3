"""What of a configuration runs, and why the rest does not."""

from typing import NamedTuple

from tm_exporter.config.model import ModelSection
from tm_exporter.config.registry import BUILT
from tm_exporter.config.secrets import secret_reader
from tm_exporter.config.settings import Settings
from tm_exporter.config.target import Target
from tm_exporter.section import ProbeSection, Slo


class Running(NamedTuple):
    """
    One probe of one target, for one model if it asks one.

    Attributes:
        target: Whom it asks.
        probe: Its name.
        section: What it is told, with what differs for the model and with the
            objectives in force.
        model: None for a probe that asks no model.
    """

    target: Target
    probe: str
    section: ProbeSection
    model: ModelSection | None


def running(settings: Settings) -> tuple[Running, ...]:
    """Return everything that runs, in the order of the configuration."""
    return tuple(
        Running(target, name, _told(settings, name, section, model), model)
        for target in settings.targets
        for name, section in target.probes.items()
        if not obstacle(target, section)
        for model in (target.named_models if section.per_model else (None,))
    )


def obstacle(target: Target, section: ProbeSection) -> str:
    """Return why a probe does not run, empty if it does."""
    if section.kind not in BUILT:
        return "not built yet"
    if needs_credential(target, section) and secret_reader(target) is None:
        secret = "token" if target.surface == "control_plane" else "api_key"
        return f"needs a credential: `{secret}` is not configured"
    if section.per_model and target.models == "auto":
        return "`models: auto` is not built yet: name the models"
    if getattr(section, "prompt_tokens", None) is not None:
        return "`prompt_tokens` is not built yet"
    if section.per_model and not target.models:
        return "asks a model, and `models` is empty"
    return ""


def needs_credential(target: Target, section: ProbeSection) -> bool:
    """Whether a probe is of no use without API key or token."""
    if target.surface == "control_plane" or section.per_model:
        return True
    on_demand = target.surface == "on_demand" and target.auth_on_get == "auto"
    return on_demand or target.auth_on_get == "always"


def _told(
    settings: Settings, name: str, section: ProbeSection, model: ModelSection | None
) -> ProbeSection:
    """Return a section with the model's own values, and the objectives in force."""
    default = settings.slo if name == section.kind == "chat_stream" else None
    changes: dict[str, object] = {"slo": _over(default, section.slo)}
    if model is None:
        return section.model_copy(update=changes)
    if changes["slo"] is not None:
        changes["slo"] = _over(_over(default, section.slo), model.slo)
    if model.interval is not None:
        changes["interval"] = model.interval
    if model.max_tokens is not None and "max_tokens" in type(section).model_fields:
        changes["max_tokens"] = model.max_tokens
    return section.model_copy(update=changes)


def _over(low: Slo | None, high: Slo | None) -> Slo | None:
    """Return objectives with those that are written in `high` in front."""
    if low is None or high is None:
        return low or high
    written = {key: getattr(high, key) for key in high.model_fields_set}
    values = {"availability": low.availability, "ttft": low.ttft} | written
    return Slo(**values)
