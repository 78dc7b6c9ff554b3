"""A client between whose requests something happens to the service."""

from collections.abc import Callable, Mapping
from itertools import count
from types import SimpleNamespace
from typing import Any, cast

from tm_exporter.clients.client import InferenceClient
from tm_exporter.exchange import Exchange


def meddling(
    client: InferenceClient, before: Mapping[int, Callable[[], None]]
) -> InferenceClient:
    """Return a client that does something just before its first, second... request."""
    numbers = count(1)

    async def post(path: str, payload: dict[str, Any], **options: Any) -> Exchange:
        before.get(next(numbers), lambda: None)()
        return await client.post(path, payload, **options)

    return cast("InferenceClient", SimpleNamespace(post=post))
