"""
Gather the fragments of changelog.d into CHANGELOG.md.

usage: python -m scripts.changelog [--check | --release VERSION]

A fragment is a file `WORDS.KIND.md` with one sentence or a few, without a bullet. They
go below `Unreleased`; with --release that becomes the part of a version of today.
"""  # noqa: INP001  # a script, not a module

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


ROOT = Path(__file__).parents[1]
FOLDER = "changelog.d"
CHANGELOG = "CHANGELOG.md"
KINDS = (
    *("added", "changed", "deprecated", "removed", "fixed", "security"),
    "metrics",
)
"""In the order of the page: those of Keep a Changelog, and one that is ours."""

_UNRELEASED = "## Unreleased"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.(?P<kind>[a-z]+)\.md")
_PART = re.compile(r"^## .*$", re.MULTILINE)
_KIND = re.compile(r"^### (?P<title>\w+)\n+", re.MULTILINE)
_LONGEST = 800


@dataclass(frozen=True)
class Fragment:
    """
    One change.

    Attributes:
        path: The file.
        kind: One of `KINDS`.
        text: In one line.
    """

    path: Path
    kind: str
    text: str


def fragments(root: Path = ROOT) -> list[Fragment]:
    """
    Return the fragments of a checkout, by kind and name.

    Raises:
        ValueError: Some are none; a line for each says why.
    """
    paths = sorted((root / FOLDER).glob("*"))
    found = [path for path in paths if path.name != "README.md"]
    if wrong := [problem for path in found for problem in problems(path)]:
        raise ValueError("\n".join(wrong))
    made = [
        Fragment(path, path.suffixes[-2][1:], " ".join(path.read_text("utf-8").split()))
        for path in found
    ]
    return sorted(made, key=lambda one: (KINDS.index(one.kind), one.path.name))


def problems(path: Path) -> Iterator[str]:
    """Yield what is wrong with a fragment: what, where, what to do."""
    where = f"{FOLDER}/{path.name}"
    name = _NAME.fullmatch(path.name)
    if name is None:
        yield f"{where}: must be called WORDS.KIND.md, such as proxy-port.fixed.md"
        return
    if name["kind"] not in KINDS:
        yield f"{where}: `{name['kind']}` is no kind: those are {', '.join(KINDS)}"
    text = " ".join(path.read_text("utf-8").split())
    if not text.endswith((".", ")")) or text.startswith(("-", "*", "#")):
        yield f"{where}: must be a whole sentence, without a bullet or heading"
    if len(text) > _LONGEST:
        yield f"{where}: {len(text)} letters: say it in {_LONGEST}, and link a page"


def gathered(changelog: str, changes: Iterable[Fragment]) -> str:
    """Return the changelog with these changes at the end of their kinds' lists."""
    head, part, rest = _split(changelog)
    lists = _lists(part)
    for change in changes:
        lists.setdefault(change.kind.capitalize(), []).append(f"- {change.text}")
    known = [kind.capitalize() for kind in KINDS]
    others = [title for title in lists if title not in known]
    body = "".join(
        f"### {title}\n\n{_block(lists[title])}\n"
        for title in (*known, *others)
        if title in lists
    )
    return f"{head}{_UNRELEASED}\n\n{body}{rest}".rstrip("\n") + "\n"


def released(changelog: str, version: str, day: str) -> str:
    """Return the changelog with what was unreleased as the part of a version."""
    head, part, rest = _split(changelog)
    return f"{head}{_UNRELEASED}\n\n## {version} - {day}\n{part}{rest}"


def versions(changelog: str) -> list[str]:
    """Return the titles of all parts, newest first, without what is unreleased."""
    titles = (match[0].removeprefix("## ") for match in _PART.finditer(changelog))
    return [title for title in titles if title != "Unreleased"]


def unreleased(changelog: str) -> str:
    """Return what is not in a release yet."""
    return _split(changelog)[1].strip()


def _split(changelog: str) -> tuple[str, str, str]:
    """Return what stands before the unreleased part, what is in it, and the rest."""
    head, title, after = changelog.partition(f"{_UNRELEASED}\n")
    if not title:
        raise ValueError(f"{CHANGELOG}: has no part `{_UNRELEASED}`: write it")
    following = _PART.search(after)
    end = following.start() if following else len(after)
    return head, after[:end], after[end:]


def _lists(part: str) -> dict[str, list[str]]:
    """Return the text below each heading, in lines."""
    _, *pieces = _KIND.split(part)
    return {
        title: body.strip("\n").split("\n")
        for title, body in zip(pieces[::2], pieces[1::2], strict=True)
    }


def _block(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Do what the command line says."""
    page = ROOT / CHANGELOG
    try:
        changes = fragments()
        text = gathered(page.read_text("utf-8"), changes)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    match arguments:
        case ["--check"]:
            return 0
        case ["--release", version]:
            text = released(text, version, f"{datetime.now(UTC):%Y-%m-%d}")
        case []:
            pass
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    page.write_text(text, "utf-8")
    for change in changes:
        change.path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
