"""What is refused, and that it is refused in the same words to all."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.doubles import FakeClock
from tests.web.clients import connected, rest, until
from tests.web.served import client, port_of, served
from tm_exporter.web.health import health
from tm_exporter.web.limits import MOST_HEADERS, MOST_REQUESTS, Bucket
from tm_exporter.web.protection import Protection
from tm_exporter.web.refusing import refuse
from tm_exporter.web.security import HEADERS


async def _hello(_: Request) -> Response:
    return PlainTextResponse("hello")


async def _broken(_: Request) -> Response:
    raise RuntimeError


def pages() -> Starlette:
    """Return an application with a page, a command, and a fault."""
    app = Starlette(
        routes=[
            Route("/metrics", _hello),
            Route("/broken", _broken),
            Route("/-/reload", _hello, methods=["POST"]),
        ],
        exception_handlers={HTTPException: refuse},
    )
    app.router.redirect_slashes = False
    return app


async def raw(request: bytes) -> bytes:
    """Return what comes of bytes, until the server ends the connection."""
    async with served(pages()) as url, connected(port_of(url)) as (reader, writer):
        writer.write(request)
        return await rest(reader)


def asked(line: str, *headers: str) -> bytes:
    """Return a request with a line and more headers, the last of its connection."""
    usual = ("host: x", "connection: close")
    return "\r\n".join((line, *usual, *headers, "", "")).encode()


@pytest.mark.parametrize(
    ("line", "status"),
    [
        pytest.param("GET /metrics HTTP/1.1", 200, id="page"),
        pytest.param("HEAD /metrics HTTP/1.1", 200, id="head"),
        pytest.param("GET /metrics HTTP/1.0", 200, id="old-version"),
        pytest.param("GET http://any.example/metrics HTTP/1.1", 200, id="absolute"),
        pytest.param("GET HTTP://any.example HTTP/1.1", 404, id="absolute-bare"),
        pytest.param("GET //metrics HTTP/1.1", 404, id="two-slashes"),
        pytest.param("GET /metrics/ HTTP/1.1", 404, id="slash-after"),
        pytest.param("GET /x/../metrics HTTP/1.1", 404, id="dots"),
        pytest.param("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1", 404, id="hidden-dots"),
        pytest.param("GET /metrics%00 HTTP/1.1", 404, id="nul"),
        pytest.param("OPTIONS * HTTP/1.1", 404, id="star"),
        pytest.param("CONNECT evil.example:443 HTTP/1.1", 404, id="connect"),
        pytest.param("GET /metrics HTTP/2.0", 505, id="no-such-version"),
        pytest.param("PRI * HTTP/2.0", 505, id="http2"),
        pytest.param("GET /m etrics HTTP/1.1", 400, id="blank-in-path"),
        pytest.param("GET /metr\u0456cs HTTP/1.1", 400, id="not-ascii"),
        pytest.param("nonsense", 400, id="nonsense"),
    ],
)
async def test_paths_and_versions(line: str, status: int) -> None:
    """Each has one answer, and all of them the same headers."""
    answer = await raw(asked(line))

    head = answer.partition(b"\r\n\r\n")[0].lower().decode()
    assert head.startswith(f"http/1.1 {status} ")
    for name, value in HEADERS.items():
        assert f"{name}: {value.lower()}" in head
    assert "server:" not in head


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE", "OPTIONS", "X"])
async def test_other_methods_are_refused_with_those_that_work(method: str) -> None:
    """Nothing is echoed, nothing is changed."""
    async with served(pages()) as url, client() as asks:
        answer = await asks.request(method, f"{url}/metrics", headers={"x-a": "echo"})

    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert "echo" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param(("content-length: 0",), 200, id="none"),
        pytest.param(("content-length: 5",), 413, id="some"),
        pytest.param(("transfer-encoding: chunked",), 413, id="of-any-length"),
        pytest.param(
            ("content-length: 5", "transfer-encoding: chunked"), 413, id="both"
        ),
        pytest.param(
            ("content-length: 5", "content-length: 6"), 400, id="contradiction"
        ),
        pytest.param(("content-length: -1",), 400, id="negative"),
    ],
)
async def test_no_page_takes_a_body(headers: tuple[str, ...], status: int) -> None:
    """What is not read cannot be too long, nor be taken for another request."""
    answer = await raw(
        asked("GET /metrics HTTP/1.1", *headers) + b"5\r\nabcde\r\n0\r\n\r\n"
    )

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1") == 1


async def test_headers_are_counted() -> None:
    """A scraper sends ten."""
    few = [f"x-{number}: a" for number in range(MOST_HEADERS - 2)]

    assert (await raw(asked("GET /metrics HTTP/1.1", *few))).startswith(b"HTTP/1.1 200")
    many = [*few, "x-y: a"]
    assert (await raw(asked("GET /metrics HTTP/1.1", *many))).startswith(
        b"HTTP/1.1 431"
    )


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param(b"GET / HTTP/1.1\r\nx: " + b"a" * 10_000_000, id="one-header"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 100_000, id="many-headers"),
        pytest.param(b"GET /" + b"a" * 1_000_000, id="path"),
    ],
)
async def test_heads_without_end_are_refused(endless: bytes) -> None:
    """After 16 KiB, whatever is still to come."""
    async with served(pages()) as url, connected(port_of(url)) as (reader, writer):
        writer.write(endless)
        said = await rest(reader)
        async with client() as asks:
            assert (await asks.get(f"{url}/metrics")).status_code == 200

    assert said in (b"", said[:0]) or said.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "much",
    [
        pytest.param(asked(f"GET /metrics?{'a' * 17_000} HTTP/1.1"), id="line"),
        pytest.param(asked("GET /metrics HTTP/1.1", f"x: {'a' * 17_000}"), id="header"),
    ],
)
async def test_a_head_that_is_too_long_is_refused_though_it_comes_at_once(
    much: bytes,
) -> None:
    """How it is cut into packets makes no difference."""
    assert (await raw(much)).startswith(b"HTTP/1.1 400 ")


async def test_a_fault_of_ours_shows_nothing_of_it() -> None:
    """One sentence, with the headers of every answer."""
    async with served(pages()) as url, client() as asks:
        answer = await asks.get(f"{url}/broken")

    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        pytest.param("/-/reload", "POST", {}, 200, id="no-browser"),
        pytest.param(
            "/-/reload", "POST", {"origin": "http://evil.example"}, 403, id="form"
        ),
        pytest.param("/-/reload", "POST", {"origin": "null"}, 403, id="hidden-origin"),
        pytest.param(
            *("/-/reload", "POST", {"origin": "http://x", "host": "x"}, 403),
            id="a-name-that-leads-to-us",
        ),
        pytest.param(
            "/-/reload", "POST", {"sec-fetch-site": "cross-site"}, 403, id="fetch"
        ),
        pytest.param(
            "/metrics", "GET", {"sec-fetch-site": "cross-site"}, 200, id="link"
        ),
    ],
)
async def test_other_peoples_pages_cannot_use_a_visitors_browser(
    path: str, method: str, headers: dict[str, str], status: int
) -> None:
    """What changes something is not for them."""
    async with served(pages()) as url, client() as asks:
        answer = await asks.request(method, f"{url}{path}", headers=headers)

    assert answer.status_code == status


async def test_only_so_many_are_answered_at_a_time() -> None:
    """More are told to come again, at once."""
    go_on = asyncio.Event()
    running = 0

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal running
        running += 1
        await go_on.wait()
        await PlainTextResponse("done")(scope, receive, send)

    limits = httpx.Limits(max_connections=None)
    async with (
        served(slow) as url,
        httpx.AsyncClient(trust_env=False, limits=limits) as asks,
    ):
        waiting = [asyncio.ensure_future(asks.get(url)) for _ in range(MOST_REQUESTS)]
        await until(lambda: running == MOST_REQUESTS)
        refused = await asks.get(url)
        go_on.set()
        answers = await asyncio.gather(*waiting)

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert {answer.status_code for answer in answers} == {200}


async def test_how_often_may_be_asked_is_bounded_where_that_is_wanted() -> None:
    """All requests together, as the format has it."""
    protection = Protection(interval=3600.0, burst=2)

    async with served(pages(), lambda: protection) as url, client() as asks:
        answers = [await asks.get(f"{url}/metrics") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]


def test_a_bucket_fills_with_time_and_not_beyond_its_brim() -> None:
    """Two at once; then one each ten seconds; after a long while, two again."""
    clock = FakeClock()
    bucket = Bucket(10.0, 2, clock)

    assert [bucket.take() for _ in range(3)] == [True, True, False]
    clock.advance(10)
    assert [bucket.take() for _ in range(2)] == [True, False]
    clock.advance(1000)
    assert [bucket.take() for _ in range(3)] == [True, True, False]


async def test_headers_can_be_chosen() -> None:
    """Over ours; an empty text takes one of ours away."""
    protection = Protection(
        headers={
            "X-Frame-Options": "sameorigin",
            "Content-Security-Policy": "",
            "Strict-Transport-Security": "max-age=1",
        }
    )

    async with served(pages(), lambda: protection) as url, client() as asks:
        headers = (await asks.get(f"{url}/metrics")).headers

    assert headers["x-frame-options"] == "sameorigin"
    assert headers["strict-transport-security"] == "max-age=1"
    assert "content-security-policy" not in headers
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/-/healthy", 200), ("/-/ready", 503), ("/metrics", 404), ("/", 404)],
)
async def test_the_second_address_has_health_alone(path: str, status: int) -> None:
    """For those who have no credentials."""
    app = health(lambda: True, lambda: False)

    async with served(app) as url, client() as asks:
        answers = [await asks.request(method, url + path) for method in ("GET", "HEAD")]

    assert [answer.status_code for answer in answers] == [status] * 2
