"""
Write the series of a page a little at a time, and only those that changed.

This is the part that must be quick. What an owner (a probe, a run, a target) has of a
family is kept as it was written until it changes, so for most of a page this looks a
piece up and appends it. And this is the part that must not keep the loop, on which
answers are timed: the loop may turn between two probes, so that what a page has of one
probe is of one moment, and the page is not.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import structlog

from tm_exporter.catalog import Family, former
from tm_exporter.exposition.form import Form
from tm_exporter.sinks.series import Labels, Owner, Rows, Value


log = structlog.get_logger()

AT_A_TIME: Final = 0.0005
"""Seconds for which a page may keep the loop, about."""

MANY: Final = 100
"""Series of a family that are written in one go; a probe's own are fewer."""

MOST_KEPT: Final = 64 * 1024 * 1024
"""Bytes of one page that are kept for the next; what is beyond is written anew."""

Pieces = dict[Family, list[bytes]]
"""What was written of each family, in the order of its series."""


class Turns:
    """
    Lets the loop turn whenever it was kept for long enough.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until = clock() + AT_A_TIME

    async def next(self) -> None:
        """Let the loop turn, if it is time."""
        if self._clock() >= self._until:
            await asyncio.sleep(0)
            self._until = self._clock() + AT_A_TIME


class Writing:
    """
    One page that is being written.

    Args:
        form: Of the page.
        turns: When the loop may turn.
    """

    def __init__(self, form: Form, turns: Turns) -> None:
        self._form = form
        self._turns = turns
        self._pieces: Pieces = {}
        self._size = 0
        self._failed: set[Family] = set()

    async def of(self, owners: Callable[[], Iterable[Sequence[Owner]]]) -> Pieces:
        """Return the series of all owners; what follows a fault of theirs is lost."""
        try:
            for together in owners():
                for owner in together:
                    await self._of_owner(owner)
                await self._turns.next()
        except Exception:
            log.exception("series_failed", family="all that is left")
        return self._pieces

    async def _of_owner(self, owner: Owner) -> None:
        """Write all families of an owner, or take what was written of them before."""
        kept, pieces, has_turned = owner.written(self._form), self._pieces, False
        for family, rows in list(owner):
            if (piece := kept.get(family)) is None:
                if len(rows) > MANY:
                    await self._write_many(owner, family, rows)
                    kept, has_turned = owner.written(self._form), True
                    continue
                # Once the loop turned, there may be others, as in `_write_many`.
                may_keep = not has_turned or owner.still_has(family, rows)
                room = kept if may_keep else {}
                piece = self._write(family, rows, room) if rows else b""
            self._size += len(piece)
            pieces.setdefault(family, []).append(piece)

    def _write(self, family: Family, rows: Rows, kept: dict[Family, bytes]) -> bytes:
        """Return what an owner has of a family, and keep it if there is room."""
        piece = self._series(family, _sorted(rows))
        self._keep(kept, family, piece)
        for old in former(family):
            self._pieces.setdefault(old, []).append(self._series(old, _sorted(rows)))
        return piece

    async def _write_many(self, owner: Owner, family: Family, rows: Rows) -> None:
        """Write very many series a few at a time, and keep them if they may be kept."""
        ordered, pieces = _sorted(rows), []
        for start in range(0, len(ordered), MANY):
            few = ordered[start : start + MANY]
            pieces.append(self._series(family, few))
            for old in former(family):
                self._pieces.setdefault(old, []).append(self._series(old, few))
            await self._turns.next()
        piece = b"".join(pieces)
        self._pieces.setdefault(family, []).append(piece)
        # Meanwhile there may be others, and then these must not be kept.
        if owner.still_has(family, rows):
            self._keep(owner.written(self._form), family, piece)
        self._size += len(piece)

    def _keep(self, kept: dict[Family, bytes], family: Family, piece: bytes) -> None:
        """Keep what was written for the next page, if there is room."""
        is_whole = family not in self._failed and not family.formerly
        if is_whole and self._size < MOST_KEPT:
            kept[family] = piece

    def _series(self, family: Family, rows: Sequence[tuple[Labels, Value]]) -> bytes:
        """Return some series as they are on the page; none if that fails."""
        try:
            return self._form.series(family, rows)
        except Exception:
            if family not in self._failed:  # to say it once a page is enough
                log.exception("series_failed", family=family.name)
            self._failed.add(family)
            return b""


def _sorted(rows: Rows) -> list[tuple[Labels, Value]]:
    """Return series in the order of their labels."""
    return sorted(rows.items()) if len(rows) > 1 else [*rows.items()]
