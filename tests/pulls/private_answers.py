"""
Answers of every Control Plane route, with a marker in each field that is private.

What is exported on purpose (ids of keys and deployments, names and paths of models,
statuses, actions, currencies) has an ordinary value.
"""

from collections.abc import Mapping
from itertools import count
from typing import Any


MARK = "zq7private"
"""What every marker begins with; nothing in it is changed by JSON, HTML or a URL."""

_numbers = count(1)


def marker() -> str:
    """Return a marker of its own."""
    return f"{MARK}{next(_numbers):04}"


def marked(value: Any) -> Any:
    """Return a JSON value in which each `...` became a marker."""
    if value is ...:
        return marker()
    if isinstance(value, dict):
        return {marker() if k is ... else k: marked(v) for k, v in value.items()}
    return [marked(each) for each in value] if isinstance(value, list) else value


def misshapen(value: Any, *, key: str = "") -> Any:
    """Return the value with another shape in place of each leaf, and a marker there."""
    if isinstance(value, dict):
        return {name: misshapen(each, key=name) for name, each in value.items()}
    if isinstance(value, list):
        return [misshapen(each, key=key) for each in value]
    return {marker(): [marker(), 1.5, None, {"deeper": marker()}], "units": marker()}


NEVER = "0001-01-01T00:00:00Z"
TIME = "2026-11-20T08:00:00Z"
USD = {"currencyCode": "USD", "units": "3", "nanos": 250_000_000, "note": ...}
METRICS = {
    "metrics": [
        {
            "name": "ttft",
            "description": ...,
            "data": [{"timestamp": TIME, "value": 1.5, "traceId": ...}],
        }
    ],
    "userEmail": ...,
}

ANSWERS: Mapping[str, Any] = {
    "/auth/profile": {
        "user": {
            **dict.fromkeys(("id", "firstName", "lastName", "displayName"), ...),
            **dict.fromkeys(("userEmail", "authProviderId", "avatarUrl"), ...),
            **dict.fromkeys(("authProvider", "stripeCusId", "userRole"), ...),
            **dict.fromkeys(("apiKey", "company", "surveyCompletedAt"), ...),
            "tosAcceptedAt": TIME,
        },
        "session": ...,
    },
    "/v1/models": {
        "models": [
            {
                "deploymentId": "deployment-1",
                "modelName": "a-model",
                "modelPath": "org/a-model",
                "status": "MODEL_STATUS_RUNNING",
                "gpuType": "GPU_TYPE_H100",
                "gpuCount": 1,
                "replicas": 1,
                "infra": {
                    "cloudProvider": "CLOUD_PROVIDER_NEBIUS",
                    "onpremRegion": ...,
                    "nebiusRegion": ...,
                },
                "events": [{"createdAt": TIME, "log": ..., "eventType": "EVENT_A"}],
                "modelSpec": {"env": {"HF_TOKEN": ..., ...: ...}},
                **dict.fromkeys(("modelId", "userId", "description"), ...),
                **dict.fromkeys(("endpoint", "apiKey", "hfToken", "nodeId"), ...),
            }
        ],
        "owner": ...,
    },
    "/v1/observability/users/metrics": METRICS,
    "/v1/observability/deployments/*/metrics": METRICS,
    "/v1/billing/balance": {"balance": USD, "userId": ..., "email": ...},
    "/v1/billing/spending/summary": {
        **dict.fromkeys(("spend24h", "spend7d", "spend30d"), USD),
        "userId": ...,
    },
    "/v1/billing/spending/history": {
        "buckets": [
            {"bucketStart": TIME, "amount": USD, "costSaving": USD, "comment": ...}
        ]
    },
    "/v1/billing/transactions": {
        "transactions": [
            {
                "status": "TRANSACTION_STATUS_SUCCEEDED",
                "createdAt": TIME,
                "amount": USD,
                "details": {"lines": [{"email": ..., ...: ...}]},
                **dict.fromkeys(("transactionId", "stripePaymentIntentId"), ...),
                **dict.fromkeys(("paymentMethodId", "description", "type"), ...),
            }
        ]
    },
    "/v1/billing/serverless-usage/history": {
        "rows": [
            {
                "bucketStart": TIME,
                "modelId": "org/a-model",
                "inputTokens": "10",
                "outputTokens": "5",
                "cachedTokens": "0",
                "requestCount": "1",
                "userId": ...,
                "apiKeyName": ...,
            }
        ]
    },
    "/v1/billing/serverless-pricing": {
        "pricing": [
            {
                "id": ...,
                "name": ...,
                "model": "org/a-model",
                "inputTokenPrice": USD,
                "outputTokenPrice": USD,
                "cachedTokenPrice": USD,
                "isActive": True,
                "contract": ...,
            }
        ]
    },
    "/v1/billing/gpu-pricing": {
        "pricing": [
            {
                "gpuType": "GPU_TYPE_H100",
                "cloudProvider": "CLOUD_PROVIDER_NEBIUS",
                "hourlyRate": USD,
                "isActive": True,
                "contract": ...,
            }
        ]
    },
    "/v1/billing/stripe/customers/payment-methods": {
        "stripePaymentMethodIds": [...],
        "paymentMethods": [
            {
                "expMonth": 12,
                "expYear": 2040,
                "isDefault": True,
                "billing": {"name": ..., "address": [..., ...]},
                **dict.fromkeys(("stripePaymentMethodId", "type", "brand"), ...),
                **dict.fromkeys(("last4", "fingerprint"), ...),
            }
        ],
    },
    "/v1/users/api-keys": {
        "apiKeys": [
            {
                "id": "key-1",
                "name": ...,
                "scopes": [..., ...],
                "createdAt": TIME,
                "expiresAt": "2040-01-01T00:00:00Z",
                "deletedAt": NEVER,
                "secret": ...,
            }
        ]
    },
    "/v1/activities": {
        "activities": [
            {
                "action": "user.login",
                "occurredAt": TIME,
                "recordedAt": TIME,
                "metadata": {"ip": ..., ...: [...]},
                **dict.fromkeys(("activityId", "actorType", "userId"), ...),
                **dict.fromkeys(("resourceType", "resourceId", "description"), ...),
            }
        ]
    },
    "/v1/support/tickets": {
        "tickets": [
            {
                "status": "TICKET_STATUS_OPEN",
                "createdAt": TIME,
                "updatedAt": TIME,
                "conversations": [
                    dict.fromkeys(("userId", "userName", "userRole", "content"), ...)
                ],
                **dict.fromkeys(
                    ("ticketId", "subject", "requesterUserId", "type"), ...
                ),
            }
        ]
    },
}
"""By route, as the simulator's rules name it; `...` stands for a marker."""
