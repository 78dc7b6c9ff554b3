"""What is said where there is no such page, or no such way to ask for it."""

from typing import cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response


async def refuse(_: Request, error: Exception) -> Response:
    """Answer in plain text, without repeating what was asked for."""
    refusal = cast("HTTPException", error)
    return PlainTextResponse(
        f"{refusal.detail}\n",
        status_code=refusal.status_code,
        headers=refusal.headers,
    )
