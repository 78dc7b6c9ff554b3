"""Asks what is measured for pages, from the other processor, at a steady pace."""

import asyncio
import re
import time
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

from benchmarks.as_daemon import PROMETHEUS


PATIENCE = 120.0
"""Seconds for a page: one of 10,000 probes is 65 MB."""


class BadAnswerError(Exception):
    """What is measured does not do what it should."""


def page(url: str) -> str:
    """Return a page as Prometheus asks for it, unpacked."""
    request = urllib.request.Request(  # noqa: S310 -- of this machine
        f"{url}/metrics", headers={"Accept": PROMETHEUS}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
        text: str = answer.read().decode()
        return text


def scrape(url: str) -> None:
    """Ask for a page as Prometheus does, gzipped."""
    headers = {"Accept": PROMETHEUS, "Accept-Encoding": "gzip"}
    request = urllib.request.Request(f"{url}/metrics", headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
        answer.read()


def values(text: str, family: str) -> Iterator[float]:
    """Yield the values of a family's series on a page."""
    for found in re.finditer(rf"^{family}(?:\{{.*\}})? (\S+)", text, re.MULTILINE):
        yield float(found[1])


def summed(text: str, family: str) -> float:
    """Return the sum of a family's series on a page."""
    return sum(values(text, family))


def ask(url: str, *, at_a_time: int, per_second: float | None, seconds: float) -> int:
    """
    Ask for an address over kept connections.

    Args:
        url: Whose answer must say `probe_success 1`.
        at_a_time: Connections.
        per_second: How many requests in all; None: as many as are answered.
        seconds: For so long.

    Returns:
        How many were answered.

    Raises:
        BadAnswerError: One of them said something else.
    """
    return asyncio.run(_ask(url, at_a_time, per_second, seconds))


async def _ask(
    url: str, at_a_time: int, per_second: float | None, seconds: float
) -> int:
    until = time.monotonic() + seconds
    pause = 0.0 if per_second is None else at_a_time / per_second
    asked = await asyncio.gather(
        *(
            _over_one(url, until, pause, offset=pause * at / at_a_time)
            for at in range(at_a_time)
        )
    )
    return sum(asked)


async def _over_one(url: str, until: float, pause: float, *, offset: float) -> int:
    """Ask again and again over one connection; return how often."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    request = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n"
    asked, due = 0, time.monotonic() + offset
    try:
        while max(due, time.monotonic()) < until:  # or it cannot keep up
            await asyncio.sleep(due - time.monotonic() if pause else 0)
            writer.write(request.encode())
            body = await _body(reader)
            if b"\nprobe_success 1" not in body:
                raise BadAnswerError(body.decode()[-2000:])
            asked += 1
            due = due + pause if pause else time.monotonic()
    finally:
        writer.close()
    return asked


async def _body(reader: asyncio.StreamReader) -> bytes:
    """Read the body of one answer, with a length or in chunks."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if length := re.search(rb"content-length: (\d+)", head):
        return await reader.readexactly(int(length[1]))
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:size]
    await reader.readline()
    return body
