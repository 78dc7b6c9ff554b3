"""Secrets as they are asked for at run time."""

from typing import Protocol

from pydantic import SecretStr


class SecretUnavailable(Exception):  # noqa: N818 -- a state of the world, not of us
    """A secret cannot be had now; the text says why, and nothing of the secret."""


class Secret(Protocol):
    """Something that gives a secret when asked."""

    async def get(self) -> SecretStr:
        """Return it, or raise SecretUnavailable."""
        ...

    def rejected(self) -> None:
        """Take note that the service refused it."""
        ...
