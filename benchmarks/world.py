"""Series as a daemon has them: probes of routes and of streams, with what they saw."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tm_exporter.exchange import Exchange, Phase
from tm_exporter.observation import (
    PASSED,
    Observation,
    Outcome,
    ProbeKey,
    Skip,
)
from tm_exporter.probes.streaming import NO_VIOLATIONS, timing_samples
from tm_exporter.reasons import ANY_BODY, STREAMED
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.timing import StreamTiming


_SKIPS = (Skip.THROTTLED, Skip.OVERLAP, Skip.MISSED, Skip.MAINTENANCE)
_PHASES = {
    Phase.DNS: 0.0002,
    Phase.CONNECT: 0.001,
    Phase.TLS: 0.009,
    Phase.WAIT: 0.12,
    Phase.TRANSFER: 0.7,
}


@dataclass(slots=True)
class World:
    """
    Targets of two probes each, in a sink, and more and more runs of them.

    Attributes:
        targets: How many.
        sink: Where their series are.
        runs: How many runs each probe has seen.
    """

    targets: int
    sink: MetricsSink = field(default_factory=MetricsSink)
    runs: int = 0

    def __post_init__(self) -> None:
        for key in self._keys():
            streams = key.probe == "chat_stream"
            self.sink.watch(
                key,
                interval=60.0,
                reasons=STREAMED if streams else ANY_BODY,
                skips=(*_SKIPS, Skip.BUDGET) if streams else _SKIPS,
                starts=NO_VIOLATIONS if streams else (),
            )

    def _keys(self) -> Iterator[ProbeKey]:
        for number in range(self.targets):
            target = f"target-{number}"
            yield ProbeKey(target, "serverless", "health")
            yield ProbeKey(target, "serverless", "chat_stream", "openai/gpt-oss-20b")

    def go_on(self) -> Iterator[None]:
        """Let each probe run once more, one with each step."""
        self.runs += 1
        for key in self._keys():
            self.sink.slot(key)
            self.sink(_seen(key, self.runs))
            yield

    def change(self) -> None:
        """Let each probe run once more."""
        for _ in self.go_on():
            pass


def _seen(key: ProbeKey, run: int) -> Observation:
    """Return what a run saw that passed; times differ from run to run."""
    duration = 0.8 + run / 997
    first = 100.0 + duration / 4
    times = tuple(first + at * 0.021 for at in range(32))
    timing = StreamTiming(sent=100.0, contents=times, output_tokens=32)
    streams = key.probe == "chat_stream"
    exchange = Exchange(
        method="POST" if streams else "GET",
        url="https://serverless.example/health",
        sent=100.0,
        phases={phase: took + run / 1e5 for phase, took in _PHASES.items()},
        status=200,
    )
    return Observation(
        key=key,
        probe_id=f"{run:016x}",
        started_at=1_763_800_000.0 + run,
        duration=duration,
        outcome=Outcome(
            verdict=PASSED,
            exchanges=(exchange,),
            samples=tuple(timing_samples(timing, passed=True)) if streams else (),
        ),
    )
