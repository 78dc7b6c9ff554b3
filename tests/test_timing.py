"""The times of a stream, by their definitions."""

import pytest

from tm_exporter.timing import StreamTiming


def timing(*contents: float, tokens: int | None = None) -> StreamTiming:
    """Return the timing of a request sent at 10 seconds."""
    return StreamTiming(sent=10.0, contents=contents, output_tokens=tokens)


def test_the_definitions() -> None:
    """Start to first content; the mean of what follows; its inverse."""
    stream = timing(10.5, 10.7, 11.5, tokens=5)

    assert stream.time_to_first_token == 0.5
    assert stream.inter_token_latency == 0.25
    assert stream.output_tokens_per_second == 4.0
    assert stream.gaps == pytest.approx((0.2, 0.8))


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(timing(10.5, 11.0), id="tokens-not-reported"),
        pytest.param(timing(10.5, 11.0, tokens=1), id="one-token"),
        pytest.param(timing(10.5, tokens=9), id="one-chunk"),
        pytest.param(timing(tokens=9), id="no-content"),
    ],
)
def test_without_an_interval_there_is_no_mean(stream: StreamTiming) -> None:
    """Nothing to average over is no value: not zero."""
    assert stream.inter_token_latency is None
    assert stream.output_tokens_per_second is None


def test_a_burst_has_no_rate() -> None:
    """Chunks that came in one read are zero seconds apart: no rate follows."""
    assert timing(10.5, 10.5, tokens=9).output_tokens_per_second is None


def test_without_content_there_is_no_first_token() -> None:
    """Absent, so that no histogram takes it for a quick answer."""
    assert timing().time_to_first_token is None
