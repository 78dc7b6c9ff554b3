"""Every sink gets every observation."""

from structlog.testing import capture_logs

from tests.sinks.observations import observation
from tm_exporter.observation import Observation
from tm_exporter.sinks.publish import publish


def broken(_: Observation) -> None:
    """Fail, as a sink must not."""
    raise RuntimeError("no space left")


def test_a_sink_that_raises_costs_a_log_line() -> None:
    """The sinks after it still get the observation."""
    got: list[Observation] = []

    with capture_logs() as lines:
        publish(observation(), [got.append, broken, got.append])

    assert got == [observation(), observation()]
    assert [line["event"] for line in lines] == ["sink_failed"]
    assert lines[0]["probe_id"] == "run-1"
