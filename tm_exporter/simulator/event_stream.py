"""Server-sent events, each handed to the socket on its own."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import orjson
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send


DONE = b"data: [DONE]\n\n"
PING = b": ping\n\n"


class Json(Response):
    """A JSON answer."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the bytes of the body."""
        return orjson.dumps(content)


class EventStream(StreamingResponse):
    """
    Events as they come.

    Unlike its base it does not watch for the client going away: the gate does that
    for every answer, and ends the events at once when it happens.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes]) -> None:
        super().__init__(events, headers={"cache-control": "no-cache"})
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send them."""
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        async with aclosing(self._events) as events:
            async for event in events:
                await send(
                    {"type": "http.response.body", "body": event, "more_body": True}
                )
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def event(content: dict[str, Any], name: str | None = None) -> bytes:
    """Return one event, with a line for its name if it has one."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + orjson.dumps(content) + b"\n\n"
