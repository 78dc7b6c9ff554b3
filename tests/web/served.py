"""A server under test, its clients' certificates, and what it says."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import bcrypt
import httpx
import trustme
from starlette.types import ASGIApp

from tests.clients.certificates import tls_of
from tm_exporter.web.connection import BoundedConnection
from tm_exporter.web.guard import guarded
from tm_exporter.web.protection import Current, none
from tm_exporter.web.server import WebServer


@asynccontextmanager
async def served(
    app: ASGIApp,
    protection: Current = none,
    protocol: type[BoundedConnection] = BoundedConnection,
) -> AsyncIterator[str]:
    """Serve an application behind its guard; yield the address."""
    server = WebServer(
        guarded(app, protection),
        "127.0.0.1:0",
        protection=protection,
        protocol=protocol,
    )
    url = await server.start()
    try:
        yield url
    finally:
        await server.stop()


def port_of(url: str) -> int:
    """Return the port of an address."""
    return int(url.rpartition(":")[2])


@cache
def authority() -> trustme.CA:
    """Return the authority that all certificates are of."""
    return trustme.CA()


@cache
def hashed(password: bytes) -> bytes:
    """Return a hash that is cheap to check."""
    return bcrypt.hashpw(password, bcrypt.gensalt(4))


def server_tls(*, asks_clients: ssl.VerifyMode = ssl.CERT_NONE) -> ssl.SSLContext:
    """Return the TLS of a server that the authority vouches for."""
    context = tls_of(authority().issue_cert("127.0.0.1", "localhost"))
    context.verify_mode = asks_clients
    authority().configure_trust(context)
    return context


def client_tls(*names: str) -> ssl.SSLContext:
    """Return the TLS of a client; it shows a certificate of these names, if any."""
    context = ssl.create_default_context()
    authority().configure_trust(context)
    if names:
        authority().issue_cert(*names).configure_cert(context)
    return context


def client(
    tls: ssl.SSLContext | None = None, user: tuple[str, str] | None = None
) -> httpx.AsyncClient:
    """Return a client that heeds no variable of the environment."""
    return httpx.AsyncClient(verify=tls or False, auth=user, trust_env=False)
