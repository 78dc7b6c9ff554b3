"""The files that a configuration was read from, to see when one of them changes."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from glob import glob, has_magic
from pathlib import Path

from tm_exporter.file_mark import Mark, mark_of


def mark(path: Path) -> Mark | None:
    """Return the state of what is behind a name, links followed; None if nothing is."""
    try:
        return mark_of(path.stat())
    except (OSError, ValueError):
        return None


@dataclass(slots=True)
class Sources:
    """
    What was read, each file as it was right before.

    Attributes:
        marks: The state of each file, those that were not there included.
        named: Files that were looked for by their name.
        patterns: Where a glob begins, and the glob.
        silent: Files that say nothing at all, as while they are written anew.
    """

    marks: dict[Path, Mark | None] = field(default_factory=dict)
    named: list[Path] = field(default_factory=list)
    patterns: list[tuple[Path, str]] = field(default_factory=list)
    silent: set[Path] = field(default_factory=set)

    def name(self, path: Path) -> None:
        """Take note of a file that is about to be read, and may be missing."""
        self.named.append(path)
        self.marks[path] = mark(path)

    def match(self, beside: Path, pattern: str) -> list[Path]:
        """Return the files that a glob matches, about to be read."""
        self.patterns.append((beside, pattern))
        found = _matching(beside, pattern)
        self.marks |= {path: mark(path) for path in found}
        return found

    def look(self) -> Mapping[Path, Mark | None]:
        """Return how all of it is now, to be compared with `marks`; blocks."""
        found = (path for each in self.patterns for path in _matching(*each))
        return {path: mark(path) for path in (*self.named, *found)}

    def gone_from(self, before: "Sources") -> Iterator[str]:
        """
        Yield each place of files with targets that was there before and is not now.

        A file that is named without a wildcard, or the directory of a glob: that a
        file is missing among others means that its targets are to go.
        """
        for beside, pattern in self.patterns:
            place = _fixed_part(beside, pattern)
            was_there = any(path.is_relative_to(place) for path in before.marks)
            if was_there and not place.exists():
                yield str(place)

    def silent_since(self, before: "Sources") -> Iterator[str]:
        """
        Yield each file that said something before and says nothing now.

        It is about to be written, or a full disk has cut it, or it is gone; a glob's
        files may go.
        """
        gone = {path for path in self.named if self.marks[path] is None}
        for path in sorted(self.silent | gone, key=str):
            if before.marks.get(path) is not None and path not in before.silent:
                yield str(path)


def _matching(beside: Path, pattern: str) -> list[Path]:
    names = glob(pattern, root_dir=beside, recursive=True)  # noqa: PTH207 - absolute ones too
    return [beside / os.fsdecode(name) for name in names]


def _fixed_part(beside: Path, pattern: str) -> Path:
    """Return the directory that a glob begins at; the file where it has no magic."""
    path = Path(pattern)
    while has_magic(str(path)):
        path = path.parent
    return beside / path
