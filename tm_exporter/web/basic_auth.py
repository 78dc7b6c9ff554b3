"""Asks for a name and a password, where the web configuration has users."""

import base64
import binascii

from starlette.types import ASGIApp, Receive, Scope, Send

from tm_exporter.web.connection import WELCOME
from tm_exporter.web.limits import Refusal
from tm_exporter.web.passwords import Busy, Passwords
from tm_exporter.web.protection import Current


_CHALLENGE = 'Basic realm="tm-exporter", charset="UTF-8"'


class BasicAuth:
    """
    Middleware that lets only users in, if there are any.

    Args:
        app: What answers them.
        protection: Has the users.
        passwords: Tells right ones from wrong ones.

    Source: RFC 7617.
    """

    def __init__(
        self, app: ASGIApp, protection: Current, passwords: Passwords | None = None
    ) -> None:
        self._app = app
        self._protection = protection
        self._passwords = passwords or Passwords()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a user, and nobody else."""
        refusal = await self._refusal(scope)
        scope.setdefault("state", {})[WELCOME] = refusal is None
        await (refusal or self._app)(scope, receive, send)

    async def _refusal(self, scope: Scope) -> Refusal | None:
        users = self._protection().users
        if not users:
            return None
        said = credentials(scope)
        try:
            if said and await self._passwords.is_right(users, *said, _address(scope)):
                return None
        except Busy:
            return Refusal(503, "too many passwords to check", retry_after="1")
        return Refusal(401, "name and password, please", www_authenticate=_CHALLENGE)


def credentials(scope: Scope) -> tuple[bytes, bytes] | None:
    """Return the name and password that a request has; None where it has none."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, encoded = value.partition(b" ")
            if scheme.lower() != b"basic":
                return None
            try:
                decoded = base64.b64decode(encoded.strip(), validate=True)
            except binascii.Error:
                return None
            user, colon, password = decoded.partition(b":")
            return (user, password) if colon else None
    return None


def _address(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])
