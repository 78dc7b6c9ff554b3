"""Make any text fit to be a label value."""

import re
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
