"""
Prove that what is committed can be released, build it, and say what to do next.

usage: python -m scripts.release_check

It fetches the pinned dependencies, to install the wheel as a user would.
"""  # noqa: INP001  # a script, not a module

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from scripts.changelog import CHANGELOG, fragments, unreleased, versions
from scripts.packages import ROOT, Packages, build, copied, git, install
from tm_exporter import __version__
from tm_exporter.cli import COMMANDS
from tm_exporter.commands.manual import manual


CHART = "deploy/helm/tm-exporter/Chart.yaml"
DIST = ROOT / "dist"

_NEXT = """
Ready: {version} is in dist. What is left to do, by who may:

  1. make check && make image-test        # if this commit did not pass them yet
  2. git tag --sign v{version} && git push origin v{version}
  3. publish dist/* beside that tag, with the part of {changelog} as its text
  4. make image TAG=REGISTRY/tm-exporter:{version}, and push it
  5. helm package deploy/helm/tm-exporter, and push it
  6. raise __version__ and the chart's appVersion for what comes next
"""


class NotReady(Exception):  # noqa: N818 -- a state, and the answer
    """Why nothing is released now; the text is a sentence for people."""


def disagreements(version: str = __version__, root: Path = ROOT) -> Iterator[str]:
    """
    Yield each place that does not say the version: what, where, what to do.

    Args:
        version: As `tm_exporter/__init__.py` says it.
        root: Of the checkout.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", version):
        yield f"tm_exporter/__init__.py: {version!r} is no version such as 1.2.3"
    chart = yaml.safe_load((root / CHART).read_text("utf-8"))
    if chart["appVersion"] != version:
        yield f"{CHART}: appVersion is {chart['appVersion']}: set it to {version}"
    page = root / "docs" / "tm-exporter.1"
    if page.read_text("utf-8") != manual(COMMANDS) + "\n":
        yield "docs/tm-exporter.1: is not current: run make docs"


def unfinished(version: str = __version__, root: Path = ROOT) -> Iterator[str]:
    """Yield what a release still lacks: what, where, what to do."""
    page = (root / CHANGELOG).read_text("utf-8")
    newest = next(iter(versions(page)), "none")
    if not re.fullmatch(rf"{re.escape(version)} - \d{{4}}-\d\d-\d\d", newest):
        yield (
            f"{CHANGELOG}: its newest release is {newest}: run"
            f" make changelog RELEASE={version}, and read what it says"
        )
    if unreleased(page) or fragments(root):
        yield f"{CHANGELOG}: has changes that are in no release: gather them"
    if not (root / "tests" / "golden" / f"state-{version}").is_dir():
        yield (
            f"tests/golden: has no state-{version}, which the next release is tried"
            " with: run python -m tests.upgrade.make_state"
        )


def _committed() -> None:
    """Raise NotReady unless a commit holds what would be built."""
    if changed := git("status", "--porcelain"):
        raise NotReady(f"these are not committed: commit or remove them\n{changed}")


def _agreed() -> None:
    if wrong := [*disagreements(), *unfinished()]:
        raise NotReady("\n".join(wrong))


def _built() -> None:
    """Build twice, in two places, and keep what is the same both times."""
    epoch = int(git("log", "-1", "--format=%ct"))
    with TemporaryDirectory() as folder:
        here, there = Path(folder, "here"), Path(folder, "there")
        once = build(copied(here), DIST, epoch=epoch)
        again = build(copied(there), there / "dist", epoch=epoch, umask=0o077)
        for one, other in ((once.wheel, again.wheel), (once.sdist, again.sdist)):
            if one.read_bytes() != other.read_bytes():
                raise NotReady(f"{one.name}: two builds of one commit differ")


def _tried() -> None:
    """Install the wheel as a user would, and run the main job with it."""
    with TemporaryDirectory() as folder:
        wheel = _packages().wheel
        programs = install(wheel, Path(folder, "venv"), ROOT / "requirements.txt")
        command = (programs / "tm-exporter", "demo", "--listen", "127.0.0.1:0")
        done = subprocess.run(  # noqa: S603 -- what was just installed
            [*map(str, command), "--for", "10"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode or not done.stdout.startswith("listening on "):
            raise NotReady(f"{wheel.name}: its demo failed:\n{done.stderr[-2000:]}")


def _packages() -> Packages:
    """Return what is in dist."""
    return Packages(next(DIST.glob("*.whl")), next(DIST.glob("*.tar.gz")))


STEPS: dict[str, Callable[[], None]] = {
    "everything is committed": _committed,
    f"all places say {__version__}, and nothing is unfinished": _agreed,
    "two builds make the same bytes": _built,
    "the wheel installs from the pinned files, and runs the demo": _tried,
}


def main() -> int:
    """Take the steps, one after the other; 1 at the first that fails."""
    for old in (*DIST.glob("*.whl"), *DIST.glob("*.tar.gz")):
        old.unlink()
    for step, take in STEPS.items():
        print(f"{step} ...", flush=True)  # noqa: T201 -- what was asked for
        try:
            take()
        except (NotReady, ValueError, RuntimeError) as error:
            sys.stderr.write(f"not ready: {error}\n")
            return 1
    for package in sorted(DIST.iterdir()):
        digest = hashlib.sha256(package.read_bytes()).hexdigest()
        print(f"{digest}  {package.name}")  # noqa: T201
    print(_NEXT.format(version=__version__, changelog=CHANGELOG))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
