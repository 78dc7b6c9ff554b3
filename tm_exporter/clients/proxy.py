"""Which proxy stands between us and a host, and how to pass through it."""

import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

import h11
import httpx
from pydantic import SecretStr

from tm_exporter.clients.connection import Connection
from tm_exporter.clients.ended import Ended
from tm_exporter.credentials import SecretUnavailable
from tm_exporter.exchange import FaultKind, Stage


class ProxyRefused(Exception):  # noqa: N818 -- the proxy's word, not a fault of ours
    """The proxy would not connect us; the text says what it answered."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """
    A proxy that is asked to CONNECT.

    Attributes:
        url: `http://host:port`, perhaps with a user name and a password.
        password: Returns the password, where it does not stand in the URL, or
            `user:password`.
    """

    url: httpx.URL
    password: Callable[[], Awaitable[SecretStr]] | None = None

    @classmethod
    def at(
        cls, url: str, password: Callable[[], Awaitable[SecretStr]] | None = None
    ) -> "Proxy":
        """Return the proxy at an address."""
        return cls(httpx.URL(url), password)

    async def authorization(self) -> str | None:
        """
        Return the value of Proxy-Authorization, None without a user and a password.

        Raises:
            SecretUnavailable: The password cannot be had, or nobody says whose it is.
        """
        user, password = unquote(self.url.username), unquote(self.url.password or "")
        if self.password is not None:
            told = (await self.password()).get_secret_value()
            if not user and ":" not in told:
                raise SecretUnavailable(
                    "the proxy's password is nobody's: write `user:password` into its"
                    " file, or the user into proxy_url"
                )
            whose, _, rest = told.partition(":")
            is_pair = ":" in told and user in ("", whose)
            user, password = (whose, rest) if is_pair else (user, told)
        elif not user:
            return None
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def proxy_from_environment(url: httpx.URL, environ: Mapping[str, str]) -> Proxy | None:
    """
    Return the proxy that HTTPS_PROXY names for an https URL, unless NO_PROXY does.

    Never for loopback: no proxy could reach it.

    Raises:
        Ended: What it names is no URL, or that of a proxy which is not understood.
    """
    if url.scheme != "https" or is_loopback(url.host):
        return None
    named = environ.get("HTTPS_PROXY") or environ.get("https_proxy")
    spared = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    if not named or proxy_bypass_environment(url.host, {"no": spared}):
        return None
    try:
        proxy = Proxy.at(named if "://" in named else f"http://{named}")
    except httpx.InvalidURL:  # whose text may hold a part of the password
        raise _refused("HTTPS_PROXY is not a URL") from None
    if proxy.url.scheme != "http" or not proxy.url.host:
        raise _refused(
            "HTTPS_PROXY must be http://host:port: other proxies are not supported"
        )
    if proxy.url.port is not None and not 0 < proxy.url.port < 65536:
        raise _refused("HTTPS_PROXY has no valid port: it is one from 1 to 65535")
    return proxy


def _refused(sentence: str) -> Ended:
    return Ended(FaultKind.FAILED, sentence, stage=Stage.PREPARE)


def is_loopback(host: str) -> bool:
    """Whether a host can only be this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


async def pass_through(
    connection: Connection, host: str, port: int, authorization: str | None
) -> None:
    """
    Ask the proxy at the other end of `connection` for a tunnel to a host.

    Raises:
        ProxyRefused: It answered something else than 2xx, or not in HTTP.
        OSError: It closed or reset the connection.

    Source: RFC 9110, section 9.3.6 (CONNECT).
    """
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    headers = [("Host", authority)]
    if authorization is not None:
        headers.append(("Proxy-Authorization", authorization))
    parser = h11.Connection(h11.CLIENT)
    request = h11.Request(method="CONNECT", target=authority, headers=headers)
    await connection.send(parser.send(request) + parser.send(h11.EndOfMessage()))
    while True:
        try:
            event = parser.next_event()
        except h11.RemoteProtocolError as error:
            raise ProxyRefused(f"the proxy does not speak HTTP: {error}") from None
        if isinstance(event, h11.Response):
            if not 200 <= event.status_code < 300:
                raise ProxyRefused(f"the proxy answered {event.status_code}")
            return
        if event is h11.NEED_DATA:
            _, data = await connection.receive()
            if not data:
                raise ProxyRefused("the proxy closed the connection")
            parser.receive_data(data)
