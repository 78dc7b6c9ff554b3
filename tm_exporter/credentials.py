"""Secrets as they are asked for at run time."""

import base64
import json
from typing import Protocol

from pydantic import SecretStr


_FOREVER = 1e11  # the year 5138: what is beyond is no time that anyone meant


class SecretUnavailable(Exception):  # noqa: N818 -- a state of the world, not of us
    """A secret cannot be had now; the text says why, and nothing of the secret."""


class Secret(Protocol):
    """Something that gives a secret when asked."""

    async def get(self) -> SecretStr:
        """Return it, or raise SecretUnavailable."""
        ...

    def check(self) -> None:
        """Raise SecretUnavailable if it is known at once that it cannot be had."""
        ...

    def rejected(self) -> None:
        """Take note that the service refused it."""
        ...


def expiry(secret: SecretStr) -> float | None:
    """
    Return when a token expires, in seconds since the epoch.

    None where it does not say: only a JWT with `exp` does. The signature is not
    looked at, since nothing is decided but when to ask for the next one.
    """
    parts = secret.get_secret_value().split(".")
    if len(parts) != 3:
        return None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = json.loads(base64.urlsafe_b64decode(padded))
        claimed = claims["exp"]
        moment = 0.0 if isinstance(claimed, bool) else float(claimed)
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None
    return moment if 0 < moment < _FOREVER else None
