"""What each surface is sent, and what becomes of a credential."""

from typing import Any

import pytest
from pydantic import SecretStr

from tests.clients.asking import SECRET, make_transport, seen
from tests.scripted_server import answer, request, send, serving
from tm_exporter import __version__
from tm_exporter.clients.client import ControlPlaneClient, InferenceClient
from tm_exporter.credentials import SecretUnavailable
from tm_exporter.exchange import Exchange, FaultKind, Stage
from tm_exporter.observation import Reason
from tm_exporter.wire.deltas import read_chat_delta
from tm_exporter.wire.streams import StreamReader


class Key:
    """A credential that counts how often it was refused."""

    def __init__(self, why_not: str = "") -> None:
        self._why_not = why_not
        self.rejections = 0

    async def get(self) -> SecretStr:
        """Return it, if it can be had."""
        if self._why_not:
            raise SecretUnavailable(self._why_not)
        return SecretStr(SECRET)

    def check(self) -> None:
        """Raise if it cannot be had."""
        if self._why_not:
            raise SecretUnavailable(self._why_not)

    def rejected(self) -> None:
        """Count."""
        self.rejections += 1


BEARER = f"Authorization: Bearer {SECRET}"
USER = "X-User-Id: 17"


async def lines_sent(method: str, **options: Any) -> list[str]:
    """Return the lines of the request that an inference client sends."""
    reader = options.pop("reader", None)
    with serving(request, send(answer())) as server:
        client = InferenceClient(
            base_url=server.url.rstrip("/"),
            transport=make_transport(),
            secret=Key(),
            **options,
        )
        if method == "GET":
            await client.get("/v1/models", timeout=10)
        else:
            await client.post(
                "/v1/chat/completions", {"a": 1}, timeout=10, reader=reader
            )
    return server.received.decode().split("\r\n")


async def test_a_get_is_sent_without_a_credential_unless_it_is_wanted() -> None:
    """Public routes are asked as the public does."""
    plain = await lines_sent("GET", user_id="17")
    known = await lines_sent("GET", user_id="17", auth_on_get=True)

    assert plain[0] == known[0] == "GET /v1/models HTTP/1.1"
    assert not {BEARER, USER} & set(plain)
    assert {BEARER, USER} <= set(known)


async def test_a_post_is_always_authenticated() -> None:
    """It carries JSON, who sends it, and what configured headers say."""
    lines = await lines_sent("POST", headers={"X-Team": SecretStr("a")})

    assert lines[0] == "POST /v1/chat/completions HTTP/1.1"
    assert {
        BEARER,
        "X-Team: a",
        "Content-Type: application/json",
        "Accept: application/json",
        "Connection: close",
        f"User-Agent: tm-exporter/{__version__}",
    } <= set(lines)
    assert USER not in lines
    assert lines[-1] == '{"a":1}'


@pytest.mark.parametrize("method", ["GET", "POST", "PULL"])
async def test_a_header_may_have_any_letter_of_latin_1(method: str) -> None:
    """That is what the configuration lets through."""
    headers = {"X-Team": SecretStr("Zürich")}
    with serving(request, send(answer())) as server:
        common: dict[str, Any] = {
            "base_url": server.url.rstrip("/"),
            "transport": make_transport(),
            "headers": headers,
        }
        if method == "PULL":
            exchange = await ControlPlaneClient(**common).get("/v1/models", timeout=10)
        elif method == "GET":
            exchange = await InferenceClient(**common).get("/health", timeout=10)
        else:
            exchange = await InferenceClient(**common).post("/tokenize", {}, timeout=10)

    assert exchange.status == 200
    assert "X-Team: Zürich" in server.received.decode("latin-1").split("\r\n")


async def test_a_stream_is_asked_for_uncompressed() -> None:
    """Compression would gather tokens into lumps."""
    reader = StreamReader(read_delta=read_chat_delta, idle_timeout=1.0)

    lines = await lines_sent("POST", reader=reader)

    assert {"Accept: text/event-stream", "Accept-Encoding: identity"} <= set(lines)


async def pull(
    key: Key, status: str = "200 OK", path: str = "/auth/profile", *headers: str
) -> Exchange:
    """Return what a client of the Control Plane sees."""
    with serving(request, send(answer(b"{}", *headers, status=status))) as server:
        client = ControlPlaneClient(
            base_url=server.url.rstrip("/"), transport=make_transport(), secret=key
        )
        return await client.get(path, timeout=10)


async def test_a_credential_is_told_of_401_only() -> None:
    """So that a token may be renewed; a 403 is no matter of its age."""
    key = Key()

    for status, rejections in (("200 OK", 0), ("403 No", 0), ("401 Who", 1)):
        await pull(key, status)

        assert key.rejections == rejections


async def test_a_credential_that_cannot_be_read_is_our_own_fault() -> None:
    """On every surface, before anything is sent."""
    key = Key("token-file: No such file")
    inference = InferenceClient(
        base_url="http://service.invalid", transport=make_transport(), secret=key
    )

    for exchange in (
        await pull(key),
        await inference.get("/health", timeout=10),  # though it would need none
        await inference.post("/v1/chat/completions", {}, timeout=10),
    ):
        assert seen(exchange) == (Stage.PREPARE, FaultKind.FAILED, Reason.CONFIGURATION)
        assert exchange.fault is not None
        assert exchange.fault.detail == "token-file: No such file"


async def test_the_control_plane_is_only_ever_read() -> None:
    """No other route can be asked for, whatever calls it."""
    with pytest.raises(ValueError, match="not a route that may be read"):
        await pull(Key(), path="/v1/api-keys")


async def test_a_pull_that_fails_is_an_exchange_like_any_other() -> None:
    """No exception of a library comes through."""
    with serving(request) as server:
        client = ControlPlaneClient(
            base_url=server.url.rstrip("/"), transport=make_transport(), secret=Key()
        )
        exchange = await client.get("/v1/models", timeout=10, params={"page": "2"})

    assert seen(exchange) == (Stage.HEAD, FaultKind.CLOSED, Reason.CONNECTION_LOST)
    assert server.received.startswith(b"GET /v1/models?page=2 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("status", "header"),
    [
        pytest.param(200, "Server: Zürich", id="not-ascii"),
        pytest.param(302, "Location: http://[::1", id="no-address"),
        pytest.param(302, "Location: javascript:alert(1)", id="not-http"),
        pytest.param(302, "Location: https://xn--/", id="no-name"),
    ],
)
async def test_whatever_is_in_a_header_is_no_fault_of_ours(
    status: int, header: str
) -> None:
    """A pull's answer is never read for anything but what the pull is after."""
    exchange = await pull(Key(), f"{status} Hm", "/auth/profile", header)

    assert (exchange.status, exchange.fault) == (status, None)


async def test_a_pull_takes_no_cookie() -> None:
    """Each request says only what is configured, as every other probe's does."""
    cookie = answer(b"{}", "Set-Cookie: balancer=7; Path=/")
    with serving(request, send(cookie)) as server:
        client = ControlPlaneClient(
            base_url=server.url.rstrip("/"), transport=make_transport(), secret=Key()
        )
        for _ in range(2):
            await client.get("/auth/profile", timeout=10)

    assert b"cookie" not in server.received.lower()
