"""
Build the wheel and the sdist, from a copy of the checkout, and install the wheel.

It is what a release does; tests/release holds it to what packages must be.
"""  # noqa: INP001  # a script, not a module

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


ROOT = Path(__file__).parents[1]
EPOCH = 1767225600
"""The time of files where no commit says it."""


@dataclass(frozen=True)
class Packages:
    """
    What was built.

    Attributes:
        wheel: For pip and uv.
        sdist: Its source.
    """

    wheel: Path
    sdist: Path


def git(*arguments: str) -> str:
    """Return what git says of the checkout, whoever owns it."""
    return _run("git", "-c", f"safe.directory={ROOT}", "-C", ROOT, *arguments)


def sources() -> list[str]:
    """Return the names of all files that are in the repository, or about to be."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return sorted(name for name in listed.split("\0") if (ROOT / name).is_file())


def copied(to: Path) -> Path:
    """Copy these files, and nothing that lies about besides."""
    for name in sources():
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, to / name)
    return to


def build(
    tree: Path, to: Path, *, epoch: int = EPOCH, umask: int = 0o022, zone: str = "UTC"
) -> Packages:
    """
    Build both from a tree; nothing is fetched.

    Args:
        tree: A checkout, or an sdist that was unpacked.
        to: A folder that need not exist yet.
        epoch: Seconds since 1970 that files in them have as their time.
        umask: Of the builder, which must not matter.
        zone: Time zone of the builder, which must not matter either.
    """
    environment = {
        "PATH": os.environ["PATH"],
        "TZ": zone,
        "SOURCE_DATE_EPOCH": str(epoch),
    }
    hatchling = (sys.executable, "-m", "hatchling", "build", "--directory", to)
    _run(*hatchling, environment=environment, folder=tree, umask=umask)
    return Packages(next(to.glob("*.whl")), next(to.glob("*.tar.gz")))


def install(wheel: Path, into: Path, requirements: Path | None = None) -> Path:
    """
    Install a wheel into a virtual environment of its own.

    Args:
        wheel: The wheel.
        into: Where the environment is made.
        requirements: Hash-pinned; None installs the wheel alone, without a network.

    Returns:
        The folder of its programs.
    """
    uv = Path(sys.executable).with_name("uv")
    pip = (uv, "pip", "install", "--python", into / "bin" / "python")
    _run(uv, "venv", "--python", sys.executable, into, environment=_UV)
    if requirements is not None:
        _run(*pip, "--require-hashes", "--requirement", requirements, environment=_UV)
    _run(*pip, "--offline", "--no-deps", wheel, environment=_UV)
    return into / "bin"


_UV = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": "1"}


def _run(
    *command: str | Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    umask: int = -1,
) -> str:
    """Run a program, and return what it prints."""
    done = subprocess.run(  # noqa: S603 -- our own words
        list(map(str, command)),
        env=environment,
        cwd=folder,
        umask=umask,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
