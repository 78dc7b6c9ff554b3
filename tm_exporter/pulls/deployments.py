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
        replicas, gpus: Zero where the field is left out, as protobuf does.
    """

    deployment_id: str
    model_name: str
    model_path: str
    status: str
    gpu_type: str
    cloud_provider: str
    replicas: int
    gpus: int


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
    rows = payload
    if isinstance(payload, dict):
        rows = payload.get("models", payload.get("data", []))
    entries = list_of([] if rows is None else rows, "models")
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
        replicas=count_of(entry.get("replicas")) or 0,
        gpus=count_of(entry.get("gpuCount")) or 0,
    )


def _text(value: Any) -> str:
    """Return a text or an enumeration's number as text; empty for anything else."""
    return str(value) if isinstance(value, str | int) else ""


def _samples(deployments: tuple[Deployment, ...]) -> Iterator[Sample]:
    for one in deployments:
        name = one.deployment_id
        hardware = (one.gpu_type, one.cloud_provider)
        facts = (name, one.model_name, *hardware, one.model_path)
        yield Sample(DEPLOYMENT_INFO, 1, facts)
        yield Sample(DEPLOYMENT_STATUS, 1, (name, one.status))
        yield Sample(DEPLOYMENT_REPLICAS, one.replicas, (name,))
        yield Sample(DEPLOYMENT_GPUS, one.gpus, (name,))
