"""The handshake: what fails in it, and what is seen of the certificate."""

import os
import socket
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.clients.asking import SECRET, Seen, ask, make_transport, seen
from tests.clients.certificates import (
    EXPIRED_AT,
    asking_for_a_certificate,
    bare_authority,
    expired,
    outdated,
    tls_of,
    write_leaf,
)
from tests.scripted_server import (
    Peer,
    Step,
    answer,
    any_bytes,
    handshake,
    head,
    pause,
    request,
    reset,
    send,
    serving,
    silence,
)
from tm_exporter.clients.transport import Transport
from tm_exporter.clients.trust import TrustSet
from tm_exporter.exchange import FaultKind, Phase, Stage
from tm_exporter.observation import Reason


GOOD: Seen = (None, None, None)
REFUSED: Seen = (Stage.TLS, FaultKind.FAILED, Reason.TLS)
CLOSED: Seen = (Stage.TLS, FaultKind.CLOSED, Reason.TLS)
SILENT: Seen = (Stage.TLS, FaultKind.TIMEOUT, Reason.TLS)


@pytest.fixture
def trusting(ca_bundle: Path) -> Transport:
    """Return a transport that believes the tests' authority."""
    return make_transport(trust=TrustSet(ca_bundle=ca_bundle))


async def test_a_good_certificate_is_believed_and_noted(
    trusting: Transport, server_tls: ssl.SSLContext
) -> None:
    """By name and by address; the leaf's expiry and issuer are known."""
    with serving(handshake(server_tls), request, send(answer())) as server:
        for host in ("localhost", "127.0.0.1"):
            exchange = await ask(server.address("https", host), transport=trusting)

            assert seen(exchange) == GOOD
            assert exchange.certificate is not None
            assert exchange.certificate.verified
            assert exchange.certificate.issuer == "Tests"
            assert exchange.certificate.not_after > time.time()
            assert len(exchange.certificate.fingerprint) == 64
            assert Phase.TLS in exchange.phases


async def test_one_handshake_is_enough_for_a_good_certificate(
    trusting: Transport, server_tls: ssl.SSLContext
) -> None:
    """The second look is only for one that was refused."""
    with serving(handshake(server_tls), request, send(answer())) as server:
        await ask(server.address("https", "localhost"), transport=trusting)

    assert len(server.peers) == 1


async def assert_refused_but_seen(
    leaf: trustme.LeafCert, transport: Transport, word: str, host: str = "localhost"
) -> float:
    """Ask a server that shows a leaf that is not to be believed; return its expiry."""
    with serving(handshake(tls_of(leaf)), silence) as server:
        exchange = await ask(server.address("https", host), transport=transport)

    assert seen(exchange) == REFUSED
    assert exchange.fault is not None
    assert word in exchange.fault.detail
    assert exchange.sent is None
    assert exchange.certificate is not None
    assert not exchange.certificate.verified
    assert (len(server.peers), server.received) == (2, b"")
    return exchange.certificate.not_after


async def test_an_expired_certificate_is_refused_but_seen(
    authority: trustme.CA, trusting: Transport
) -> None:
    """Its expiry is what an operator must know; nothing was sent to learn it."""
    not_after = await assert_refused_but_seen(expired(authority), trusting, "expired")

    assert not_after == EXPIRED_AT.timestamp()


async def test_a_wrong_name_is_refused_but_seen(
    authority: trustme.CA, trusting: Transport
) -> None:
    """A good certificate of somebody else."""
    leaf = authority.issue_cert("elsewhere.test")

    await assert_refused_but_seen(leaf, trusting, "localhost")


async def test_a_wrong_address_is_refused_but_seen(
    authority: trustme.CA, trusting: Transport
) -> None:
    """An address is no name: it must be in the certificate as an address."""
    leaf = authority.issue_cert("localhost")

    await assert_refused_but_seen(leaf, trusting, "127.0.0.1", host="127.0.0.1")


async def test_an_unknown_authority_is_refused_but_seen(trusting: Transport) -> None:
    """One that signs itself, or that nobody was told of."""
    leaf = trustme.CA().issue_cert("localhost")

    await assert_refused_but_seen(leaf, trusting, "certificate")


async def test_the_systems_authorities_do_not_know_ours(authority: trustme.CA) -> None:
    """Without a bundle of our own the system's is believed."""
    leaf = authority.issue_cert("localhost")

    await assert_refused_but_seen(leaf, make_transport(), "certificate")


@pytest.mark.parametrize("second", [silence, reset], ids=["hangs", "is-reset"])
async def test_a_second_look_that_comes_to_nothing(
    second: Step, authority: trustme.CA, trusting: Transport
) -> None:
    """It ends in time, the verdict stands, only the certificate stays unseen."""
    tls = handshake(tls_of(expired(authority)))
    looks: list[Peer] = []

    def once(peer: Peer) -> None:
        looks.append(peer)
        (tls if len(looks) == 1 else second)(peer)

    with serving(once) as server:
        exchange = await ask(
            server.address("https", "localhost"), transport=trusting, timeout=0.5
        )

    assert seen(exchange) == REFUSED
    assert (len(looks), exchange.certificate) == (2, None)


NO_HANDSHAKE = [
    ("plain-http", [any_bytes, send(answer(status="400 Bad"))], 10, REFUSED),
    ("ssh", [send(b"SSH-2.0-OpenSSH_9.2\r\n"), silence], 10, REFUSED),
    ("garbage", [any_bytes, send(b"\x00" * 99), silence], 10, REFUSED),
    ("alert", [any_bytes, send(b"\x15\x03\x03\x00\x02\x02\x28"), silence], 10, REFUSED),
    ("closed-at-once", [], 10, CLOSED),
    ("closed-after-hello", [any_bytes], 10, CLOSED),
    ("reset-after-hello", [any_bytes, reset], 10, CLOSED),
    ("silent-after-hello", [any_bytes, silence], 0.3, SILENT),
    ("half-a-record", [any_bytes, send(b"\x16\x03\x03\x02"), silence], 0.3, SILENT),
]


@pytest.mark.parametrize(
    ("steps", "seconds", "expected"),
    [pytest.param(*row[1:], id=row[0]) for row in NO_HANDSHAKE],
)
async def test_what_is_no_handshake(
    steps: list[Any], seconds: float, expected: Seen, trusting: Transport
) -> None:
    """Failed, silent or closed: no request and no credential leaves."""
    with serving(*steps) as server:
        exchange = await ask(
            server.address("https", "localhost"), transport=trusting, timeout=seconds
        )

    assert seen(exchange) == expected
    assert (exchange.sent, exchange.certificate) == (None, None)
    assert SECRET.encode() not in server.received
    assert len(server.peers) == 1


async def test_a_plain_port_is_named_as_such(trusting: Transport) -> None:
    """The usual mistake has a hint."""
    with serving(any_bytes, send(answer(status="400 Bad"))) as server:
        exchange = await ask(server.address("https", "localhost"), transport=trusting)

    assert exchange.fault is not None
    assert "does this port speak TLS" in exchange.fault.detail


async def test_an_outdated_protocol_is_refused(
    authority: trustme.CA, trusting: Transport
) -> None:
    """TLS 1.1 is no TLS any more."""
    context = outdated(tls_of(authority.issue_cert("localhost")))
    with serving(handshake(context)) as server:
        exchange = await ask(server.address("https", "localhost"), transport=trusting)

    assert seen(exchange) == REFUSED


async def test_a_tls_port_spoken_to_in_plain_is_no_answer(
    server_tls: ssl.SSLContext,
) -> None:
    """What the server makes of it is its business: it never is TLS of ours."""
    with serving(handshake(server_tls)) as server:
        exchange = await ask(server.url)

    assert seen(exchange)[2] in (Reason.PROTOCOL, Reason.CONNECTION_LOST)
    assert server.peers[0].trouble is not None


def goodbye(peer: Peer) -> None:
    """End TLS as the standard asks for, which not all servers do."""
    assert isinstance(peer.sock, ssl.SSLSocket)
    peer.sock.unwrap()


def in_plain(data: bytes) -> Step:
    """Return the step that writes bytes past TLS."""

    def step(peer: Peer) -> None:
        os.write(peer.sock.fileno(), data)

    return step


def at_once(good: bytes, plain: bytes) -> Step:
    """Return the step that writes something, and bytes past TLS in the same packet."""

    def step(peer: Peer) -> None:
        peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        peer.sock.sendall(good)
        os.write(peer.sock.fileno(), plain)
        peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)

    return step


BROKEN = b"\x17\x03\x03\x00\x20" + b"x" * 32  # a record that nobody wrote
AFTER = [
    ("closed", [], (Stage.HEAD, FaultKind.CLOSED, Reason.CONNECTION_LOST)),
    ("reset", [reset], (Stage.HEAD, FaultKind.CLOSED, Reason.CONNECTION_LOST)),
    ("garbage", [send(b"hello")], (Stage.HEAD, FaultKind.PROTOCOL, Reason.PROTOCOL)),
    ("until-close", [send(head() + b"{}")], GOOD),
    (
        "cut",
        [send(answer(b"{", length=9))],
        (Stage.BODY, FaultKind.CLOSED, Reason.CONNECTION_LOST),
    ),
    ("in-pieces", [send(*(bytes([byte]) for byte in answer()))], GOOD),
    ("large", [send(answer(b'{"x": "' + b"x" * 900_000 + b'"}'))], GOOD),
    ("late", [pause(0.05), send(answer())], GOOD),
    ("a-proper-goodbye", [send(head() + b"{}"), goodbye], GOOD),
    (
        "an-early-goodbye",
        [goodbye],
        (Stage.HEAD, FaultKind.CLOSED, Reason.CONNECTION_LOST),
    ),
    (
        "tls-broken",
        [in_plain(BROKEN), silence],
        (Stage.HEAD, FaultKind.PROTOCOL, Reason.PROTOCOL),
    ),
    (
        "tls-broken-in-the-body",
        [
            send(answer(b"{", length=9)),
            pause(0.05),
            in_plain(BROKEN),
            silence,
        ],
        (Stage.BODY, FaultKind.FAILED, Reason.CONNECTION_LOST),
    ),
    (
        "tls-broken-right-behind-a-part-of-the-body",
        [at_once(answer(b"{", length=9), BROKEN), silence],
        (Stage.BODY, FaultKind.FAILED, Reason.CONNECTION_LOST),
    ),
    (
        "tls-broken-right-behind-the-answer",
        [at_once(answer(), BROKEN), silence],
        GOOD,
    ),
]


@pytest.mark.parametrize(
    ("steps", "expected"), [pytest.param(*row[1:], id=row[0]) for row in AFTER]
)
async def test_what_comes_after_the_handshake_is_as_in_plain(
    steps: list[Any], expected: Seen, trusting: Transport, server_tls: ssl.SSLContext
) -> None:
    """TLS changes nothing about what an answer is."""
    with serving(handshake(server_tls), request, *steps) as server:
        exchange = await ask(server.address("https", "localhost"), transport=trusting)

    assert seen(exchange) == expected
    assert exchange.certificate is not None


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_client_certificate_is_shown_where_one_is_asked_for(
    authority: trustme.CA, ca_bundle: Path, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    """None or a foreign one is `tls`, also where TLS 1.3 says so afterwards."""
    context = asking_for_a_certificate(
        tls_of(authority.issue_cert("localhost")), authority, version
    )
    chain, key = write_leaf(authority.issue_cert("client.test"), tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(chain.read_bytes() + key.read_bytes())
    (tmp_path / "foreign").mkdir()
    foreign = write_leaf(trustme.CA().issue_cert("x.test"), tmp_path / "foreign")
    cases: list[tuple[TrustSet, Seen]] = [
        (TrustSet(ca_bundle, chain, key), GOOD),
        (TrustSet(ca_bundle, both), GOOD),
        (TrustSet(ca_bundle), REFUSED),
        (TrustSet(ca_bundle, *foreign), REFUSED),
    ]

    with serving(handshake(context), request, send(answer())) as server:
        for trust, expected in cases:
            exchange = await ask(
                server.address("https", "localhost"),
                transport=make_transport(trust=trust),
            )

            assert seen(exchange) == expected, trust


async def test_a_private_authority_may_lack_key_identifiers(tmp_path: Path) -> None:
    """Newer Pythons would refuse it, and many private ones are such."""
    bundle, context = bare_authority(tmp_path)
    transport = make_transport(trust=TrustSet(ca_bundle=bundle))

    with serving(handshake(context), request, send(answer())) as server:
        exchange = await ask(server.address("https", "localhost"), transport=transport)

    assert seen(exchange) == GOOD
    assert exchange.certificate is not None
    assert exchange.certificate.issuer == "Bare authority"


async def test_only_http_1_1_is_offered(
    trusting: Transport, authority: trustme.CA
) -> None:
    """A server that could speak HTTP/2 must not choose it."""
    context = tls_of(authority.issue_cert("localhost"))
    context.set_alpn_protocols(["h2", "http/1.1"])

    chosen: list[str | None] = []

    def note(peer: Peer) -> None:
        assert isinstance(peer.sock, ssl.SSLSocket)
        chosen.append(peer.sock.selected_alpn_protocol())

    with serving(handshake(context), note, request, send(answer())) as server:
        exchange = await ask(server.address("https", "localhost"), transport=trusting)

    assert seen(exchange) == GOOD
    assert chosen == ["http/1.1"]
