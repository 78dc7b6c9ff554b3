"""What headers say of how much is granted."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.wire.rate_limits import LONGEST, MOST, RateLimit, rate_limits


def only(*headers: tuple[str, str]) -> RateLimit:
    """Return the one limit that headers tell."""
    (limit,) = rate_limits(headers)
    return limit


def test_openai_tells_both_kinds() -> None:
    """As in OpenAI's guide."""
    limits = rate_limits(
        (
            ("date", "Mon, 21 Sep 2026 14:13:20 GMT"),
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-limit-tokens", "150000"),
            ("x-ratelimit-remaining-requests", "59"),
            ("x-ratelimit-remaining-tokens", "149984"),
            ("x-ratelimit-reset-requests", "1s"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        )
    )

    assert limits == (
        RateLimit("requests", 60, 59, 1),
        RateLimit("tokens", 150_000, 149_984, 360),
    )


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(
            (
                ("ratelimit-limit", "100"),
                ("ratelimit-remaining", "50"),
                ("ratelimit-reset", "30"),
            ),
            id="older-drafts",
        ),
        pytest.param(
            (
                ("ratelimit-limit", "100, 100;w=60, 1000;w=3600"),
                ("ratelimit-remaining", "50"),
                ("ratelimit-reset", "30"),
            ),
            id="with-its-policy",
        ),
        pytest.param(
            (
                ("x-ratelimit-limit", "100"),
                ("x-ratelimit-remaining", "50"),
                ("x-ratelimit-reset", "30"),
            ),
            id="with-an-x",
        ),
        pytest.param(
            (("ratelimit", "limit=100, remaining=50, reset=30"),), id="seventh-draft"
        ),
        pytest.param((("ratelimit", "limit=100;remaining=50;reset=30"),), id="dashes"),
        pytest.param(
            (
                ("ratelimit-policy", '"burst";q=100;w=60,"daily";q=1000;w=86400'),
                ("ratelimit", '"burst";r=50;t=30,"daily";r=980;t=5000'),
            ),
            id="eighth-draft",
        ),
    ],
)
def test_the_forms_of_the_ietf(headers: tuple[tuple[str, str], ...]) -> None:
    """They name no kind and mean requests; of several policies the first."""
    assert only(*headers) == RateLimit("requests", 100, 50, 30)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("12", 12),
        ("12.5", 12.5),
        ("1s", 1),
        ("1.5s", 1.5),
        ("20ms", 0.02),
        ("6m0s", 360),
        ("1h2m3s", 3723),
        ("1d", 86400),
        ("7.66s", 7.66),
        (" 8 ", 8),
    ],
)
def test_times(text: str, seconds: float) -> None:
    """Seconds, or Go's way to write a duration."""
    limit = only(("x-ratelimit-reset-tokens", text))

    assert limit.reset == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x-ratelimit-limit-requests", "unlimited"),
        ("x-ratelimit-limit-requests", ""),
        ("x-ratelimit-limit-requests", "1,000"),
        ("x-ratelimit-limit-requests", "-1"),
        ("x-ratelimit-limit-requests", "1e400"),
        ("x-ratelimit-limit-requests", "٣"),
        ("x-ratelimit-limit-requests", "9" * 15),
        ("x-ratelimit-remaining-tokens", "nan"),
        ("x-ratelimit-remaining-tokens", "inf"),
        ("x-ratelimit-remaining-tokens", "0x10"),
        ("x-ratelimit-reset-requests", "soon"),
        ("x-ratelimit-reset-requests", "-5s"),
        ("x-ratelimit-reset-requests", "5 weeks"),
        ("x-ratelimit-reset-requests", "1790000000"),
        ("x-ratelimit-reset-requests", "1h" * 60),
        ("ratelimit", "limit=many"),
        ("x-ratelimit-limit-images", "5"),
    ],
)
def test_what_is_absurd_is_not_told(name: str, text: str) -> None:
    """A gauge that is wrong is worse than one that is missing."""
    assert rate_limits([(name, text)]) == ()


def test_what_is_readable_is_told_without_the_rest() -> None:
    """One strange header costs one value."""
    limit = only(
        ("x-ratelimit-limit-tokens", "many"), ("x-ratelimit-remaining-tokens", "7")
    )

    assert limit == RateLimit("tokens", None, 7, None)


def test_of_two_headers_of_one_name_the_first_counts() -> None:
    """As everywhere else."""
    limit = only(("x-ratelimit-limit-tokens", "5"), ("x-ratelimit-limit-tokens", "6"))

    assert limit.limit == 5


NAMES = st.sampled_from(
    [
        *("ratelimit", "ratelimit-policy", "ratelimit-limit", "x-ratelimit-reset"),
        *("x-ratelimit-limit-requests", "x-ratelimit-remaining-tokens"),
        *("x-ratelimit-reset-tokens", "ratelimit-reset"),
    ]
)
TEXTS = st.text() | st.from_regex(r"[0-9hms.=,;rtq\"a-z -]{0,40}", fullmatch=True)


@given(st.lists(st.tuples(NAMES, TEXTS), max_size=8))
def test_whatever_a_service_writes_is_a_number_within_bounds_or_nothing(
    headers: list[tuple[str, str]],
) -> None:
    """Headers come from outside."""
    for limit in rate_limits(headers):
        values = (limit.limit, limit.remaining, limit.reset)
        assert any(value is not None for value in values)
        for value, most in zip(values, (MOST, MOST, LONGEST), strict=True):
            assert value is None or (math.isfinite(value) and 0 <= value <= most)
