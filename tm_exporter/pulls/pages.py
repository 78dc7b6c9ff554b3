"""
Lists of the Control Plane that come in pages, read to their end.

Pages are numbered (`page`, from 1, and `size`) or follow a cursor (`pageSize`,
`pageToken`). A list is read whole or not at all, but for one that does not end:
of that it is the first `MOST_PAGES` pages,
and the first `MOST_ENTRIES` entries.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Generic, Literal, TypeVar

from tm_exporter.pulls.reading import Reading
from tm_exporter.wire.payloads import (
    ShapeError,
    integer_of,
    list_of,
    object_of,
    text_of,
)


T = TypeVar("T")
Paging = Literal["numbered", "cursor"]

PAGE_SIZE = 100
MOST_PAGES = 20
MOST_ENTRIES = 2000
LONGEST_TOKEN = 4096  # characters: with any letters in it, it fits an address
_MOST = 2**63 - 1
_SIZE: Mapping[Paging, str] = {"numbered": "size", "cursor": "pageSize"}


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """
    A route that answers a list in pages.

    Attributes:
        path: One of the routes that may be read.
        members: Where the list may be in the answer, the first that is there counts.
        read: Reads one entry, given it and where it is; raises ShapeError.
        paging: What is asked for; an answer that numbers nothing and has a cursor
            is followed by that.
        params: Of the query, besides those of paging.
        may_be_bare: The answer may be the list itself.
        may_be_missing: A page that is not there, or cannot be read, is no failure
            of the run.
    """

    path: str
    members: tuple[str, ...]
    read: Callable[[Any, str], T]
    paging: Paging = "numbered"
    params: Mapping[str, str] = field(default_factory=dict)
    may_be_bare: bool = False
    may_be_missing: bool = False


@dataclass(frozen=True, slots=True)
class _Page(Generic[T]):
    """
    One page as it came.

    Attributes:
        rows: The entries, read.
        count: How many there are, read or not.
        digest: Of the entries, to tell a page that comes again.
        size, total: None where the answer does not say.
        token: Of the page after it; empty where the answer names none.
    """

    rows: tuple[T, ...]
    count: int
    digest: bytes
    size: int | None = None
    total: int | None = None
    token: str = ""

    @property
    def is_numbered(self) -> bool:
        """Whether the answer says anything of numbers."""
        return self.size is not None or self.total is not None


async def read_pages(reading: Reading, listing: Listing[T]) -> tuple[T, ...] | None:
    """
    Read a list to its end.

    Returns:
        Its entries, None if a page failed: half a list is no list.
    """
    found: list[T] = []
    pages: list[_Page[T]] = []
    params: dict[str, str] | None = {
        **listing.params,
        _SIZE[listing.paging]: str(PAGE_SIZE),
    }
    while params is not None and len(pages) < MOST_PAGES and len(found) < MOST_ENTRIES:
        page = await reading.ask(
            listing.path,
            lambda payload: _read_page(payload, listing),
            params,
            may_be_missing=listing.may_be_missing,
        )
        if page is None:
            return None
        if pages and page.digest == pages[-1].digest:
            break  # the service does not turn the page
        pages.append(page)
        found.extend(page.rows)
        del found[MOST_ENTRIES:]
        params = _following(params, pages, listing.paging)
    return tuple(found)


def rows_of(payload: Any, *members: str, may_be_bare: bool = False) -> list[Any]:
    """
    Return the list of an answer; one that is left out or null is empty.

    Raises:
        ShapeError: The answer is no object, or what should be a list is none.
    """
    if may_be_bare and isinstance(payload, list):
        return payload
    answer = object_of(payload, "the answer")
    for member in members:
        if answer.get(member) is not None:
            return list_of(answer[member], member)
    return []


def _read_page(payload: Any, listing: Listing[T]) -> _Page[T]:
    """Return one page; a bare list is the only one."""
    raw = rows_of(payload, *listing.members, may_be_bare=listing.may_be_bare)
    member = listing.members[0]
    near = enumerate(raw[:MOST_ENTRIES])
    rows = tuple(listing.read(row, f"{member}[{at}]") for at, row in near)
    count, digest = len(raw), _digest(raw)
    if isinstance(payload, list):
        return _Page(rows, count, digest, size=count + 1)
    return _Page(
        rows,
        count,
        digest,
        size=_count(payload.get("size")),
        total=_count(payload.get("total")),
        token=_token(payload.get("nextPageToken")),
    )


def _digest(raw: list[Any]) -> bytes:
    """Return what two equal lists have in common, and no other has."""
    return blake2b(repr(raw).encode("utf-8", "surrogatepass")).digest()


def _count(value: Any) -> int | None:
    """Return a number of entries; one that says nothing, as 0 does, is None."""
    try:
        return integer_of(value, "", least=0, most=_MOST) or None
    except ShapeError:
        return None


def _token(value: Any) -> str:
    token = text_of(value, "nextPageToken")
    if len(token) > LONGEST_TOKEN:
        raise ShapeError("nextPageToken is too long")
    return token


def _following(
    params: Mapping[str, str], pages: list[_Page[Any]], paging: Paging
) -> dict[str, str] | None:
    """Return the query for the page after the last one, None at the end."""
    page = pages[-1]
    if paging == "cursor" or (page.token and not page.is_numbered):
        tokens = [each.token for each in pages]
        is_new = page.token and tokens.count(page.token) == 1
        return {**params, "pageToken": page.token} if is_new else None
    if _is_last(pages):
        return None
    return {**params, "page": str(len(pages) + 1)}


def _is_last(pages: list[_Page[Any]]) -> bool:
    """
    Whether a numbered page is the last: empty, short, or all there is.

    A service may give less than it is asked for; what it says of itself counts.
    """
    page, read = pages[-1], sum(each.count for each in pages)
    if not page.count or (page.total is not None and read >= page.total):
        return True
    if page.size is None and page.total is not None:
        return False
    return page.count < (page.size or PAGE_SIZE)
