"""
Show the little Markdown that runbooks are written in.

Known are headings (`#`, `##`), paragraphs, lists (`*`, continued by indentation),
fenced blocks, `code` and links to another runbook, `[Name](Name.md)`. Everything
else is text.
"""

import re
from collections.abc import Iterator

from tm_exporter.web.html import Html, join, tag


_INLINE = re.compile(r"`(?P<code>[^`]+)`|\[(?P<text>[^\]]+)\]\((?P<page>\w+)\.md\)")
_BLOCK = re.compile(
    r"^```[^\n]*\n(?P<fenced>.*?)^```$"
    r"|^(?P<level>#{1,3}) (?P<heading>[^\n]+)$"
    r"|^\* (?P<items>[^\n]*(?:\n(?:\* |  )[^\n]+)*)"
    r"|^(?P<paragraph>[^\n]+(?:\n(?!```|#|\* )[^\n]+)*)",
    re.MULTILINE | re.DOTALL,
)


def markup(text: str, *, base: str) -> Html:
    """
    Return a page as HTML.

    Args:
        text: In Markdown.
        base: What links to other pages begin with, such as `/runbooks/`.
    """
    return join(_block(match, base) for match in _BLOCK.finditer(text))


def _block(match: re.Match[str], base: str) -> Html:
    if match["fenced"] is not None:
        return tag("pre", tag("code", match["fenced"]))
    if match["heading"] is not None:
        return tag(f"h{len(match['level'])}", *_inline(match["heading"], base))
    if match["items"] is not None:
        items = re.split(r"\n\* ", match["items"])
        return tag("ul", *(tag("li", *_inline(item, base)) for item in items))
    return tag("p", *_inline(match["paragraph"], base))


def _inline(text: str, base: str) -> Iterator[Html | str]:
    """Yield the parts of a line: text, code and links."""
    done = 0
    for match in _INLINE.finditer(text):
        yield text[done : match.start()]
        if match["code"] is not None:
            yield tag("code", match["code"])
        else:
            yield tag("a", match["text"], href=f"{base}{match['page']}")
        done = match.end()
    yield text[done:]
