"""What of a configuration runs, and why the rest does not."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from tm_exporter.config.model import ModelSection
from tm_exporter.config.secrets import secret_reader
from tm_exporter.config.settings import Settings
from tm_exporter.config.target import Target
from tm_exporter.section import ProbeSection, Slo


_NOTHING: Mapping[str, Sequence[str]] = MappingProxyType({})
UNSEEN = (
    "nobody sees how much credit is left and for how long, what was spent, used and "
    "saved, prices and deployments as they change, or keys and cards as they expire "
    "(docs/control-plane-token.md says how to keep a token fresh)"
)
"""What there is no telling without a token of the Control Plane."""

_INHERITED = ("price_unit", "healthy_statuses", "stopped_statuses")
"""Keys of sections that stand for the target's, or the file's, where left out."""


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


Chosen = Mapping[str, Sequence[str]]
"""Models of the targets that say `auto`, by the target's name."""


def running(settings: Settings, chosen: Chosen = _NOTHING) -> tuple[Running, ...]:
    """
    Return everything that runs, in the order of the configuration.

    Args:
        settings: The configuration in force.
        chosen: What was found for targets that say `models: auto`; as long as
            nothing was, their probes that ask a model do not run.
    """
    targets = settings.targets
    return tuple(row for each in targets for row in running_of(settings, each, chosen))


def running_of(
    settings: Settings, target: Target, chosen: Chosen = _NOTHING
) -> Iterator[Running]:
    """Yield what runs of one target."""
    for name, section in target.probes.items():
        if not obstacle(target, section):
            for model in models_of(target, chosen) if section.per_model else (None,):
                told = _told(settings, target, name, section, model)
                yield Running(target, name, told, model)


def models_of(target: Target, chosen: Chosen) -> tuple[ModelSection, ...]:
    """Return the models of a target: those that are named, else those chosen."""
    if target.models != "auto":
        return target.models
    return tuple(ModelSection(name=name) for name in chosen.get(target.name, ()))


def supposed(settings: Settings) -> Chosen:
    """Return stand-ins for models not chosen yet, as many as there may be."""
    return {
        target.name: [
            f"auto-{number + 1}" for number in range(target.auto_models_limit)
        ]
        for target in settings.targets
        if target.models == "auto"
    }


def obstacle(target: Target, section: ProbeSection) -> str:
    """Return why a probe does not run, empty if it does."""
    if needs_credential(target, section) and secret_reader(target) is None:
        if target.surface == "control_plane":
            return f"`token` is not configured: {UNSEEN}"
        return "needs a credential: `api_key` is not configured"
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
    settings: Settings,
    target: Target,
    name: str,
    section: ProbeSection,
    model: ModelSection | None,
) -> ProbeSection:
    """Return a section with the model's own values, and the objectives in force."""
    default = settings.slo if name == section.kind == "chat_stream" else None
    changes = _inherited(settings, target, section)
    changes["slo"] = _over(default, section.slo)
    if model is None:
        return section.model_copy(update=changes)
    if changes["slo"] is not None:
        changes["slo"] = _over(_over(default, section.slo), model.slo)
    if model.interval is not None:
        section = section.every(model.interval)
    if model.max_tokens is not None and "max_tokens" in type(section).model_fields:
        changes["max_tokens"] = model.max_tokens
    return section.model_copy(update=changes)


def _inherited(
    settings: Settings, target: Target, section: ProbeSection
) -> dict[str, object]:
    """Return what a section leaves to its target, or to the top of the file."""
    return {
        key: getattr(target, key, getattr(settings, key, None))
        for key in _INHERITED
        if key in type(section).model_fields and getattr(section, key) is None
    }


def _over(low: Slo | None, high: Slo | None) -> Slo | None:
    """Return objectives with those that are written in `high` in front."""
    if low is None or high is None:
        return low or high
    written = {key: getattr(high, key) for key in high.model_fields_set}
    values = {"availability": low.availability, "ttft": low.ttft} | written
    return Slo(**values)
