"""The files of an image."""

import contextlib
import hashlib
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.image.engine import Engine


@dataclass(frozen=True)
class File:
    """
    What is at a path.

    Attributes:
        mode: Kind and rights.
        user: Owner.
        group: Its group.
        digest: Of what is in it, or of where it leads; empty for a folder.
    """

    mode: int
    user: int
    group: int
    digest: str

    @property
    def is_writable_by_others(self) -> bool:
        """Whether more than its owner can change it; no link says anything."""
        return not stat.S_ISLNK(self.mode) and bool(self.mode & 0o022)


@dataclass(frozen=True)
class Tree:
    """
    All of it.

    Attributes:
        root: Where it is mounted.
        files: By path below the root.
    """

    root: Path
    files: Mapping[str, File]

    def text(self, path: str) -> str:
        """Return what is in a file; nothing for what is none."""
        found = self.root / path
        is_file = stat.S_ISREG(self.files[path].mode)
        return found.read_text("latin-1") if is_file else ""


@contextlib.contextmanager
def mounted(engine: Engine, image: str) -> Iterator[Tree]:
    """Have the files of an image."""
    root = Path(engine.podman("image", "mount", image))
    try:
        files = {str(path.relative_to(root)): _seen(path) for path in root.rglob("*")}
        yield Tree(root, files)
    finally:
        engine.podman("image", "unmount", image)


def _seen(path: Path) -> File:
    found = path.lstat()
    if stat.S_ISREG(found.st_mode):
        content = path.read_bytes()
    else:
        content = str(path.readlink()).encode() if path.is_symlink() else b""
    digest = hashlib.sha256(content).hexdigest() if content else ""
    return File(found.st_mode, found.st_uid, found.st_gid, digest)
