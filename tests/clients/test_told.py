"""What a fault of the wire is called: by nothing that the service said."""

import pytest

from tests.clients.asking import ask_server
from tests.scripted_server import head, request, send, silence


IN_CHUNKS = head("Transfer-Encoding: chunked")


@pytest.mark.parametrize(
    ("sent", "what"),
    [
        (b"HTTP/1.1 2x0 Paris\r\n\r\n", "illegal status line"),
        (head("Paris"), "illegal header line"),
        (head("Paris's b'x': y"), "illegal header line"),
        (IN_CHUNKS + b"data: Paris\r\n\r\n", "illegal chunk header"),
        (IN_CHUNKS + b"5 \"Paris\r\n'\r\n", "illegal chunk header"),
        (IN_CHUNKS + b"2\r\n{}Paris\r\n", "malformed chunk footer"),
        (IN_CHUNKS + b"0\r\nParis\r\n\r\n", "illegal header line"),
        (
            head("Transfer-Encoding: Paris"),
            "Only Transfer-Encoding: chunked is supported",
        ),
    ],
)
async def test_broken_http_is_not_repeated(sent: bytes, what: str) -> None:
    """A fault's detail is logged, and these may be words of an answer."""
    exchange = await ask_server(request, send(sent), silence)

    assert exchange.fault is not None
    assert exchange.fault.detail == f"broken HTTP: {what}"
