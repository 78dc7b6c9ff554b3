"""A proxy between us and the service: which one, how it is passed, how it fails."""

import base64
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from pydantic import SecretStr

from tests.clients.asking import (
    SECRET,
    ScriptedResolver,
    ask,
    make_transport,
    seen,
)
from tests.clients.certificates import expired, tls_of
from tests.scripted_server import (
    Server,
    answer,
    deaf_port,
    free_port,
    handshake,
    head,
    relay,
    request,
    reset,
    send,
    serving,
    silence,
)
from tm_exporter.clients.ended import Ended
from tm_exporter.clients.proxy import Proxy, is_loopback, proxy_from_environment
from tm_exporter.clients.transport import Transport
from tm_exporter.clients.trust import TrustSet
from tm_exporter.credentials import SecretUnavailable
from tm_exporter.exchange import FaultKind, Phase, Stage
from tm_exporter.observation import Reason


OPENED = head(status="200 Connection established")


def proxy_at(port: int, login: str = "", **options: Any) -> Proxy:
    """Return a proxy on a port of this machine."""
    return Proxy(httpx.URL(f"http://{login}127.0.0.1:{port}"), **options)


def through(proxy: Proxy | None, **options: Any) -> Transport:
    """Return a transport that could not resolve any name by itself."""
    return make_transport(proxy=proxy, resolver=ScriptedResolver(OSError()), **options)


async def test_tls_goes_through_the_tunnel(
    ca_bundle: Path, server_tls: ssl.SSLContext
) -> None:
    """The proxy resolves the name, and sees nothing of what is asked."""
    with (
        serving(handshake(server_tls), request, send(answer())) as target,
        serving(request, send(OPENED), relay(target.port)) as proxy,
    ):
        exchange = await ask(
            f"https://service.test:{target.port}/",
            transport=through(proxy_at(proxy.port), trust=TrustSet(ca_bundle)),
        )

    asked = f"CONNECT service.test:{target.port} HTTP/1.1\r\n".encode()
    assert seen(exchange) == (None, None, None)
    assert set(exchange.phases) == {Phase.PROXY, Phase.TLS, Phase.WAIT, Phase.TRANSFER}
    assert proxy.received == asked + (
        f"Host: service.test:{target.port}\r\n\r\n".encode()
    )
    assert target.received.startswith(b"GET / HTTP/1.1\r\n")
    assert exchange.certificate is not None
    assert exchange.peer_address == f"127.0.0.1:{proxy.port}"


async def test_plain_http_goes_through_a_tunnel_too() -> None:
    """A configured proxy is asked to CONNECT whatever the scheme."""
    with (
        serving(request, send(answer())) as target,
        serving(request, send(OPENED), relay(target.port)) as proxy,
    ):
        exchange = await ask(
            f"http://service.test:{target.port}/",
            transport=through(proxy_at(proxy.port)),
        )

    assert seen(exchange) == (None, None, None)
    assert set(exchange.phases) == {Phase.PROXY, Phase.WAIT, Phase.TRANSFER}


async def sent_to(proxy: Server, given: Proxy) -> str | None:
    """Return the Proxy-Authorization that a refusing proxy was sent, decoded."""
    await ask("http://service.test/", transport=through(given))
    for line in proxy.received.split(b"\r\n"):
        if line.lower().startswith(b"proxy-authorization: basic "):
            return base64.b64decode(line.rpartition(b" ")[2]).decode()
    return None


async def give_password() -> SecretStr:
    """Return what a password file would have."""
    return SecretStr("from-a-file")


async def give_both() -> SecretStr:
    """Return what one would have that says whose it is."""
    return SecretStr("you:from:a:file")


@pytest.mark.parametrize(
    ("login", "options", "expected"),
    [
        pytest.param("", {}, None, id="none"),
        pytest.param("me:pw@", {}, "me:pw", id="in-the-url"),
        pytest.param("m%40e:p%3A%2Fw@", {}, "m@e:p:/w", id="escaped"),
        pytest.param("me@", {}, "me:", id="no-password"),
        pytest.param(
            "me@", {"password": give_password}, "me:from-a-file", id="from-a-file"
        ),
        pytest.param(
            "me:pw@", {"password": give_password}, "me:from-a-file", id="file-over-url"
        ),
        pytest.param("", {"password": give_both}, "you:from:a:file", id="both"),
        pytest.param("you@", {"password": give_both}, "you:from:a:file", id="twice"),
        pytest.param(
            "me@", {"password": give_both}, "me:you:from:a:file", id="with-a-colon"
        ),
    ],
)
async def test_the_proxy_is_told_who_we_are(
    login: str, options: dict[str, Any], expected: str | None
) -> None:
    """Of a URL or a file; and never the service's own credential."""
    with serving(request, send(head(status="407 Who"))) as proxy:
        told = await sent_to(proxy, proxy_at(proxy.port, login, **options))

    assert told == expected
    assert SECRET.encode() not in proxy.received


async def test_a_password_that_is_nobodys_is_our_own_fault() -> None:
    """It says how to tell whose it is, and not the password."""
    with serving(request, send(OPENED)) as proxy:
        given = proxy_at(proxy.port, password=give_password)
        exchange = await ask("https://service.test/", transport=through(given))

    assert seen(exchange)[2] is Reason.CONFIGURATION
    assert exchange.fault is not None
    assert "write `user:password` into its file" in exchange.fault.detail
    assert not proxy.received


async def test_the_service_is_not_told_the_proxys_password() -> None:
    """It goes to the proxy, and no further."""
    with (
        serving(request, send(answer())) as target,
        serving(request, send(OPENED), relay(target.port)) as proxy,
    ):
        await ask(
            f"http://service.test:{target.port}/",
            transport=through(proxy_at(proxy.port, "me:pw@")),
        )

    assert b"proxy-authorization" not in target.received.lower()


async def test_a_password_that_cannot_be_read_is_our_own_fault() -> None:
    """The proxy is not even connected to."""

    async def missing() -> SecretStr:
        raise SecretUnavailable("proxy-password is missing")

    with serving(silence) as proxy:
        given = proxy_at(proxy.port, "me@", password=missing)
        exchange = await ask("http://service.test/", transport=through(given))

    assert seen(exchange) == (Stage.PREPARE, FaultKind.FAILED, Reason.CONFIGURATION)
    assert exchange.fault is not None
    assert exchange.fault.detail == "proxy-password is missing"
    assert proxy.peers == []


FAILURES = [
    ("407", [send(head(status="407 Who"))], FaultKind.REFUSED),
    ("403", [send(head(status="403 No"))], FaultKind.REFUSED),
    ("502", [send(head(status="502 Bad"))], FaultKind.REFUSED),
    ("302", [send(head("Location: /", status="302 Go"))], FaultKind.REFUSED),
    ("endless-refusal", [send(head(status="403 No")), silence], FaultKind.REFUSED),
    ("interim-then-refusal", [send(head(status="100 C") + head(status="403 N"))],
     FaultKind.REFUSED),
    ("closed", [], FaultKind.REFUSED),
    ("closed-within", [send(b"HTTP/1.1 20")], FaultKind.REFUSED),
    ("reset", [reset], FaultKind.FAILED),
    ("ssh", [send(b"SSH-2.0-x\r\n\r\n"), silence], FaultKind.REFUSED),
    ("garbage", [send(b"\x15\x03\x01\r\n\r\n"), silence], FaultKind.REFUSED),
    ("endless-header", [send(b"HTTP/1.1 200 OK\r\nA: " + b"x" * 99_999), silence],
     FaultKind.REFUSED),
    ("silent", [silence], FaultKind.TIMEOUT),
]  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "kind"), [pytest.param(*row[1:], id=row[0]) for row in FAILURES]
)
async def test_a_proxy_that_does_not_connect_us(
    steps: list[Any], kind: FaultKind
) -> None:
    """Whatever it does instead, it is the proxy, and not the service."""
    with serving(request, *steps) as proxy:
        exchange = await ask(
            "https://service.test/",
            transport=through(proxy_at(proxy.port)),
            timeout=0.3 if kind is FaultKind.TIMEOUT else 10,
        )

    assert seen(exchange) == (Stage.PROXY, kind, Reason.PROXY)
    assert set(exchange.phases) == {Phase.PROXY}
    assert exchange.sent is None


async def test_a_proxy_that_is_not_there() -> None:
    """Refused, silent, or a name that does not resolve: all of it is `proxy`."""
    unresolved = Proxy(httpx.URL("http://proxy.invalid:3128"))
    with deaf_port() as deaf:
        for given, kind in (
            (proxy_at(free_port()), FaultKind.REFUSED),
            (proxy_at(deaf), FaultKind.TIMEOUT),
            (unresolved, FaultKind.FAILED),
        ):
            exchange = await ask(
                "https://service.test/", transport=through(given), timeout=0.3
            )

            assert seen(exchange) == (Stage.PROXY, kind, Reason.PROXY)


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        pytest.param([silence], Reason.TLS, id="silent-service"),
        pytest.param([], Reason.TLS, id="closing-service"),
    ],
)
async def test_behind_the_tunnel_it_is_the_service_again(
    steps: list[Any], reason: Reason
) -> None:
    """The proxy did what it was asked for."""
    with serving(request, send(OPENED), *steps) as proxy:
        exchange = await ask(
            "https://service.test/",
            transport=through(proxy_at(proxy.port)),
            timeout=0.4,
        )

    assert seen(exchange)[2] is reason
    assert {Phase.PROXY, Phase.TLS} == set(exchange.phases)


async def test_a_refused_certificate_is_seen_through_the_tunnel(
    authority: trustme.CA, ca_bundle: Path
) -> None:
    """The second look takes the same way, and tells the service nothing."""
    with (
        serving(handshake(tls_of(expired(authority))), silence) as target,
        serving(request, send(OPENED), relay(target.port)) as proxy,
    ):
        exchange = await ask(
            f"https://localhost:{target.port}/",
            transport=through(
                proxy_at(proxy.port, "me:pw@"), trust=TrustSet(ca_bundle)
            ),
        )

    assert seen(exchange) == (Stage.TLS, FaultKind.FAILED, Reason.TLS)
    assert exchange.certificate is not None
    assert not exchange.certificate.verified
    assert (len(target.peers), target.received) == (2, b"")


URL = "https://service.test/"
NAMED = {"HTTPS_PROXY": "http://proxy.test:3128"}
ENVIRONMENTS: list[tuple[str, str, Mapping[str, str], str | None]] = [
    ("named", URL, NAMED, "http://proxy.test:3128"),
    ("small-letters", URL, {"https_proxy": "http://p.test:1"}, "http://p.test:1"),
    ("without-scheme", URL, {"HTTPS_PROXY": "p.test:1"}, "http://p.test:1"),
    ("nothing", URL, {}, None),
    ("empty", URL, {"HTTPS_PROXY": ""}, None),
    ("other-variables", URL, {"HTTP_PROXY": "http://p.test", "ALL_PROXY": "x"}, None),
    ("plain-http", "http://service.test/", NAMED, None),
    ("spared", URL, {**NAMED, "NO_PROXY": "other.test, service.test"}, None),
    ("spared-domain", URL, {**NAMED, "NO_PROXY": ".test"}, None),
    ("spared-in-small-letters", URL, {**NAMED, "no_proxy": "service.test"}, None),
    ("all-spared", URL, {**NAMED, "NO_PROXY": "*"}, None),
    ("others-spared", URL, {**NAMED, "NO_PROXY": "x.test"}, "http://proxy.test:3128"),
    ("loopback-name", "https://localhost/", NAMED, None),
    ("loopback-ip4", "https://127.8.9.1/", NAMED, None),
    ("loopback-ip6", "https://[::1]/", NAMED, None),
]


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [pytest.param(*row[1:], id=row[0]) for row in ENVIRONMENTS],
)
def test_the_environment_may_name_a_proxy(
    url: str, environ: Mapping[str, str], expected: str | None
) -> None:
    """For https, unless NO_PROXY spares the host; never for this machine."""
    proxy = proxy_from_environment(httpx.URL(url), environ)

    assert (None if proxy is None else str(proxy.url)) == expected


def test_a_proxy_that_is_no_url_is_told_without_its_password() -> None:
    """What stands in a variable may be a secret."""
    environ = {"HTTPS_PROXY": f"http://me:{SECRET}/x@proxy.test:1"}

    with pytest.raises(Ended, match=r"^HTTPS_PROXY is not a URL$"):
        proxy_from_environment(httpx.URL(URL), environ)


NOT_SUPPORTED = "HTTPS_PROXY must be http://host:port: other proxies are not supported"
NO_PORT = "HTTPS_PROXY has no valid port: it is one from 1 to 65535"


@pytest.mark.parametrize(
    ("named", "why"),
    [
        pytest.param("http://proxy.test:port", "HTTPS_PROXY is not a URL", id="word"),
        pytest.param("http://127.0.0.1:99999", NO_PORT, id="port-too-large"),
        pytest.param("http://127.0.0.1:0", NO_PORT, id="port-zero"),
        pytest.param("socks5://proxy.test:1080", NOT_SUPPORTED, id="socks"),
        pytest.param("https://proxy.test:443", NOT_SUPPORTED, id="tls-to-the-proxy"),
        pytest.param("http://:3128", NOT_SUPPORTED, id="no-host"),
    ],
)
async def test_a_bad_variable_is_our_own_fault(named: str, why: str) -> None:
    """No request left; a proxy of another kind is not spoken to as if it were HTTP."""
    transport = make_transport(environ={"HTTPS_PROXY": named})

    exchange = await ask(URL, transport=transport)

    assert seen(exchange) == (Stage.PREPARE, FaultKind.FAILED, Reason.CONFIGURATION)
    assert exchange.fault is not None
    assert exchange.fault.detail == why


async def test_the_configured_proxy_is_preferred_to_the_environments() -> None:
    """What is written for one target was meant."""
    with serving(request, send(head(status="403 No"))) as proxy:
        environ = {"HTTPS_PROXY": f"http://127.0.0.1:{free_port()}"}
        transport = through(proxy_at(proxy.port), environ=environ)

        exchange = await ask(URL, transport=transport)

    assert exchange.fault is not None
    assert exchange.fault.detail == "the proxy answered 403"


async def test_the_environments_proxy_is_used() -> None:
    """And read at each request, so that a test may hand one in."""
    with serving(request, send(head(status="403 No"))) as proxy:
        environ = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}

        exchange = await ask(URL, transport=through(None, environ=environ))

    assert seen(exchange)[2] is Reason.PROXY
    assert proxy.received.startswith(b"CONNECT service.test:443 ")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("[::1]", True),
        ("127.example.test", False),
        ("notlocalhost", False),
        ("10.0.0.1", False),
    ],
)
def test_what_can_only_be_this_machine(host: str, expected: bool) -> None:  # noqa: FBT001
    """No proxy could reach it."""
    assert is_loopback(host) is expected
