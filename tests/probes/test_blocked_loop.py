"""A loop that computes while a probe waits: what then becomes of its times."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr

from tests import scripted_server as wire
from tm_exporter import catalog
from tm_exporter.catalog import Family
from tm_exporter.clients.client import InferenceClient
from tm_exporter.clients.resolver import Resolver
from tm_exporter.clients.transport import Transport
from tm_exporter.clients.trust import TrustStore
from tm_exporter.config.secrets import ValueSecret
from tm_exporter.derivations.derive import derive
from tm_exporter.derivations.objectives import Objectives
from tm_exporter.derivations.validity import Validity
from tm_exporter.observation import Observation, ProbeKey
from tm_exporter.probes.chat_stream import ChatStreamProbe, ChatStreamSection
from tm_exporter.process.loop_lag import LagMeter
from tm_exporter.runner import run
from tm_exporter.section import Slo, TtftObjective
from tm_exporter.sinks.histogram import Histogram
from tm_exporter.sinks.metrics import MetricsSink


WAIT = 0.4
"""Seconds until the service sends the first token."""

OBJECTIVE = TtftObjective.model_construct(objective=0.9, threshold=0.1)


def event(delta: str, finish: str = "null") -> bytes:
    """Return one chunk of a stream."""
    choice = f'{{"index":0,"delta":{delta},"finish_reason":{finish}}}'
    return f'data: {{"model":"m","choices":[{choice}]}}\n\n'.encode()


@pytest.fixture
def service() -> Iterator[wire.Server]:
    """Run a server that says who speaks at once, and the first word later."""
    opening = wire.head("Content-Type: text/event-stream")
    with wire.serving(
        wire.request,
        wire.send(opening + event('{"role":"assistant"}')),
        wire.pause(WAIT),
        wire.send(event('{"content":"rea"}'), event('{"content":"dy"}'), every=0.05),
        wire.send(event("{}", '"stop"') + b"data: [DONE]\n\n"),
    ) as server:
        yield server


@dataclass
class Measured:
    """
    Runs of a probe, and the page that they are on.

    The loop is watched as the daemon does.
    """

    probe: ChatStreamProbe
    sink: MetricsSink = field(default_factory=MetricsSink)
    objectives: Objectives = field(default_factory=Objectives)
    meter: LagMeter = field(default_factory=lambda: LagMeter(lambda _: None))

    def __post_init__(self) -> None:
        starts = self.objectives.watch(self.probe)
        self.sink.watch(
            self.probe.key, interval=60, reasons=(), skips=(), starts=starts
        )
        self.meter.start()

    async def run(self, *, block: float = 0.0, after: float = 0.0) -> Observation:
        """Run once; meanwhile let something compute on the loop."""
        loop = asyncio.get_running_loop()
        if block:
            loop.call_later(after, time.sleep, block)
        with self.meter.closely():
            seen = await run(self.probe)
        seen = derive(seen, (Validity(self.meter.worst), self.objectives))
        self.sink(seen)
        return seen

    def value(self, family: Family) -> float:
        """Return the only value of a family, of a histogram the number of them."""
        rows = dict(self.sink.families())[family]
        (value,) = rows.values() or (0.0,)
        return value.cumulative[-1] if isinstance(value, Histogram) else value

    @property
    def discarded(self) -> float:
        """How many measurements were thrown away."""
        return self.value(catalog.EXPORTER_MEASUREMENTS_DISCARDED)


@pytest.fixture
async def measured(service: wire.Server) -> Measured:
    """Return a probe of that server, watched."""
    client = InferenceClient(
        base_url=service.url.rstrip("/"),
        transport=Transport(resolver=Resolver(), trust_store=TrustStore(), environ={}),
        secret=ValueSecret(SecretStr("ak-made-up")),
    )
    slo = Slo(ttft=OBJECTIVE)
    section = ChatStreamSection().model_copy(update={"slo": slo})
    key = ProbeKey("t", "serverless", "chat_stream", "m")
    return Measured(ChatStreamProbe(section, key, client))


@pytest.mark.parametrize(
    ("block", "after"),
    [
        pytest.param(0.1, WAIT - 0.06, id="over-the-arrival-of-the-first-token"),
        pytest.param(0.1, WAIT - 0.25, id="while-it-waits-for-it"),
    ],
)
async def test_a_first_token_under_a_blocked_loop_is_in_no_histogram(
    measured: Measured, block: float, after: float
) -> None:
    """The verdict stands, and so do the gauges of the last run."""
    seen = await measured.run(block=block, after=after)

    assert seen.verdict.passed
    assert measured.value(catalog.CANARY_TTFT_SECONDS) == 0
    assert measured.value(catalog.PROBE_DURATION_SECONDS) == 0
    assert measured.value(catalog.CANARY_TTFT_OBJECTIVE_EVALUATED) == 0
    assert measured.discarded >= 2
    ttft = measured.value(catalog.CANARY_LAST_TTFT_SECONDS)
    assert ttft == pytest.approx(WAIT, abs=0.3)
    assert measured.value(catalog.PROBE_SUCCESS) == 1


async def test_under_a_free_loop_everything_is_measured(measured: Measured) -> None:
    """Once in a few runs, for a busy machine disturbs some."""
    for _ in range(10):
        before = measured.discarded
        await measured.run()
        if measured.discarded == before:
            break

    found = measured.value(catalog.CANARY_TTFT_SECONDS)
    assert found >= 1
    assert measured.value(catalog.PROBE_DURATION_SECONDS) >= 1
    assert measured.value(catalog.CANARY_TTFT_OBJECTIVE_MISSED) == found


async def test_a_block_after_the_first_token_leaves_it_valid(
    measured: Measured,
) -> None:
    """Only what was measured meanwhile is spoilt."""
    for _ in range(10):
        seen = await measured.run(block=0.1, after=WAIT + 0.02)
        first = seen.value_of(catalog.CANARY_TTFT_SECONDS)
        if first is not None and catalog.CANARY_CHUNK_GAP_SECONDS in seen.discarded:
            break

    assert measured.value(catalog.CANARY_TTFT_SECONDS) >= 1
    assert catalog.CANARY_CHUNK_GAP_SECONDS in seen.discarded
