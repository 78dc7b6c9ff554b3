"""How faults on the way to the service are brought about."""

import ssl
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import trustme

from tests.clients.asking import ScriptedResolver
from tests.clients.certificates import (
    asking_for_a_certificate,
    expired,
    outdated,
    tls_of,
)
from tests.clients.test_connect import no_descriptor_left
from tests.faults.scene import (
    LONG,
    NAME,
    NO_SUCH_NAME,
    SHORT,
    Good,
    Injection,
    Way,
    World,
    answered,
    dripping,
    forget,
    found_at,
    in_place_of,
    loopback,
    nowhere,
    over_tls,
    private,
    proxied,
    proxy_at,
    reached,
    secret,
    served,
    turned,
)
from tests.faults.strange import (
    Flapping,
    MissingSecret,
    Slow,
    closing_the_idle,
)
from tests.scripted_server import (
    Step,
    answer,
    any_bytes,
    chunked,
    free_port,
    head,
    pause,
    relay,
    request,
    reset,
    send,
    send_for_ever,
    serving,
    silence,
)
from tm_exporter.clients.trust import TrustSet


OPENED = send(head(status="200 Connection established"))
CONTINUE = head(status="100 Continue")
CHUNKS = "Transfer-Encoding: chunked"


def through_proxy(world: World, stack: ExitStack) -> Way:
    """Have a proxy connect to the service."""
    steps = (request, OPENED, relay(world.port))
    return Way(host=NAME, proxy=proxy_at(stack.enter_context(serving(*steps)).port))


def half_answer(good: Good) -> Sequence[Step]:
    """Send an answer without the second half of its body."""
    whole = good.sent()
    return (send(whole[: len(whole) - len(good.half)]),)


def dying_proxy(world: World, stack: ExitStack) -> Way:
    """Have the tunnel break in the middle of the answer."""
    steps = (OPENED, forget, in_place_of(world.port, half_answer))
    return proxied(*steps)(world, stack)


def stranger(_: World) -> ssl.SSLContext:
    """Return the TLS of a server whose authority nobody knows."""
    return tls_of(trustme.CA().issue_cert(NAME))


BEFORE: Mapping[str, Injection] = {
    "ca-missing": nowhere(scheme="https", trust=TrustSet(Path("/nowhere/ca.pem"))),
    "secret-missing": nowhere(secret=MissingSecret()),
    "secret-with-line-feed": served(silence, secret=secret("a\nb")),
    "no-descriptor": nowhere(around=no_descriptor_left),
    "name-unknown": nowhere(host=NAME, resolver=ScriptedResolver(NO_SUCH_NAME)),
    "name-without-address": nowhere(host=NAME, resolver=ScriptedResolver([])),
    "name-hangs": nowhere(host=NAME, timeout=SHORT),
    "name-flaps": reached(
        lambda _, port: Way(host=NAME, resolver=Flapping([loopback(port)]), runs=2)
    ),
    "name-slow": reached(
        lambda _, port: Way(host=NAME, resolver=Slow([loopback(port)]))
    ),
    "proxy-refused": lambda *_: Way(host=NAME, proxy=proxy_at(free_port())),
    "proxy-deaf": lambda world, _: Way(
        host=NAME, proxy=proxy_at(world.deaf), timeout=SHORT
    ),
    "proxy-407": proxied(send(head("Proxy-Authenticate: Basic", status="407 Who"))),
    "proxy-refuses": proxied(send(head(status="403 No"))),
    "proxy-bad-gateway": proxied(send(answer(status="502 Bad"))),
    "proxy-closes": proxied(send(b"HTTP/1.1 20")),
    "proxy-resets": proxied(reset),
    "proxy-rubbish": proxied(send(b"\x05\xff\r\n\r\n"), silence),
    "proxy-endless-header": proxied(
        send(b"HTTP/1.1 200 OK\r\nX: "), send_for_ever(b"x" * 4096)
    ),
    "proxy-silent": proxied(silence, timeout=SHORT),
    "proxy-dies-early": proxied(OPENED, scheme="https"),
    "proxy-dies": dying_proxy,
    "proxy-good": through_proxy,
    "refused": lambda *_: Way(port=free_port()),
    "last-address-refused": lambda world, _: Way(
        host=NAME, resolver=found_at(world.deaf, free_port()), timeout=3 * SHORT
    ),
    "black-hole": lambda world, _: Way(port=world.deaf, timeout=SHORT),
    "unreachable": nowhere(host="127.255.255.255"),
    "first-address-refused": reached(
        lambda _, port: Way(host=NAME, resolver=found_at(free_port(), port))
    ),
    "first-address-dead": reached(
        lambda world, port: Way(
            host=NAME, resolver=found_at(world.deaf, port), timeout=0.8
        )
    ),
    "tls-expired": private(lambda world: tls_of(expired(world.authority))),
    "tls-wrong-name": private(lambda world: world.tls("elsewhere.test")),
    "tls-unknown-authority": private(stranger),
    "tls-old-protocol": private(lambda world: outdated(world.tls())),
    "tls-plain": over_tls(any_bytes, send(answer(status="400 Bad"))),
    "tls-closed": over_tls(any_bytes),
    "tls-reset": over_tls(any_bytes, reset),
    "tls-silent": over_tls(any_bytes, silence, timeout=2 * SHORT),
    "tls-wants-certificate": private(
        lambda world: asking_for_a_certificate(
            world.tls(), world.authority, ssl.TLSVersion.TLSv1_3
        )
    ),
    "tls-good": private(),
}

HEAD: Mapping[str, Injection] = {
    "silent": answered(silence, timeout=SHORT),
    "unread": served(pause(LONG), timeout=SHORT),
    "head-stops": answered(send(b"HTTP/1.1 200 OK\r\nX: "), silence, timeout=SHORT),
    "head-drips-too-slowly": answered(
        dripping(head("X: " + "x" * 99), 1, 0.05), timeout=SHORT
    ),
    "closed": answered(),
    "reset": answered(reset),
    "head-cut": answered(send(head("X: y")[:-2])),
    "closed-after-100": answered(send(CONTINUE)),
    "not-http": served(send(b"SSH-2.0-OpenSSH_9.2\r\n"), silence),
    "tls-on-plain-port": answered(send(b"\x15\x03\x01\x00\x02\x02\x46"), silence),
    "http2": answered(send(b"\x00\x00\x06\x04\x00\x00\x00\x00\x00" + bytes(6))),
    "bad-status-line": answered(send(head(status="OK")), silence),
    "bad-header": answered(send(head("no colon")), silence),
    "two-lengths": answered(
        send(head("Content-Length: 1", "Content-Length: 2")), silence
    ),
    "bad-length": answered(send(head("Content-Length: two")), silence),
    "unknown-transfer-coding": answered(
        send(head("Transfer-Encoding: rot13")), silence
    ),
    "switches-protocols": answered(
        send(head("Upgrade: x", status="101 Switching")), silence
    ),
    "huge-header": answered(send(head("X: " + "x" * 70_000)), silence),
    "many-headers": answered(send(head(*["X: " + "x" * 1000] * 70)), silence),
    "header-lines": answered(send(head(*["X: y"] * 300)), silence),
    "endless-header": answered(
        send(b"HTTP/1.1 200 OK\r\nX: "), send_for_ever(b"x" * 4096)
    ),
    "endless-headers": answered(
        send(b"HTTP/1.1 200 OK\r\n"), send_for_ever(b"X: y\r\n" * 500)
    ),
    "endless-100": answered(send_for_ever(CONTINUE)),
    "100-continue": turned(lambda good: [send(CONTINUE + good.sent())]),
    "early-hints": turned(
        lambda good: [send(head("Link: <x>", status="103 Hints") + good.sent())]
    ),
    "header-letters": turned(lambda good: [send(good.sent("Server: Zürich"))]),
    "head-drips": turned(
        lambda good: [
            dripping(head(good.type_header), 1, 0.001),
            send(good.body),
        ]
    ),
    "length-and-chunks": turned(
        lambda good: [
            send(head(good.type_header, "Content-Length: 5", CHUNKS)),
            send(chunked(good.body)),
        ]
    ),
    "kept-open": turned(
        lambda good: [send(good.sent("Connection: keep-alive")), silence]
    ),
    "closed-when-idle": turned(closing_the_idle(), runs=2),
    "http-1.0": turned(
        lambda good: [
            send(f"HTTP/1.0 200 OK\r\n{good.type_header}\r\n\r\n".encode() + good.body)
        ]
    ),
}
