"""What the oldest and the newest Prometheus that we support make of our pages."""

import subprocess
from collections.abc import Iterator

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.demo_probes import PROBES
from tests.e2e.prometheus import Prometheus, part, prometheus
from tests.e2e.waiting import eventually


pytestmark = pytest.mark.e2e

LANES = ("oldest", "newest")


@pytest.fixture(scope="module", params=LANES)
def scraping(
    request: pytest.FixtureRequest,
    demo: Daemon,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Prometheus]:
    """Run a Prometheus that has scraped the whole demo three times."""
    demo.wait_for_verdicts(PROBES)
    address = demo.url.removeprefix("http://")
    folder = tmp_path_factory.mktemp(request.param)
    with prometheus(request.param, address, folder) as server:
        eventually(
            lambda: server.query("count_over_time(up[1m]) >= 3"),
            within=30,  # it looks for targets only after five seconds
            what="third scrape",
            context=lambda: str(server.targets()),
        )
        yield server


def test_the_target_is_up(scraping: Prometheus) -> None:
    """Every scrape so far was understood."""
    assert scraping.query("min_over_time(up[1m])") == [1.0]


def test_no_scrape_meets_an_error(scraping: Prometheus) -> None:
    """Neither the list of targets, nor the log, nor its own counters complain."""
    assert [(t["health"], t["lastError"]) for t in scraping.targets()] == [("up", "")]
    assert scraping.troubles() == []
    assert scraping.rejections() == {}


def test_verdicts_can_be_queried(scraping: Prometheus) -> None:
    """What the page says arrives in the database."""
    query = "count(count by (surface, probe) (tensormesh_probe_success == 1))"

    assert scraping.query(query) == [float(len(PROBES))]


def test_quantiles_can_be_queried(scraping: Prometheus) -> None:
    """Histograms have the form which `histogram_quantile` wants."""
    query = (
        "histogram_quantile(0.5, sum by (le) (tensormesh_canary_ttft_seconds_bucket))"
    )

    (median,) = scraping.query(query)

    assert 0 < median < 1


@pytest.mark.parametrize("lane", LANES)
def test_promtool_finds_nothing_to_say(demo: Daemon, lane: str) -> None:
    """Names, units and help texts are as Prometheus asks."""
    demo.wait_for_verdicts(PROBES)

    result = subprocess.run(  # noqa: S603  # a program that the tests fetched
        [part(lane, "promtool"), "check", "metrics"],
        input=demo.get("/metrics").content,
        capture_output=True,
        check=False,
        timeout=30,
    )

    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
