"""Which runs are worth a line, and what the line says."""

from structlog.testing import capture_logs

from tests.sinks.observations import CHAT, exchange, next_step, observation
from tm_exporter.observation import Reason
from tm_exporter.sinks.log import LogSink


def lines_of(*reasons: Reason | None) -> list[tuple[str, str]]:
    """Return level and event of the line that each run in turn costs."""
    sink = LogSink(next_step)
    with capture_logs() as lines:
        for reason in reasons:
            sink(observation(reason=reason))
    return [(line["log_level"], line["event"]) for line in lines]


def test_a_passing_probe_whispers() -> None:
    """Nobody wants to read that all is well."""
    assert lines_of(None, None) == [("debug", "probe_passed")] * 2


def test_a_long_outage_is_one_warning_and_one_recovery() -> None:
    """The state changed twice."""
    assert lines_of(None, Reason.DNS, Reason.DNS, Reason.DNS, None, None) == [
        ("debug", "probe_passed"),
        ("warning", "probe_failing"),
        ("debug", "probe_failed"),
        ("debug", "probe_failed"),
        ("info", "probe_recovered"),
        ("debug", "probe_passed"),
    ]


def test_another_reason_is_another_warning() -> None:
    """It may be somebody else's turn to act."""
    assert lines_of(Reason.DNS, Reason.TLS) == [("warning", "probe_failing")] * 2


def test_a_failure_says_all_that_is_known_and_what_to_do() -> None:
    """One line is enough to begin with."""
    sink = LogSink(next_step)
    answer = exchange(status=401)

    with capture_logs() as lines:
        sink(
            observation(CHAT, reason=Reason.AUTH, detail="refused", exchanges=(answer,))
        )

    assert lines == [
        {
            "event": "probe_failing",
            "log_level": "warning",
            "target": "eu",
            "surface": "serverless",
            "probe": "chat_stream",
            "model": "openai/gpt-oss-20b",
            "probe_id": "run-1",
            "success": False,
            "reason": "auth",
            "detail": "refused",
            "duration_seconds": 0.25,
            "http_status_code": 401,
            "peer_address": "192.0.2.1:443",
            "next_step": "look at chat_stream: auth, 401",
        }
    ]


def test_what_is_unknown_is_left_out() -> None:
    """A run that made no request has no peer and no status."""
    sink = LogSink(next_step)

    with capture_logs() as lines:
        sink(observation(reason=Reason.CONFIGURATION, exchanges=()))

    assert {"http_status_code", "peer_address", "detail"}.isdisjoint(lines[0])


def test_a_forgotten_probe_begins_anew() -> None:
    """A target that comes back and passes did not recover."""
    sink = LogSink(next_step)
    run = observation(reason=Reason.DNS)

    with capture_logs() as lines:
        sink(run)
        sink.forget(run.key)
        sink(observation())

    assert lines[-1]["event"] == "probe_passed"


def test_a_failure_says_whose_fault_it_is() -> None:
    """Where that is known, and of a failure only."""
    sink = LogSink(next_step, lambda target, model: f"{target}/{model}")
    with capture_logs() as lines:
        sink(observation(CHAT, reason=Reason.DNS))
        sink(observation(CHAT))

    assert [line.get("diagnosis") for line in lines] == ["eu/openai/gpt-oss-20b", None]
