"""
A service that answers more than anyone could want: `python -m tests.e2e.huge_service`.

Each answer is nearly as long as one may be, and made to take as much memory and time
as it can: very many entries, long names, deep nesting, endless headers and lists.
"""

import asyncio
import itertools
import sys
from collections.abc import Iterator

import orjson

from tm_exporter.verdict import MOST_PARTS, MOST_VALUES


MIB = 1024 * 1024
ROOM = MIB - 4096
LONG = "𐍈" * 2500
"""A name of ten kilobytes, each character of which takes four bytes in memory."""


def filled(head: str, entries: Iterator[str], tail: str) -> bytes:
    """Return a document with as many entries as there may be."""
    parts, size, left, commas = [], len(head) + len(tail), MOST_PARTS - 3, MOST_VALUES
    for entry in entries:
        size += len(entry.encode()) + 1
        left -= 2 * entry.count("{") + entry.count("[")
        commas -= entry.count(",") + 1
        if size > ROOM or left < 0 or commas < 0:
            break
        parts.append(entry)
    return (head + ",".join(parts) + tail).encode()


def dumped(entry: object) -> str:
    """Return an entry as JSON."""
    return orjson.dumps(entry).decode()


def models() -> Iterator[str]:
    """Yield models without an end, some with a name of ten kilobytes."""
    yield from (dumped({"id": f"{LONG}{at}"}) for at in range(10))
    yield from (f'{{"id":"m{at}"}}' for at in itertools.count())


def deployments(page: int) -> Iterator[str]:
    """Yield deployments, with events, without an end."""
    for at in itertools.count(page * 100_000):
        yield dumped(
            {
                "deploymentId": f"d{at}",
                "modelName": f"{LONG[:300]}{at}",
                "status": f"STATUS{at}",
                "gpuType": LONG[:300],
                "modelPath": LONG[:300],
                "events": [
                    {"eventType": f"E{n}", "createdAt": at * 10 + n} for n in range(9)
                ],
            }
        )


def measurements() -> Iterator[str]:
    """Yield metrics of one name, each with labels that no other has."""
    for at in itertools.count():
        labels = {f"l{at}x{n}": "v" for n in range(4)}
        yield dumped({"name": "m", "value": at, "labels": labels})


def prices() -> Iterator[str]:
    """Yield prices of models that nobody has."""
    for at in itertools.count():
        yield dumped(
            {
                "model": f"{LONG[:200]}{at}",
                "isActive": True,
                "inputPrice": {"currencyCode": "USD", "units": "1"},
                "outputPrice": {"currencyCode": "USD", "units": str(at % 1000)},
            }
        )


def usage() -> Iterator[str]:
    """Yield what models used, at different times."""
    for at in itertools.count():
        start = 1_780_000_000 + at * 60
        yield dumped({"bucketStart": start, "modelId": f"m{at}", "requestCount": 1})


def events() -> bytes:
    """Return a stream of as many events as one may have, and longer ones than usual."""
    delta = {"choices": [{"index": 0, "delta": {"content": "x" * 300}}]}
    event = b"data: " + orjson.dumps(delta) + b"\n\n"
    return event * 19_000


ANSWERS: dict[str, bytes] = {
    "/version": dumped({"version": LONG * 100}).encode(),
    "/v1/models": filled('{"object":"list","data":[', models(), "]}"),
    "/tokenize": filled(
        '{"count":9,"tokens":[', (f"{at}" for at in itertools.count()), "]}"
    ),
    "/v1/billing/serverless-pricing": filled('{"pricing":[', prices(), "]}"),
    "/v1/billing/serverless-usage/history": filled('{"rows":[', usage(), "]}"),
    "/v1/observability/users/metrics": filled('{"metrics":[', measurements(), "]}"),
    "/v1/users/api-keys": filled(
        '{"apiKeys":[',
        (dumped({"id": f"k{at}", "expiresAt": 1.8e9}) for at in itertools.count()),
        "]}",
    ),
    "/v1/activities": filled(
        '{"activities":[',
        (dumped({"action": f"{LONG[:90]}{at}"}) for at in itertools.count()),
        "]}",
    ),
    "deep": b"[" * (ROOM // 2) + b"]" * (ROOM // 2),
    "wide": filled("[", (f'{{"{at}":"{at}"}}' for at in itertools.count()), "]"),
    "stream": events(),
}
DEPLOYED = [filled('{"models":[', deployments(page), "]}") for page in range(20)]
MANY_HEADERS = b"".join(b"a%d:b\r\n" % at for at in range(6_000))


def answer_of(path: str, query: str, body: bytes, count: int) -> tuple[bytes, bytes]:
    """Return content type and body of the answer to a request."""
    route = path[path.index("/", 1) :] if path.startswith("/t") else path
    route = path if route == path else route
    is_account = path.startswith("/tc")
    if b'"stream":true' in body:
        return b"text/event-stream", ANSWERS["stream"]
    if is_account and route == "/v1/models":
        page = int(
            dict(p.split("=") for p in query.split("&") if "=" in p).get("page", 1)
        )
        return b"application/json", DEPLOYED[page % 20]
    if is_account and route.endswith("/metrics"):
        return b"application/json", ANSWERS["/v1/observability/users/metrics"]
    if route in ANSWERS:
        return b"application/json", ANSWERS[route]
    return b"application/json", ANSWERS[("deep", "wide")[count % 2]]


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request, and close."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        body = await reader.readexactly(length)
        path, _, query = head.split(b" ")[1].decode().partition("?")
        global _count  # noqa: PLW0603 -- of one process, for variety
        _count += 1
        kind, content = answer_of(path, query, body, _count)
        lines = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: %s\r\n" % kind
        writer.write(lines + (MANY_HEADERS if not _count % 7 else b""))
        writer.write(b"content-length: %d\r\n\r\n" % len(content))
        for at in range(0, len(content), 64 * 1024):
            writer.write(content[at : at + 64 * 1024])
            await writer.drain()
    except (OSError, EOFError):
        pass
    finally:
        writer.close()


_count = 0


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    sys.stdout.write(f"serving on http://127.0.0.1:{port}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
