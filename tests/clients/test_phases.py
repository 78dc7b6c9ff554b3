"""Where the time of an exchange went; what did not happen has no time."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.clients.asking import ask, ask_server, make_transport
from tests.scripted_server import (
    answer,
    handshake,
    head,
    pause,
    request,
    reset,
    send,
    serving,
    silence,
)
from tm_exporter.clients.trust import TrustSet
from tm_exporter.exchange import Phase


ANSWERED = {Phase.CONNECT, Phase.WAIT, Phase.TRANSFER}


async def test_an_address_has_no_dns_and_plain_http_no_tls() -> None:
    """Absent, and not 0."""
    exchange = await ask_server(request, send(answer()))

    assert set(exchange.phases) == ANSWERED


async def test_a_name_over_tls_has_all_but_a_proxy(
    ca_bundle: Path, server_tls: ssl.SSLContext
) -> None:
    """Each step is timed apart."""
    with serving(handshake(server_tls), request, send(answer())) as server:
        exchange = await ask(
            server.address("https", "localhost"),
            transport=make_transport(trust=TrustSet(ca_bundle)),
        )

    assert set(exchange.phases) == ANSWERED | {Phase.DNS, Phase.TLS}
    assert all(seconds >= 0 for seconds in exchange.phases.values())


@pytest.mark.parametrize(
    ("steps", "phase"),
    [
        pytest.param([pause(0.2), send(answer())], Phase.WAIT, id="first-byte-late"),
        pytest.param(
            [send(answer(b"")[:-9], answer(b"")[-9:], every=0.2)],
            Phase.TRANSFER,
            id="header-in-two",
        ),
        pytest.param(
            [send(answer(b"", length=2), b"{}", every=0.2)],
            Phase.TRANSFER,
            id="body-late",
        ),
        pytest.param(
            [send(head(status="100 Continue"), answer(), every=0.2)],
            Phase.TRANSFER,
            id="answer-after-100",
        ),
    ],
)
async def test_time_is_told_where_it_went(steps: list[Any], phase: Phase) -> None:
    """The first byte of all divides waiting from transfer."""
    exchange = await ask_server(request, *steps)

    assert 0.19 <= exchange.phases[phase] < 5
    others = {Phase.WAIT, Phase.TRANSFER, Phase.CONNECT} - {phase}
    assert all(exchange.phases[other] < 5 for other in others)


async def test_a_slow_handshake_is_the_handshakes_time(
    ca_bundle: Path, server_tls: ssl.SSLContext
) -> None:
    """It is none of the wait for an answer."""
    with serving(pause(0.2), handshake(server_tls), request, send(answer())) as server:
        exchange = await ask(
            server.address("https", "localhost"),
            transport=make_transport(trust=TrustSet(ca_bundle)),
        )

    assert 0.19 <= exchange.phases[Phase.TLS] < 5


@pytest.mark.parametrize(
    ("steps", "phases"),
    [
        pytest.param([], {Phase.CONNECT}, id="closed-without-a-byte"),
        pytest.param([reset], {Phase.CONNECT}, id="reset-without-a-byte"),
        pytest.param([silence], {Phase.CONNECT}, id="silent"),
        pytest.param([send(b"HTTP/1.1 2")], ANSWERED, id="cut-in-the-header"),
        pytest.param([send(b"SSH-2.0-x\r\n"), silence], ANSWERED, id="not-http"),
        pytest.param([send(answer(b"", length=2))], ANSWERED, id="cut-in-the-body"),
        pytest.param([send(answer(b"", status="503 Busy"))], ANSWERED, id="refused"),
    ],
)
async def test_a_failure_has_the_phases_that_happened(
    steps: list[Any], phases: set[Phase]
) -> None:
    """Without a first byte there was no wait to its end, and no transfer."""
    exchange = await ask_server(request, *steps, timeout=0.5)

    assert set(exchange.phases) == phases


async def test_the_clock_is_handed_in() -> None:
    """All times are differences of one clock, so a test may have its own."""
    ticks = iter(range(1000))
    transport = make_transport(clock=lambda: float(next(ticks)))

    exchange = await ask_server(request, send(answer()), transport=transport)

    assert exchange.phases[Phase.CONNECT] == 1.0
    assert exchange.sent is not None
    assert exchange.sent == int(exchange.sent)
