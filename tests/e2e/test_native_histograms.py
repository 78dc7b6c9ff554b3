"""What real servers make of native histograms and examples, on both lanes."""

import asyncio
import contextlib
import math
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

import pytest

from tests.doubles import FakeClock
from tests.e2e.prometheus import Prometheus, part, prometheus
from tests.e2e.waiting import eventually
from tests.sinks.observations import CHAT, observation, watching
from tm_exporter import catalog
from tm_exporter.exposition.page import Exposition
from tm_exporter.observation import Sample


pytestmark = pytest.mark.e2e

LANES = ("oldest", "newest")
TTFT = catalog.CANARY_TTFT_SECONDS
KNOWN = {
    TTFT: [0.2 * 1.013**number for number in range(200)],
    catalog.CANARY_CHUNK_GAP_SECONDS: [0.004 * 1.02**number for number in range(150)],
    catalog.CANARY_ITL_SECONDS: [0.021] * 5 + [0.033] * 5 + [0.9],
    catalog.PROBE_DURATION_SECONDS: [1.25],
}
"""What each scrape finds more of."""

ONE_BUCKET = 1 / 8  # of a power of two
FEATURES = "native-histograms,exemplar-storage"


class Growing:
    """A page on which the same values are counted again at each scrape."""

    def __init__(self) -> None:
        self.sink = watching(FakeClock(), CHAT)
        self.exposition = Exposition(self.sink.owners)
        self.types: set[str] = set()
        self._lock = Lock()
        self._runs = 0

    def answer(self, accept: str) -> tuple[str, bytes]:
        """Return the next page and its content type."""
        with self._lock:
            self._runs += 1
            values = [
                Sample(family, value)
                for family, known in KNOWN.items()
                if family is not catalog.PROBE_DURATION_SECONDS
                for value in known
            ]
            run = observation(
                CHAT,
                *values,
                probe_id=f"run-{self._runs}",
                started_at=time.time() - 1.25,
                duration=1.25,
            )
            self.sink(run)
            page = asyncio.run(self.exposition.render(accept))
            self.types.add(page.content_type)
        return page.content_type, page.body


@contextlib.contextmanager
def served(page: Growing) -> Iterator[str]:
    """Serve a page on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = page.answer(self.headers["accept"])
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def version(lane: str) -> tuple[int, ...]:
    """Return the version of a lane's server."""
    said = subprocess.run(  # noqa: S603  # a program that the tests fetched
        [part(lane, "prometheus"), "--version"],
        capture_output=True,
        check=True,
        timeout=20,
    )
    number = said.stdout.split()[2].decode().partition("+")[0]
    return tuple(map(int, number.split(".")))


def job(lane: str, address: str) -> dict[str, Any]:
    """Return how a lane is told to read both kinds of buckets, where it can."""
    known = {
        "always_scrape_classic_histograms": version(lane) >= (3, 0),
        "scrape_native_histograms": version(lane) >= (3, 8),
    }
    return {
        "job_name": "tm-exporter",
        "static_configs": [{"targets": [address]}],
        **{name: True for name, has in known.items() if has},
    }


@pytest.fixture(scope="module")
def pages() -> dict[str, Growing]:
    """Return a page for each lane, so that each sees its own growth."""
    return {lane: Growing() for lane in LANES}


@pytest.fixture(scope="module")
def servers(
    pages: dict[str, Growing], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Prometheus]]:
    """Run both servers at once, until each has scraped its page some times."""
    with contextlib.ExitStack() as stack:
        running = {}
        for lane, page in pages.items():
            address = stack.enter_context(served(page))
            running[lane] = stack.enter_context(
                prometheus(
                    lane,
                    address,
                    tmp_path_factory.mktemp(lane),
                    f"--enable-feature={FEATURES}",
                    more={"scrape_configs": [job(lane, address)]},
                )
            )
        for server in running.values():
            eventually(
                partial(server.query, "count_over_time(up[1m]) >= 3"),
                within=30,
                what="third scrape",
                context=partial(_trouble, server),
            )
        yield running


def _trouble(server: Prometheus) -> str:
    return str(server.targets())


@pytest.fixture(params=LANES)
def lane(request: pytest.FixtureRequest) -> str:
    """Return a lane's name."""
    name: str = request.param
    return name


@pytest.fixture
def server(servers: dict[str, Prometheus], lane: str) -> Prometheus:
    """Return the server of a lane."""
    return servers[lane]


def test_it_asks_for_protobuf_and_accepts_it(
    server: Prometheus, pages: dict[str, Growing], lane: str
) -> None:
    """No scrape fails, nothing is thrown away, and nothing is said in the log."""
    (kind,) = pages[lane].types

    assert kind.startswith("application/vnd.google.protobuf;")
    assert [(t["health"], t["lastError"]) for t in server.targets()] == [("up", "")]
    assert server.query("min_over_time(up[1m])") == [1.0]
    assert server.rejections() == {}
    assert [line for line in server.troubles() if "feature" not in line.lower()] == []


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("family", KNOWN, ids=lambda family: family.name)
def test_a_quantile_is_within_one_bucket_of_the_truth(
    server: Prometheus, family: catalog.Family, quantile: float
) -> None:
    """Of all that was counted, and of what was counted within a time."""
    known = sorted(KNOWN[family])
    truth = known[math.ceil(quantile * len(known)) - 1]

    for selected in (family.name, f"rate({family.name}[1m])"):
        (found,) = server.query(f"histogram_quantile({quantile}, {selected})")
        assert abs(math.log2(found / truth)) <= ONE_BUCKET, (selected, found, truth)


@pytest.mark.parametrize("family", KNOWN, ids=lambda family: family.name)
def test_count_and_sum_are_those_of_the_values(
    server: Prometheus, family: catalog.Family
) -> None:
    """So no value is lost between the buckets."""
    known = KNOWN[family]
    query = f"histogram_sum({family.name}) / histogram_count({family.name})"
    (mean,) = server.query(query)
    (count,) = server.query(f"histogram_count({family.name})")

    assert mean == pytest.approx(sum(known) / len(known))
    assert count % len(known) == 0


def test_both_kinds_of_buckets_are_there_where_the_server_can(
    server: Prometheus, lane: str
) -> None:
    """2.42 takes only the native ones; what has none of them stays classic."""
    classic = server.query(f"count({TTFT.name}_bucket)")

    assert classic == ([len(TTFT.buckets) + 1.0] if version(lane) >= (3, 0) else [])
    assert server.query(f"{catalog.PROBE_ATTEMPTS.name} > 2") != []


def test_examples_lead_to_runs(server: Prometheus) -> None:
    """A point of a chart leads to the transcript of its run."""
    found = server.examples(TTFT.name)

    assert found
    assert all(each["labels"]["probe_id"].startswith("run-") for each in found)
    assert {float(each["value"]) for each in found} <= set(KNOWN[TTFT])
