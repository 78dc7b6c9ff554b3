"""Make any text fit to be a label value."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final


MAX_LENGTH: Final = 200

_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def fit(value: str) -> str:
    """
    Return the text without what could break a page, a log or a table.

    Control characters, line separators and lone surrogates become U+FFFD;
    what is longer than `MAX_LENGTH` characters is cut.
    """
    return _UNFIT.sub("\ufffd", value[:MAX_LENGTH])


def fitting(rows: Mapping[tuple[str, ...], float]) -> dict[tuple[str, ...], float]:
    """Return rows with the values of their labels as all series have them."""
    return {_fit_all(labels): value for labels, value in rows.items()}


@lru_cache(maxsize=20_000)
def _fit_all(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return label values that fit; the same ones recur at each scrape."""
    return tuple(map(fit, labels))
