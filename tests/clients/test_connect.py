"""Before a byte is written: names, addresses, connections, descriptors."""

import asyncio
import contextlib
import os
import resource
import socket
import time
from collections.abc import Iterator

import pytest

from tests.clients.asking import (
    ScriptedResolver,
    ask,
    make_transport,
    seen,
)
from tests.scripted_server import (
    answer,
    deaf_port,
    free_port,
    request,
    send,
    serving,
    silence,
)
from tm_exporter.clients.connection import peer_name
from tm_exporter.clients.resolver import Address, Resolver, _look_up, literal
from tm_exporter.exchange import FaultKind, Phase, Stage
from tm_exporter.observation import Reason


def loopback(port: int, last: int = 1) -> Address:
    """Return a port of an address that is this machine."""
    return socket.AF_INET, (f"127.0.0.{last}", port)


LOOPBACK = socket.if_nameindex()[0][1]

NO_SUCH_NAME = socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def test_a_name_that_does_not_resolve_is_dns() -> None:
    """The resolver's own words tell people why."""
    transport = make_transport(resolver=ScriptedResolver(NO_SUCH_NAME))

    exchange = await ask("http://service.invalid/", transport=transport)

    assert seen(exchange) == (Stage.DNS, FaultKind.FAILED, Reason.DNS)
    assert exchange.fault is not None
    assert exchange.fault.detail == "service.invalid: Name or service not known"
    assert set(exchange.phases) == {Phase.DNS}
    assert (exchange.sent, exchange.peer_address) == (None, None)


async def test_a_name_that_no_resolver_would_take_is_dns() -> None:
    """The system's resolver refuses it by itself: nobody is asked."""
    exchange = await ask(f"http://{'x' * 64}.invalid/")

    assert seen(exchange) == (Stage.DNS, FaultKind.FAILED, Reason.DNS)


async def test_a_name_without_an_address_is_dns() -> None:
    """There is nothing to connect to: that is no failure to connect."""
    transport = make_transport(resolver=ScriptedResolver(()))

    exchange = await ask("http://service.invalid/", transport=transport)

    assert seen(exchange) == (Stage.DNS, FaultKind.FAILED, Reason.DNS)


async def test_a_resolver_that_never_answers_is_dns_at_the_timeout() -> None:
    """The run ends in time, and says what it waited for."""
    transport = make_transport(resolver=ScriptedResolver(None))
    begun = time.monotonic()

    exchange = await ask("http://service.invalid/", transport=transport, timeout=0.2)

    assert seen(exchange) == (Stage.DNS, FaultKind.TIMEOUT, Reason.DNS)
    assert 0.2 <= time.monotonic() - begun < 5
    assert exchange.phases[Phase.DNS] >= 0.19


async def test_too_many_hanging_look_ups_fail_at_once() -> None:
    """A resolver that never answers must not pile up threads."""
    with pytest.raises(OSError, match="too many names"):
        await Resolver(most=0).resolve("127.0.0.1", 80)


async def test_a_name_is_looked_up_once_at_a_time() -> None:
    """Probes of one target share the thread that hangs, and need no second one."""
    resolver = Resolver(most=1)

    found = await asyncio.gather(
        *(resolver.resolve("127.0.0.1", 80, "ip4") for _ in range(20))
    )

    assert found == [[loopback(80)]] * 20
    assert not resolver._asked


async def test_the_system_is_asked_and_each_address_told_once() -> None:
    """Over the real resolver, with the family that is asked for."""
    resolver = Resolver(most=1)

    for _ in range(3):
        found = await resolver.resolve("127.0.0.1", 80, "ip4")

        assert found == [loopback(80)]


async def test_a_look_up_that_nobody_waits_for_any_more_does_no_harm() -> None:
    """Its answer comes when the run is long over."""
    waiting = asyncio.create_task(Resolver().resolve("127.0.0.1", 80))
    await asyncio.sleep(0)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await Resolver().resolve("127.0.0.1", 80)


async def test_a_look_up_may_outlive_its_loop() -> None:
    """At the exit nobody waits for a resolver that hangs."""
    loop = asyncio.new_event_loop()
    answer_of_it: asyncio.Future[list[Address] | OSError] = loop.create_future()
    loop.close()

    _look_up(loop, answer_of_it, ("127.0.0.1", 80, "ip4"))

    assert not answer_of_it.done()


async def test_a_port_where_nobody_listens_refuses() -> None:
    """The address tells which one it was."""
    port = free_port()

    exchange = await ask(f"http://127.0.0.1:{port}/")

    assert seen(exchange) == (
        Stage.CONNECT,
        FaultKind.REFUSED,
        Reason.CONNECT_REFUSED,
    )
    assert exchange.peer_address == f"127.0.0.1:{port}"
    assert set(exchange.phases) == {Phase.CONNECT}


async def test_an_address_that_does_not_answer_times_out() -> None:
    """A SYN that is dropped, as by a firewall."""
    with deaf_port() as port:
        exchange = await ask(f"http://127.0.0.1:{port}/", timeout=0.3)

    assert seen(exchange) == (
        Stage.CONNECT,
        FaultKind.TIMEOUT,
        Reason.CONNECT_TIMEOUT,
    )
    assert exchange.phases[Phase.CONNECT] >= 0.29
    assert exchange.sent is None


async def test_an_address_that_cannot_be_reached_fails() -> None:
    """Neither refused nor silent: the system has no way to it."""
    exchange = await ask("http://127.255.255.255:9/")

    assert seen(exchange) == (Stage.CONNECT, FaultKind.FAILED, Reason.CONNECT_FAILED)


async def test_a_dead_first_address_does_not_take_the_time_of_a_live_one() -> None:
    """Each address has its share, and the run passes over the second."""
    with deaf_port() as deaf, serving(request, send(answer())) as server:
        addresses = (loopback(deaf), loopback(server.port))
        transport = make_transport(resolver=ScriptedResolver(addresses))

        exchange = await ask("http://service.test/", transport=transport, timeout=2.0)

    assert seen(exchange) == (None, None, None)
    assert exchange.peer_address == f"127.0.0.1:{server.port}"
    assert 0.99 <= exchange.phases[Phase.CONNECT] < 2.0


async def test_a_refusing_first_address_is_passed_over() -> None:
    """At once, and the host that is asked for stays the name."""
    with serving(request, send(answer())) as server:
        addresses = (loopback(free_port()), loopback(server.port))
        transport = make_transport(resolver=ScriptedResolver(addresses))

        exchange = await ask("http://service.test/", transport=transport)

    assert seen(exchange) == (None, None, None)
    assert b"\r\nHost: service.test\r\n" in server.received


async def test_the_last_address_decides() -> None:
    """Of a silent and a refusing address, the one tried last is told."""
    with deaf_port() as deaf:
        refused = free_port()
        for ports, reason in (
            ((deaf, refused), Reason.CONNECT_REFUSED),
            ((refused, deaf), Reason.CONNECT_TIMEOUT),
        ):
            resolver = ScriptedResolver([loopback(port) for port in ports])

            exchange = await ask(
                "http://service.test/",
                transport=make_transport(resolver=resolver),
                timeout=0.4,
            )

            assert seen(exchange)[2] is reason
            assert exchange.peer_address == f"127.0.0.1:{ports[1]}"


async def test_only_so_many_addresses_are_tried() -> None:
    """A name with hundreds would leave each too little time."""
    addresses = [loopback(free_port(), last) for last in range(1, 30)]
    resolver = ScriptedResolver(addresses)

    exchange = await ask(
        "http://service.test/", transport=make_transport(resolver=resolver)
    )

    assert exchange.peer_address == peer_name(addresses[7])


async def test_the_family_that_is_configured_is_asked_for() -> None:
    """And the port that the URL has, or that its scheme means."""
    resolver = ScriptedResolver(NO_SUCH_NAME)
    transport = make_transport(resolver=resolver, ip_protocol="ip6")

    await ask("http://service.test:81/", transport=transport)
    await ask("https://service.test/", transport=transport)

    assert resolver.asked == [("service.test", 81, "ip6"), ("service.test", 443, "ip6")]


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        pytest.param("127.0.0.1", [(socket.AF_INET, ("127.0.0.1", 80))], id="ip4"),
        pytest.param("::1", [(socket.AF_INET6, ("::1", 80, 0, 0))], id="ip6"),
        pytest.param(
            f"fe80::1%{LOOPBACK}",
            [(socket.AF_INET6, ("fe80::1", 80, 0, socket.if_nametoindex(LOOPBACK)))],
            id="of-an-interface",
        ),
        pytest.param(
            f"fe80::1%25{LOOPBACK}",
            [(socket.AF_INET6, ("fe80::1", 80, 0, socket.if_nametoindex(LOOPBACK)))],
            id="as-in-an-url",
        ),
        pytest.param(
            "fe80::1%7", [(socket.AF_INET6, ("fe80::1", 80, 0, 7))], id="by-its-number"
        ),
        pytest.param("localhost", [], id="name"),
        pytest.param("127.1", [], id="short-form"),
    ],
)
def test_an_address_needs_no_resolver(host: str, addresses: list[Address]) -> None:
    """So that an address in base_url is not said to have a time of DNS."""
    assert literal(host, 80) == addresses
    assert [peer_name(address) for address in addresses] in (
        [],
        ["127.0.0.1:80"],
        ["[::1]:80"],
        ["[fe80::1]:80"],
    )


@contextlib.contextmanager
def no_descriptor_left() -> Iterator[None]:
    """Make the next free descriptor one that is over the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/", "http://localhost:9/", "https://127.0.0.1:9/"],
    ids=["address", "name", "https"],
)
async def test_without_a_descriptor_it_is_our_own_fault(url: str) -> None:
    """No request left, so nothing can be said of the service."""
    with no_descriptor_left():
        exchange = await ask(url)

    assert seen(exchange) == (Stage.PREPARE, FaultKind.FAILED, Reason.CONFIGURATION)


async def test_a_cancelled_exchange_leaves_nothing_open() -> None:
    """A shutdown does not wait for an answer that hangs."""
    with serving(request, silence) as server:
        asking = asyncio.create_task(ask(server.url, timeout=60))
        assert await asyncio.to_thread(server.asked.wait, 10)

        asking.cancel()

        with pytest.raises(asyncio.CancelledError):
            await asking
