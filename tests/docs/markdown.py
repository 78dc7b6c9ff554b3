"""The pages that people read: their blocks of code, links and headings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token


ROOT = Path(__file__).parents[2]
PAGES = tuple(
    sorted(
        (
            *ROOT.glob("*.md"),
            *(ROOT / "docs").rglob("*.md"),
            *(ROOT / "deploy").rglob("*.md"),
        )
    )
)
"""Every page of the repository."""


@dataclass(frozen=True)
class Block:
    """
    A fenced or indented block of code.

    Attributes:
        page: Where it stands, relative to the root.
        line: Of its first line, counted from 1.
        language: As the fence says, or ''.
        text: What is in it.
        told: The paragraph before it, '' where there is none.
    """

    page: str
    line: int
    language: str
    text: str
    told: str

    @property
    def place(self) -> str:
        """Page and line, as an editor takes them."""
        return f"{self.page}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page, in their order."""
    found, told = [], ""
    for token in _tokens(page):
        if token.type in {"fence", "code_block"}:
            line = (token.map or [0])[0] + 1
            where = str(page.relative_to(ROOT))
            found.append(Block(where, line, token.info.strip(), token.content, told))
        told = token.content if token.type == "inline" else told
    return found


def links(page: Path) -> list[str]:
    """Return where the links and pictures of a page lead, as they are written."""
    return [
        str(child.attrs["href" if child.type == "link_open" else "src"])
        for token in _tokens(page)
        for child in token.children or ()
        if child.type in {"link_open", "image"}
    ]


def anchors(page: Path) -> list[str]:
    """Return what a link may name after `#`, as forges and the site make them."""
    tokens = _tokens(page)
    found: list[str] = []
    for heading, inline in pairwise(tokens):
        if heading.type == "heading_open":
            found.append(_free(_slug(_plain(inline)), found))
    return found


@cache
def _tokens(page: Path) -> list[Token]:
    text = page.read_text(encoding="utf-8")
    return MarkdownIt("commonmark").enable("table").parse(text)


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or ())


def _slug(text: str) -> str:
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def _free(slug: str, taken: list[str]) -> str:
    """Return a slug that no heading before has."""
    return next(name for name in _numbered(slug) if name not in taken)


def _numbered(slug: str) -> Iterator[str]:
    yield slug
    number = 1
    while True:
        yield f"{slug}-{number}"
        number += 1
