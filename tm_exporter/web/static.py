"""The files that the page asks for: style, script and icons, all our own."""

import hashlib
from dataclasses import dataclass
from pathlib import Path


_FOLDER = Path(__file__).with_name("static")
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """
    A file as it is served.

    Attributes:
        path: With a part of its hash, so that a browser may keep it for ever.
        media_type: With its character set.
        content: Its bytes.
    """

    path: str
    media_type: str
    content: bytes


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    name = f"/static/{path.stem}-{digest}{path.suffix}"
    return StaticFile(name, _TYPES[path.suffix], content)


FILES = {path.name: _read(path) for path in sorted(_FOLDER.iterdir())}
"""All of them, by their names in the folder."""

_PATHS = "".join(each.path for each in FILES.values())
BUILD = hashlib.sha256(_PATHS.encode()).hexdigest()[:12]
"""Differs where any file does: a page that is open then loads itself anew."""
