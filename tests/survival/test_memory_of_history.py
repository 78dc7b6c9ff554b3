"""What the history keeps of many runs, and how much memory that takes."""

import gc
import random
import tracemalloc

from tests.sinks.observations import exchange, observation
from tm_exporter import catalog
from tm_exporter.exchange import Phase, Piece
from tm_exporter.observation import Observation, ProbeKey, Reason, Sample
from tm_exporter.sinks.history import LEAST_BYTES, MOST_BYTES, History


LAST_BYTES = 8 * 1024
"""What the newest run of a probe may take besides, for the status page."""


def streamed_run(key: ProbeKey, number: int, *, fails: bool) -> Observation:
    """Return a run of a stream of twenty events, with headers as services have them."""
    began = 1000.0 + 60 * number
    body = tuple(
        Piece(began + 0.013 * n, b'data: {"choices": []}\n\n') for n in range(20)
    )
    named = [(f"x-header-{n}", f"{number}-{n}" * 3) for n in range(10)]
    one = exchange(
        sent=began,
        phases={Phase.WAIT: 0.0301 * number, Phase.TRANSFER: 0.2002 * number},
        headers=(("content-type", "text/event-stream"), *named),
        request_headers=tuple((f"asked-{n}", f"for {n}") for n in range(6)),
        body=body,
    )
    return observation(
        key,
        Sample(catalog.CANARY_LAST_TTFT_SECONDS, 0.0303 * number),
        reason=Reason.STREAM_TRUNCATED if fails else None,
        detail="the stream ended without [DONE]" if fails else "",
        exchanges=(one,),
        probe_id=f"{key.probe}-{number:032}",
        started_at=1_790_000_000.0 + 60 * number,
    )


def hostile_run(key: ProbeKey, number: int, size: int = 24_000) -> Observation:
    """Return a failure of which each text is long and like no other."""
    dice = random.Random(f"{key.target} {number}")  # noqa: S311 -- of a test
    rubbish = dice.randbytes(12_000).hex()
    headers = tuple((f"x-{n}", rubbish[n : n + 1000]) for n in range(0, size, 1000))
    named = (("x-request-id", rubbish[:1000]), ("date", rubbish[:1000]))
    one = exchange(headers=(*named, *headers), body=(Piece(1000.0 + number, b"x"),))
    return observation(
        key,
        reason=Reason.STREAM_INVALID,
        detail=rubbish[:500],
        exchanges=(one, one),
        probe_id=f"{key.target}-{number}",
        started_at=1_790_000_000.0 + number,
    )


def test_history_takes_so_much_memory_and_no_more() -> None:
    """By Python's own count, however bad the runs of however many probes are."""
    history = History()
    keys = [ProbeKey(f"target-{n}", "serverless", "chat_stream") for n in range(60)]
    tracemalloc.start()
    try:
        for number in range(30):
            for key in keys:
                history(hostile_run(key, number))
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    newest = [history.find(f"{key.target}-29") for key in keys]
    assert taken < MOST_BYTES + len(keys) * LAST_BYTES
    assert all(run is not None for run in newest)


def test_of_the_oldest_runs_only_what_is_short_stays() -> None:
    """What names them to the service, until there is no room for that either."""
    history = History()
    keys = [ProbeKey("eu", "serverless", f"p{number}") for number in range(1000)]
    for key in keys:
        history(observation(key))
    for number in range(40):
        history(hostile_run(keys[0], number, 2000))

    past = history.past(keys[0])
    thin = past.runs[0].open()
    assert past.runs[0].is_thin
    assert not past.runs[-1].is_thin
    assert thin.observation.outcome.exchanges[-1].header("x-request-id")
    assert len(thin.bodies) == len(thin.observation.outcome.exchanges) == 1
    assert 5 < len(past.distinct()) < 20
    share = max(LEAST_BYTES, MOST_BYTES // len(keys))
    assert sum(kept.size for kept in past.distinct()) <= share


def test_usual_runs_stay_whole() -> None:
    """Forty of each of five hundred probes: the last runs and the last failures."""
    history = History()
    keys = [ProbeKey("eu", "serverless", f"p{number}") for number in range(500)]
    for key in keys:
        history(streamed_run(key, 0, fails=True))
    for number in range(1, 40):
        history(streamed_run(keys[0], number, fails=number < 20))

    kept = history.past(keys[0]).distinct()
    assert len(kept) == 40
    assert not any(each.is_thin for each in kept)
