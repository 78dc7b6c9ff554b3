"""The page of bounds says what the code does."""

from pathlib import Path

import pytest

from tm_exporter import memory, verdict
from tm_exporter.budget import ledger
from tm_exporter.clients import connection, decoding, space
from tm_exporter.clients.limits import Limits
from tm_exporter.daemon import out_of_turn
from tm_exporter.derivations import deployment_events
from tm_exporter.exposition import writing
from tm_exporter.probes import models, search, tokenize
from tm_exporter.pulls import deployments, measurements, metrics, pages, pricing, usage
from tm_exporter.schedule import descriptors, places
from tm_exporter.sinks import (
    history,
    labels,
    native,
    packing,
    remembered,
    room,
    series,
    shapes,
)
from tm_exporter.web import probe
from tm_exporter.wire import payloads
from tm_exporter.wire.sse import MOST_EVENT_BYTES, MOST_EVENTS


PAGE = Path(__file__).parents[2] / "docs/bounds.md"
LIMITS = Limits()

BOUNDS: dict[str, tuple[float, ...]] = {
    "header blocks, all together": (LIMITS.head,),
    "header lines, all together": (LIMITS.headers,),
    "interim (1xx) answers": (LIMITS.interim,),
    "body, decompressed": (LIMITS.body,),
    "stream, decompressed": (LIMITS.stream,),
    "content codings, one over the other": (decoding.MOST_CODINGS,),
    "one event of a stream": (MOST_EVENT_BYTES,),
    "events of a stream": (MOST_EVENTS,),
    "body of an error": (LIMITS.error_body, LIMITS.error_seconds),
    "bytes taken off a socket ahead of reading": (connection.MOST_QUEUED,),
    "lists of one JSON text, and its objects twice": (verdict.MOST_PARTS,),
    "commas of one JSON text": (verdict.MOST_VALUES,),
    "tokens that `tokenize` gives for its text": (tokenize.MOST_TOKENS,),
    "characters of a name, version or fingerprint that are read": (
        payloads.LONGEST_NAME,
    ),
    "tokens that a request has used": (payloads.MOST_TOKENS,),
    "search for `expect.regex`": (search.MOST_SECONDS, search.MOST_MEMORY),
    "characters of a label value": (labels.MAX_LENGTH,),
    "series of a family, of one probe or target": (series.MOST_OF_FAMILY,),
    "series with names of the service's, of one target for sure": (room.SURE,),
    "models of a list that are remembered, besides those configured": (
        models.MOST_MODELS,
    ),
    "pages of a list": (pages.MOST_PAGES,),
    "entries of a list in pages": (pages.MOST_ENTRIES,),
    "events of one deployment that are read": (deployments.MOST_EVENTS,),
    "events of a list of deployments that are read": (deployments.MOST_LISTED_EVENTS,),
    "events of an account that are known one by one": (deployment_events.MOST_EVENTS,),
    "metrics of one answer": (measurements.MOST,),
    "entries of metrics that are looked at": (measurements.MOST_LISTED,),
    "deployments whose metrics are asked for": (metrics._MOST_DEPLOYMENTS,),
    "prices that are remembered": (pricing.MOST_PRICES,),
    "rows of usage that are remembered": (usage.MOST_ROWS,),
    "runs of one target": (places.OF_TARGET,),
    "runs of all targets": (places.IN_ALL, places.SURE),
    "of these, kept free for targets with less than 2 under way": (places.KEPT_FREE,),
    "open files": (descriptors.RESERVED,),
    "bodies in memory until their runs end, of one target for sure": (space.OWN,),
    "bytes of a stream that are kept as they came": (LIMITS.body,),
    "time that stands still for an exchange while its body waits for that": (
        LIMITS.patience,
    ),
    "requests for `/probe`, of one target": (
        *(probe.PER_SECOND, probe.BURST, probe.AT_ONCE),
    ),
    "requests for `/probe`, in all": (
        *(probe.PER_SECOND_IN_ALL, probe.BURST_IN_ALL, probe.AT_ONCE_IN_ALL),
    ),
    "probes of one request that run at a time": (out_of_turn.AT_ONCE,),
    "seconds for a request of `/probe`": (probe.LONGEST,),
    "memory of all of them": (history.MOST_BYTES, history.LEAST_BYTES),
    "a run in the history, as objects": (packing.LARGEST,),
    "exchanges of a run in the history": (remembered.MOST_EXCHANGES,),
    "headers of an answer in the history": (remembered.MOST_HEADERS,),
    "pieces and events of a body in the history": (shapes.KEPT_PIECES,),
    "buckets of a native histogram": (native.MOST_BUCKETS,),
    "of the page of metrics, what is kept for the next one": (writing.MOST_KEPT,),
    "the ledger": (ledger._KEPT, ledger._SPARED),
    "`memory.json`": (memory._MOST_BYTES,),
}


@pytest.mark.parametrize("what", BOUNDS)
def test_a_bound_is_told_as_it_is(what: str) -> None:
    """In the second column of its row, each number of it."""
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    [cell] = [row.split(" | ")[1] for row in rows if row.startswith(f"| {what} |")]

    assert all(
        f"{number:,g}" in cell or f"{number:,.0f}" in cell for number in BOUNDS[what]
    )


def test_what_all_share_is_told() -> None:
    """Of series, and of bodies."""
    text = PAGE.read_text()

    assert f"{room.SHARED:,} bytes | left out" in text
    assert f"{space.SHARED:,} bytes | waits; one at a time goes on" in text
