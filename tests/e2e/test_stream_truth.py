"""What a probe measures of a stream, against the clock of the server that sent it."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from tests.e2e.children import TM_EXPORTER, child
from tm_exporter.clients.client import InferenceClient
from tm_exporter.clients.resolver import Resolver
from tm_exporter.clients.stamps import Stamps
from tm_exporter.clients.transport import Transport
from tm_exporter.clients.trust import TrustStore
from tm_exporter.config.secrets import ValueSecret
from tm_exporter.observation import ProbeKey
from tm_exporter.probes.chat_stream import ChatStreamProbe, ChatStreamSection
from tm_exporter.probes.streaming import Streamed
from tm_exporter.simulator.world import Credentials


pytestmark = pytest.mark.e2e

MODEL = "openai/gpt-oss-20b"
STREAMS = 40
AT_ONCE = 4
BLOCK = 0.02
"""Seconds for which something else keeps the loop."""

LOOSE = 0.02
"""Seconds; a machine that is busy with other things is late by more than we are."""


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[str]:
    """Run a simulator in a process of its own, and return its address."""
    command = (TM_EXPORTER, "simulate", "--listen", "127.0.0.1:0")
    with child(tmp_path, *command) as process:
        yield process.announced(r"^listening on (\S+)")


def probe(url: str, *, kernel: bool = True) -> ChatStreamProbe:
    """Return a probe of the serverless surface at an address."""
    client = InferenceClient(
        base_url=f"{url}/serverless",
        transport=Transport(
            resolver=Resolver(),
            trust_store=TrustStore(),
            environ={},
            stamps=Stamps(kernel=kernel),
        ),
        secret=ValueSecret(SecretStr(Credentials().api_key)),
    )
    key = ProbeKey("target", "serverless", "chat_stream", MODEL)
    return ChatStreamProbe(ChatStreamSection(), key, client)


@asynccontextmanager
async def blocked_loop() -> AsyncIterator[None]:
    """Let something keep the loop again and again, as a bad program does."""

    async def block() -> None:
        for pause in cycle((0.002, 0.005, 0.011)):  # no multiple of what is timed
            time.sleep(BLOCK)  # noqa: ASYNC251 -- what this is about
            await asyncio.sleep(pause)

    task = asyncio.create_task(block())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def streamed(canary: ChatStreamProbe, streams: int = STREAMS) -> list[Streamed]:
    """Return many answers, some of them at the same time."""
    answers = []
    for _ in range(streams // AT_ONCE):
        request = canary.request(canary.prompt())
        answers += await asyncio.gather(
            *(canary.ask(request, 10.0) for _ in range(AT_ONCE))
        )
    return answers


def truths(url: str) -> dict[str, list[float]]:
    """Return when each event of each stream was handed to the socket."""
    state = httpx.get(f"{url}/simulator/state", trust_env=False).json()
    return {request["request_id"]: request["sent"] for request in state["requests"]}


def errors(answer: Streamed, sent: list[float]) -> tuple[float, list[float]]:
    """Return how late the first token was seen, and how wrong each gap is."""
    seen: Any = answer.record.content_times
    told = sent[1 : 1 + len(seen)]  # the first event has only the role
    gaps = zip(pairwise(seen), pairwise(told), strict=True)
    return seen[0] - told[0], [abs((b - a) - (d - c)) for (a, b), (c, d) in gaps]


async def test_times_are_those_of_the_server(simulator: str) -> None:
    """The clock of both is the machine's, so that their stamps can be compared."""
    answers = await streamed(probe(simulator))

    told = await asyncio.to_thread(truths, simulator)
    found = [errors(a, told[a.exchange.header("x-request-id") or ""]) for a in answers]
    late = [first for first, _ in found]
    gaps = [gap for _, each in found for gap in each]
    assert all(answer.judged.verdict.passed for answer in answers)
    assert len(gaps) == STREAMS * 31
    assert min(late) > 0
    assert statistics.median(late) < LOOSE
    assert statistics.median(gaps) < LOOSE


async def lateness(url: str, *, kernel: bool) -> list[float]:
    """Return by how much first tokens came late under a busy loop, in order."""
    async with blocked_loop():
        answers = await streamed(probe(url, kernel=kernel), 12)
    told = await asyncio.to_thread(truths, url)
    sent = (told[answer.exchange.header("x-request-id") or ""] for answer in answers)
    pairs = zip(answers, sent, strict=True)
    return sorted(errors(answer, times)[0] for answer, times in pairs)


async def test_a_busy_loop_of_ours_makes_no_first_token_late(simulator: str) -> None:
    """The kernel says when it came; our own stamps are late by the whole block."""
    for _ in range(5):  # a machine that is busy with other things disturbs some
        ours = await lateness(simulator, kernel=False)
        noted = await lateness(simulator, kernel=True)
        if ours[-3] > BLOCK / 4 and statistics.median(noted) < 0.001:
            break

    assert ours[-3] > BLOCK / 4
    assert statistics.median(noted) < 0.001
