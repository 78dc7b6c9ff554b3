"""One target: whom we probe, with which credentials, and by which probes."""

from typing import Annotated, Any

from pydantic import (
    Field,
    PlainValidator,
    SerializeAsAny,
    ValidationInfo,
    field_validator,
)

from tm_exporter.config import probe_map
from tm_exporter.config.access import Access
from tm_exporter.config.fault import fault, fault_at
from tm_exporter.config.model import Models, ModelSection
from tm_exporter.section import ProbeSection


AnyProbe = Annotated[SerializeAsAny[ProbeSection], PlainValidator(probe_map.build)]


_FOR_INFERENCE = (
    "api_key",
    "api_key_file",
    "api_key_json_key",
    "auth_on_get",
    "auto_models_limit",
    "models",
    "user_id",
)
_FOR_CONTROL_PLANE = (
    "healthy_statuses",
    "stopped_statuses",
    "token",
    "token_command",
    "token_file",
    "token_json_key",
)


def fits(key: str, surface: object) -> bool:
    """Whether a target's key says something about its surface, if that is known."""
    if surface == "control_plane":
        return key not in _FOR_INFERENCE
    return surface is None or key not in _FOR_CONTROL_PLANE


class Target(Access):
    """
    One surface of the service at one address.

    What depends on another key is checked by the validator of the later one, so
    that every mistake of a target is found at once and is located at its key.
    """

    models: Models = Field(default="auto", validate_default=True)
    """Names, or mappings with `name`; `auto` picks from what is served."""

    auto_models_limit: int = Field(default=1, ge=1)
    """How many models `auto` picks at the most."""

    healthy_statuses: tuple[str, ...] | None = None
    """Texts of MODEL_STATUS_* which mean that a deployment works."""

    stopped_statuses: tuple[str, ...] | None = None
    """Texts of MODEL_STATUS_* of deployments that are stopped on purpose."""

    probes: dict[str, AnyProbe] = Field(default_factory=dict, validate_default=True)
    """By name; what is left out has the surface's defaults, `false` is off."""

    @property
    def named_models(self) -> tuple[ModelSection, ...]:
        """The models that are named; none where they are picked automatically."""
        return () if self.models == "auto" else self.models

    @field_validator("models", mode="before")
    @classmethod
    def _written_models(cls, value: Any, info: ValidationInfo) -> Any:
        if info.data.get("surface") == "control_plane" and value in ("auto", [], ()):
            return ()
        if isinstance(value, str) and value != "auto":
            return [name.strip() for name in value.split(",")]
        return value

    @field_validator("models", mode="after")
    @classmethod
    def _usable_models(cls, value: Models, info: ValidationInfo) -> Models:
        if value and info.data.get("surface") == "control_plane":
            raise fault("control_plane has no models to ask: name them elsewhere")
        names = [] if value == "auto" else [model.name for model in value]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise fault_at((index,), "this model is there twice")
        return value

    @field_validator("healthy_statuses", "stopped_statuses")
    @classmethod
    def _is_control_plane(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and info.data.get("surface") != "control_plane":
            raise fault("is for control_plane only")
        return value

    @field_validator("probes", mode="before")
    @classmethod
    def _with_defaults(cls, value: Any, info: ValidationInfo) -> Any:
        return probe_map.drafts(value, info.data.get("surface"))

    @field_validator("probes", mode="after")
    @classmethod
    def _fit_models(
        cls, value: dict[str, ProbeSection], info: ValidationInfo
    ) -> dict[str, ProbeSection]:
        models = info.data.get("models", ())
        for model in () if models == "auto" else models:
            for name, probe in value.items():
                if (
                    model.interval
                    and probe.per_model
                    and probe.is_timeout_written
                    and model.interval < probe.timeout
                ):
                    raise fault_at(
                        (name,),
                        f"timeout ({probe.timeout:g}s) exceeds the interval of one of "
                        f"the models ({model.interval:g}s)",
                    )
        return value
