"""What the account has deployed, as the Control Plane tells it."""

import math
from typing import Any

from tm_exporter.simulator.proto_json import timestamp
from tm_exporter.simulator.served import ON_DEMAND_MODELS
from tm_exporter.simulator.world import World


_DAY = 86_400
_SHAPES = (
    # nickname, path, status, cloud, GPU, GPUs, replicas
    (
        "assistant",
        "openai/gpt-oss-120b",
        "MODEL_STATUS_RUNNING",
        "CLOUD_PROVIDER_NEBIUS",
        "GPU_TYPE_H200",
        1,
        1,
    ),
    (
        "batch",
        "google/gemma-4-31B-it",
        "MODEL_STATUS_STOPPED",
        "CLOUD_PROVIDER_LAMBDA",
        "GPU_TYPE_H100",
        1,
        0,
    ),
    (
        "research",
        "zai-org/GLM-5.2-NVFP4",
        "MODEL_STATUS_RUNNING",
        "CLOUD_PROVIDER_YOTTA",
        "GPU_TYPE_B200",
        8,
        2,
    ),
)


def deployments(world: World, status: str) -> list[dict[str, Any]]:
    """
    Return every Model message; the first is the one the on-demand surface serves.

    Args:
        world: Whose account it is.
        status: Of all of them; empty for each its own.
    """
    now = world.now() // _DAY * _DAY  # what is past does not move with every answer
    made = []
    for rank, shape in enumerate(_SHAPES, start=1):
        name, path, own_status, cloud, gpu, gpus, replicas = shape
        made.append(
            {
                "modelId": f"5e7f0000-0000-4000-8000-0000000001{rank:02}",
                "deploymentId": f"deployment-{rank}",
                "userId": world.credentials.user_id,
                "description": "",
                "modelPath": path,
                "modelName": name,
                "status": status or own_status,
                "events": _events(now, rank),
                "createdAt": timestamp(now - 10 * rank * _DAY),
                "updatedAt": timestamp(now - rank * _DAY),
                "modelSpec": {"servedName": ON_DEMAND_MODELS[0].name}
                if rank == 1
                else {},
                "infra": {
                    "cloudProvider": cloud,
                    "nebiusRegion": "NEBIUS_REGION_UNSPECIFIED",
                    "lambdaRegion": "LAMBDA_REGION_UNSPECIFIED",
                    "onpremRegion": "",
                },
                "gpuCount": gpus,
                "gpuType": gpu,
                "replicas": replicas,
                "endpoint": f"{world.url}/on-demand" if rank == 1 else "",
                "apiKey": "ak-simulated-of-a-deployment",
            }
        )
    return made


def _events(now: float, rank: int) -> list[dict[str, Any]]:
    kinds = ("EVENT_TYPE_CREATED", "EVENT_TYPE_SCHEDULED", "EVENT_TYPE_READY")
    began = now - 10 * rank * _DAY
    return [
        {
            "createdAt": timestamp(began + 60 * minute),
            "log": "A made-up event.",
            "eventType": kind,
        }
        for minute, kind in enumerate(kinds)
    ]


def metrics(start: float, end: float, step: int) -> dict[str, Any]:
    """
    Return made-up measurements of a deployment, or of all of a user's.

    Args:
        start: First time wanted, in seconds since the epoch.
        end: Last time wanted.
        step: Seconds between two.
    """
    first = math.ceil(start / step) * step
    times = range(int(first), int(end) + 1, step)[-1000:]
    waves = {
        "cache_hit_rate": (0.6, 0.2),
        "time_to_first_token_seconds": (0.4, 0.1),
        "inter_token_latency_seconds": (0.02, 0.005),
    }
    return {
        "metrics": [
            {
                "name": name,
                "data": [
                    {
                        "timestamp": timestamp(at),
                        "value": round(middle + swing * math.sin(at / 900), 6),
                    }
                    for at in times
                ],
            }
            for name, (middle, swing) in waves.items()
        ]
    }
