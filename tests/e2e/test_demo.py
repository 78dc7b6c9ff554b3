"""The main job: `tm-exporter demo` as somebody runs it for the first time."""

import time
from collections.abc import Sequence
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM, Signals

import pytest
from prometheus_client.samples import Sample

from tests.e2e.children import TM_EXPORTER, child
from tests.e2e.daemon import Daemon, listening
from tests.e2e.demo_probes import PROBES
from tests.e2e.waiting import eventually


pytestmark = pytest.mark.e2e

DEMO = (TM_EXPORTER, "demo", "--listen", "127.0.0.1:0")


def test_every_probe_passes_on_all_three_surfaces(demo: Daemon) -> None:
    """Fifteen seconds after its start line the demo has something to show."""
    verdicts = demo.wait_for_verdicts(PROBES)

    assert [probe for probe, passed in verdicts.items() if not passed] == []


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html"),
        ("/config", "text/"),
        ("/api/v1/status", "application/json"),
        ("/metrics", "text/plain"),
        ("/-/healthy", "text/plain"),
    ],
)
def test_every_page_answers(demo: Daemon, path: str, media_type: str) -> None:
    """Each path of the HTTP face is there from the first moment on."""
    answer = demo.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media_type)


def test_it_is_ready_once_every_probe_ran(demo: Daemon) -> None:
    """Readiness says that the numbers are complete."""
    demo.wait_for_verdicts(PROBES)

    assert eventually(
        lambda: demo.get("/-/ready").status_code == 200, within=5, what="readiness"
    )


def test_no_real_account_is_touched(demo: Daemon) -> None:
    """The demo's targets are its own, whatever variables are set around it."""
    demo.wait_for_verdicts(PROBES)

    pages = [demo.get(path).text for path in ("/config", "/metrics", "/api/v1/status")]

    assert not any("ak-of-somebody" in page for page in pages)
    assert "ak-of-somebody" not in demo.child.stdout + demo.child.stderr


def test_paid_probes_are_never_skipped_for_their_price(demo: Daemon) -> None:
    """The demo's budget suffices at any hour of the day."""
    demo.wait_for_verdicts(PROBES)

    assert demo.page().total("tensormesh_probe_skipped_total", reason="budget") == 0


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("tensormesh_cache_canary_cached_token_ratio", 0.99),
        ("tensormesh_cache_canary_details_available", 1),
        ("tensormesh_tokenizer_roundtrip_success", 1),
        ("tensormesh_tokenizer_prompt_tokens_delta", 0),
    ],
)
def test_cache_and_tokenizer_are_found_to_work(
    demo: Daemon, family: str, expected: float
) -> None:
    """Both surfaces have a cache that hits, and a tokenizer that counts as usage."""
    surfaces = {
        sample.labels["surface"]: sample.value
        for sample in eventually(
            lambda: _of_both_surfaces(demo, family), within=30, what=family
        )
    }

    assert surfaces == pytest.approx(
        {"serverless": expected, "on_demand": expected}, abs=0.01
    )


def test_slots_are_attempts_and_skips_and_what_is_in_flight(demo: Daemon) -> None:
    """No slot is lost: what fell due ran, was skipped or is running now."""
    demo.wait_for_verdicts(PROBES)

    page = demo.page()
    slots = page.total("tensormesh_probe_slots_total")
    attempts = page.total("tensormesh_probe_attempts_total")
    skipped = page.total("tensormesh_probe_skipped_total")

    assert attempts >= len(PROBES)
    assert attempts + skipped <= slots <= attempts + skipped + len(PROBES)


def test_it_ends_by_itself_after_the_time_asked_for(tmp_path: Path) -> None:
    """`--for` is a bound, and nothing of the demo outlives it."""
    with child(tmp_path, *DEMO, "--for", "2") as process:
        listening(process)
        started = time.monotonic()
        status = process.process.wait(10)

        assert status == 0
        assert time.monotonic() - started < 2 + 2
        assert process.group_is_gone()


@pytest.mark.parametrize("stop", [SIGTERM, SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_ends_within_two_seconds_while_probes_hang(
    tmp_path: Path, stop: Signals
) -> None:
    """A service that never answers must not keep the exporter from ending."""
    with child(tmp_path, *DEMO, "--scenario", "hang") as process:
        daemon = listening(process)
        eventually(lambda: _in_flight(daemon) >= 1, within=15, what="probe that hangs")

        assert process.end(stop, within=2) == 0
        assert process.group_is_gone()


def test_nothing_stays_behind_when_it_is_killed(tmp_path: Path) -> None:
    """The simulated service ends with the demo, even if that has no say in it."""
    with child(tmp_path, *DEMO) as process:
        listening(process)
        process.end(SIGKILL, within=2)

        assert eventually(
            process.group_is_gone, within=5, what="end of all that it started"
        )


def _of_both_surfaces(daemon: Daemon, family: str) -> Sequence[Sample]:
    """Return a family's samples once it has some of both inference surfaces."""
    samples = daemon.page().select(family)
    found = {sample.labels["surface"] for sample in samples}
    return samples if found >= {"serverless", "on_demand"} else ()


def _in_flight(daemon: Daemon) -> float:
    page = daemon.page()
    return (
        page.total("tensormesh_probe_slots_total")
        - page.total("tensormesh_probe_attempts_total")
        - page.total("tensormesh_probe_skipped_total")
    )
