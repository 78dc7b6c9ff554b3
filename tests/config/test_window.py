"""When a window of the configuration is open."""

from datetime import UTC, datetime

import pytest

from tests.config.conftest import LoadText
from tm_exporter.config.advice import warnings
from tm_exporter.config.window import Opening, WindowSection


NOW = datetime(2026, 11, 22, 22, 30, tzinfo=UTC).timestamp()


def window(**keys: object) -> WindowSection:
    """Return a window with some keys."""
    return WindowSection.model_validate({"name": "upgrade", **keys})


@pytest.mark.parametrize(
    "keys",
    [
        {"from": "2026-11-22T22:00:00Z", "to": "2026-11-22T23:00:00Z"},
        {"from": "2026-11-22T23:00:00+01:00", "duration": "1h"},
        {"cron": "0 22 * * sun", "duration": "1h"},
    ],
    ids=["from and to", "from and duration", "cron"],
)
def test_it_is_open_from_its_beginning_until_before_its_end(
    keys: dict[str, object],
) -> None:
    """By the clock in UTC, whatever zone the times were written in."""
    opening = Opening(NOW - 1800, NOW + 1800)
    at = (NOW - 1801, NOW - 1800, NOW, NOW + 1799, NOW + 1800)

    openings = [window(**keys).opening(now) for now in at]

    assert openings == [None, opening, opening, opening, None]


def test_of_openings_that_overlap_the_last_counts() -> None:
    """It is the one that ends last."""
    again = window(cron="*/20 * * * *", duration="1h")

    assert again.opening(NOW) == Opening(NOW - 600, NOW + 3000)


def test_the_clock_may_be_set_back() -> None:
    """Then what was over is open again, as people mean it."""
    once = window(**{"from": "2026-11-22T22:00:00Z", "duration": "1h"})

    assert [once.opening(now) is not None for now in (NOW, NOW + 1e4, NOW)] == [
        *(True, False, True),
    ]


@pytest.mark.parametrize(
    ("models", "sentences"),
    [
        ("[a]", ("maintenance `w`: no such target has a model `b`",)),
        ("[a, b]", ()),
        ("auto", ()),
    ],
)
def test_a_model_that_nobody_asks_is_warned_of(
    load_text: LoadText, models: str, sentences: tuple[str, ...]
) -> None:
    """It may be one that is chosen later, so it is no error."""
    loaded = load_text(
        f"targets: [{{name: nebius, surface: serverless, models: {models}}}]\n"
        "maintenance:\n"
        '- {name: w, cron: "0 0 * * *", duration: 1h, models: [b]}\n'
    )

    assert warnings(loaded.settings) == sentences
