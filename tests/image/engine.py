"""Podman and Buildah with a store of their own, which goes with them."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import orjson

from tests.e2e.prometheus import ROOT


BASE = "localhost/stand-in-python"
"""Debian 12 with its own Python, in the place of the official Python image."""

_PARTS = ROOT / ".tools" / "image"
_FOUND = {"PATH": f"{ROOT / '.tools/checks/bin'}:{os.environ['PATH']}"}
# There may be no systemd, no journal and no right to raise a limit.
_CONTAINERS = """
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{folder}/run/libpod"
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]
log_driver = "k8s-file"
[network]
network_config_dir = "{folder}/networks"
"""
_STORAGE = """
[storage]
driver = "overlay"
graphroot = "{folder}/graph"
runroot = "{folder}/run"
"""


@dataclass(frozen=True)
class Engine:
    """
    What builds images and runs containers.

    Attributes:
        folder: Of its configuration and its store.
    """

    folder: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that lead its programs to its store."""
        return {
            **os.environ,
            **_FOUND,
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
        }

    def run(
        self,
        *command: str | Path,
        within: float = 120,
        status: int | None = 0,
        variables: Mapping[str, str] | None = None,
    ) -> str:
        """
        Run a program to its end and return what it printed.

        Args:
            command: Program and arguments.
            within: Seconds after which it has failed.
            status: The exit status that is right; None for any.
            variables: More of its environment.
        """
        done = subprocess.run(  # noqa: S603  # every command is written in a test
            list(map(str, command)),
            capture_output=True,
            text=True,
            check=False,
            timeout=within,
            env={**self.environment, **(variables or {})},
        )
        said = (
            f"{command}: {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        )
        assert status in (None, done.returncode), said
        return done.stdout

    def podman(self, *arguments: str | Path, **how: Any) -> str:
        """Run podman to its end and return what it printed."""
        return self.run("podman", *arguments, **how).strip()

    def inspect(self, name: str) -> dict[str, Any]:
        """Return all that is known of an image or a container."""
        (found,) = orjson.loads(self.podman("inspect", name))
        known: dict[str, Any] = found
        return known

    def build(self, checkout: Path, tag: str, *options: str) -> None:
        """Build the image as `make image` does, on the stand-in."""
        self.run(
            checkout / "scripts" / "image-build.sh",
            *(tag, "--build-arg", f"PYTHON_IMAGE={BASE}", "--no-cache"),
            *("--isolation", "chroot", "--network", "host", "--pull=never"),
            *_of_this_machine(),
            *options,
            variables={"ENGINE": "buildah"},
            within=200,
        )

    def stand_in(self, tag: str, context: Path) -> None:
        """Build what stands for an image of somebody else, named like its program."""
        name = tag.rpartition("/")[2].partition(":")[0]
        file = Path(__file__).parent / "stand-ins" / f"{name}.Dockerfile"
        self.run(
            *("buildah", "bud", "--quiet", "--isolation", "chroot", "--pull=never"),
            *("--network", "host", "--format", "docker"),
            *("--file", file, "--tag", tag, context),
        )


@contextlib.contextmanager
def engine() -> Iterator[Engine]:
    """Have an engine that knows the stand-in; what it ran and made goes with it."""
    base = _PARTS / "base.tar"
    assert base.is_file(), f"{base} is missing: run make parts"
    # Sockets are below it, whose names must be short.
    folder = Path(mkdtemp(prefix="image-", dir=_PARTS))
    (folder / "containers.conf").write_text(_CONTAINERS.format(folder=folder))
    (folder / "storage.conf").write_text(_STORAGE.format(folder=folder))
    made = Engine(folder)
    try:
        made.podman("import", "--quiet", base, BASE)
        yield made
    finally:
        made.podman("rm", "--force", "--all", "--time", "0", status=None)
        made.podman("network", "prune", "--force", status=None)
        for mount in reversed(_mounts(folder)):
            made.run("umount", mount, status=None)
        shutil.rmtree(folder)


def _mounts(folder: Path) -> list[str]:
    """Return what is mounted below a folder, in the order in which it was."""
    lines = Path("/proc/self/mounts").read_text("utf-8").splitlines()
    places = [line.split()[1] for line in lines]
    return [place for place in places if place.startswith(f"{folder}/")]


def _of_this_machine() -> Iterator[str]:
    """Yield what lets a build reach the mirrors that this machine reaches."""
    for file in ("/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf"):
        if Path(file).exists():
            yield from ("--volume", f"{Path(file).resolve()}:{file}:ro")
