"""A board of many targets, after many runs of each probe."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from tests.doubles import FakeClock
from tests.sinks.observations import STARTED_AT, exchange, observation, watching
from tests.web.statuses import MOMENT
from tm_exporter import catalog
from tm_exporter.observation import Observation, ProbeKey, Reason, Sample
from tm_exporter.reasons import next_step
from tm_exporter.sinks.history import History
from tm_exporter.views.board import StatusBoard
from tm_exporter.views.overview import overview
from tm_exporter.views.status import Status


MODEL = "openai/gpt-oss-20b"
RUNS = 20

_OF_TARGET = ("health", "version", "models")
_OF_MODEL = (
    *("tokenize", "chat_stream", "chat", "completions", "completions_stream"),
    *("responses", "responses_stream", "kv_cache"),
)


def crowd(
    targets: int, *, failing: int = 0, runs: int = RUNS
) -> tuple[Callable[[], Status], datetime]:
    """
    Return what tells the status of so many targets with all probes, and the time.

    Args:
        targets: How many.
        failing: Of them, those whose streams fail.
        runs: Of each probe.
    """
    keys = [key for number in range(targets) for key in _keys(number)]
    metrics, history = watching(FakeClock(), *keys), History()
    for number, key in enumerate(keys):
        fails = number // len(_keys(0)) < failing and key.probe == "chat_stream"
        for run in range(runs):
            seen = _run(key, number, run, fails=fails)
            history(seen)
        metrics(seen)
    board = StatusBoard(
        metrics=metrics,
        history=history,
        next_step=next_step,
        next_slot=lambda _: STARTED_AT + 3600,
    )

    def status() -> Status:
        told = board.targets(keys)
        return Status(
            version="1.2.3",
            started=MOMENT,
            ready=True,
            targets=told,
            overview=overview(told),
        )

    return status, MOMENT


def _keys(number: int) -> list[ProbeKey]:
    target = f"serverless-{number:03}"
    free = [ProbeKey(target, "serverless", probe) for probe in _OF_TARGET]
    paid = [ProbeKey(target, "serverless", probe, MODEL) for probe in _OF_MODEL]
    return [*free, *paid]


def _run(key: ProbeKey, number: int, run: int, *, fails: bool) -> Observation:
    ttft = [Sample(catalog.CANARY_LAST_TTFT_SECONDS, 0.1 + number / 1000)]
    made = observation(
        key,
        *(ttft if key.probe == "chat_stream" and not fails else ()),
        reason=Reason.STREAM_STALLED if fails else None,
        detail="the stream fell silent for 10 s after 2,345 bytes" if fails else "",
        exchanges=(exchange(),),
        probe_id=f"{number:08x}{run:08x}",
        started_at=STARTED_AT + 60 * run,
    )
    return replace(made, duration=0.2 + (number * 7 + run * 13) % 100 / 100)
