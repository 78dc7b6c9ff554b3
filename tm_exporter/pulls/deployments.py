"""Read what is deployed: GET /v1/models of the Control Plane."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from tm_exporter.catalog import (
    DEPLOYMENT_GPUS,
    DEPLOYMENT_INFO,
    DEPLOYMENT_REPLICAS,
    DEPLOYMENT_STATUS,
)
from tm_exporter.observation import Outcome, Reason, Sample
from tm_exporter.payloads import count_of, list_of, object_of
from tm_exporter.pulls.base import Pull
from tm_exporter.section import Duration, ProbeSection, Surface


_PAGE = "100"
_MISSING_ROUTE = (404, 501)


class DeploymentsSection(ProbeSection):
    """The account's deployments."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("control_plane",)
    optional: ClassVar[bool] = True
    kind: Literal["deployments"] = "deployments"
    interval: Duration = 60.0
    timeout: Duration = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """
    A deployed model, without anything secret that its entry carries.

    Attributes:
        deployment_id: Its id; the model's where it has none of its own.
        model_name: The name its owner gave it.
        model_path: What it serves, in the style of Hugging Face.
        status: The text of the enumeration, or its number as text.
        gpu_type, cloud_provider: Likewise.
        replicas, gpus: Zero where the field is left out, as protobuf does; None
            where it is there and is no number.
    """

    deployment_id: str
    model_name: str
    model_path: str
    status: str
    gpu_type: str
    cloud_provider: str
    replicas: int | None
    gpus: int | None


class DeploymentsPull(Pull[DeploymentsSection]):
    """The route is known from use, not from a reference: it may not be there."""

    async def run(self) -> Outcome:
        """
        Ask once.

        Returns:
            Info, status, replicas and GPUs of each deployment. Where the route is
            missing or its answer cannot be read, it counts as unsupported.
        """
        judged, outcome = await self.read(
            "/v1/models", _read, _samples, params={"size": _PAGE}
        )
        exchange = outcome.exchanges[0]
        supported = (
            exchange.status not in _MISSING_ROUTE
            and judged.verdict.reason is not Reason.BAD_PAYLOAD
        )
        return replace(outcome, supported=supported)


def _read(payload: Any) -> tuple[Deployment, ...]:
    """Return the deployments, from any of the envelopes that may come."""
    if isinstance(payload, list):
        entries = payload
    else:
        envelope = object_of(payload, "the answer")
        rows = envelope.get("models", envelope.get("data"))
        entries = [] if rows is None else list_of(rows, "models")
    return tuple(_deployment(row, f"models[{at}]") for at, row in enumerate(entries))


def _deployment(row: Any, where: str) -> Deployment:
    entry = object_of(row, where)
    infra = entry.get("infra")
    provider = infra.get("cloudProvider") if isinstance(infra, dict) else None
    return Deployment(
        deployment_id=_text(entry.get("deploymentId")) or _text(entry.get("modelId")),
        model_name=_text(entry.get("modelName")),
        model_path=_text(entry.get("modelPath")),
        status=_text(entry.get("status")),
        gpu_type=_text(entry.get("gpuType")),
        cloud_provider=_text(provider),
        replicas=_number(entry.get("replicas")),
        gpus=_number(entry.get("gpuCount")),
    )


def _text(value: Any) -> str:
    """Return a text or an enumeration's number as text; empty for anything else."""
    return str(value) if isinstance(value, str | int) else ""


def _number(value: Any) -> int | None:
    """Return a count, which may come as text; 0 where protobuf left it out."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:10])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return 0 if value is None else count_of(value)


def _samples(deployments: tuple[Deployment, ...]) -> Iterator[Sample]:
    for one in deployments:
        name = one.deployment_id
        hardware = (one.gpu_type, one.cloud_provider)
        facts = (name, one.model_name, *hardware, one.model_path)
        yield Sample(DEPLOYMENT_INFO, 1, facts)
        yield Sample(DEPLOYMENT_STATUS, 1, (name, one.status))
        if one.replicas is not None:
            yield Sample(DEPLOYMENT_REPLICAS, one.replicas, (name,))
        if one.gpus is not None:
            yield Sample(DEPLOYMENT_GPUS, one.gpus, (name,))
