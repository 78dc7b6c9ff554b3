"""The wheel and the sdist: all that they need, nothing else, the same bytes always."""

import hashlib
import os
import re
import shutil
import subprocess
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scripts.packages import Packages, build, copied, install
from tests.e2e.children import child
from tests.e2e.waiting import eventually
from tm_exporter import __version__


pytestmark = pytest.mark.e2e

OF_THE_REPOSITORY = (".ci/", ".github/")
"""What belongs to where the source is kept, and is in no package."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the checkout."""
    return copied(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="module")
def packages(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """Return what is built from it."""
    return build(tree, tmp_path_factory.mktemp("dist"))


def files(tree: Path) -> list[str]:
    """Return the names of all files of a tree."""
    found = (path for path in tree.rglob("*") if path.is_file())
    return sorted(path.relative_to(tree).as_posix() for path in found)


def digest(package: Path) -> str:
    """Return what tells one file from another."""
    return hashlib.sha256(package.read_bytes()).hexdigest()


def in_sdist(sdist: Path) -> Iterator[str]:
    """Yield the names of the files in an sdist, without the folder that holds all."""
    with tarfile.open(sdist) as archive:
        for member in archive:
            if member.isfile():
                yield member.name.partition("/")[2]


def test_they_are_called_by_the_version(packages: Packages) -> None:
    """It is written in one place."""
    assert packages.wheel.name == f"tm_exporter-{__version__}-py3-none-any.whl"
    assert packages.sdist.name == f"tm_exporter-{__version__}.tar.gz"


def test_the_wheel_has_the_program_and_nothing_else(
    tree: Path, packages: Packages
) -> None:
    """The modules, what they read, the runbooks that they serve, the manual page."""
    about = f"tm_exporter-{__version__}.dist-info"
    manual = f"tm_exporter-{__version__}.data/data/share/man/man1/tm-exporter.1"
    known = files(tree)
    runbooks = (name for name in known if name.startswith("docs/runbooks/"))
    with zipfile.ZipFile(packages.wheel) as archive:
        assert sorted(archive.namelist()) == sorted(
            [
                *(name for name in known if name.startswith("tm_exporter/")),
                *(name.replace("docs/", "tm_exporter/") for name in runbooks),
                *(f"{about}/{name}" for name in ("METADATA", "RECORD", "WHEEL")),
                *(f"{about}/entry_points.txt", f"{about}/licenses/LICENSE"),
                manual,
            ]
        )


def test_the_sdist_has_all_sources_and_nothing_else(
    tree: Path, packages: Packages
) -> None:
    """Who has it can build, test and change the program."""
    mine = {name for name in files(tree) if not name.startswith(OF_THE_REPOSITORY)}

    assert set(in_sdist(packages.sdist)) == mine | {"PKG-INFO"}


def test_what_lies_about_is_in_neither(tree: Path, tmp_path: Path) -> None:
    """A configuration with a key in it, say; a release is built of a copy besides."""
    decoys = [
        *("exporter.yml", ".env", "tm_exporter/__pycache__/x.pyc"),
        *(".venv/secret.py", "build/sbom.json", "secrets/api-key"),
    ]
    other = shutil.copytree(tree, tmp_path / "tree")
    for name in decoys:
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_text("sk-of-somebody")

    made = build(other, tmp_path / "dist")

    with zipfile.ZipFile(made.wheel) as archive:
        found = {*archive.namelist(), *in_sdist(made.sdist)}
    assert not found & set(decoys)


def test_the_same_source_makes_the_same_bytes(
    tree: Path, packages: Packages, tmp_path: Path
) -> None:
    """Wherever the checkout is, whoever builds it, in whichever time zone."""
    elsewhere = shutil.copytree(tree, tmp_path / "another" / "place")
    for path in elsewhere.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)
        os.utime(path, (86_400, 86_400))

    again = build(elsewhere, tmp_path / "dist", umask=0o077, zone="Asia/Tokyo")

    assert digest(again.wheel) == digest(packages.wheel)
    assert digest(again.sdist) == digest(packages.sdist)


def test_the_sdist_makes_the_same_wheel(packages: Packages, tmp_path: Path) -> None:
    """So it has all that the program is made of."""
    # Not by tarfile: without a filter it warns, and Debian's 3.11.2 knows none.
    command = ("tar", "--extract", "--file", packages.sdist, "--directory", tmp_path)
    subprocess.run(command, check=True, timeout=30)  # noqa: S603 -- our own sdist
    (unpacked,) = tmp_path.iterdir()

    again = build(unpacked, tmp_path / "dist")

    assert digest(again.wheel) == digest(packages.wheel)


def test_the_wheel_runs_the_demo(packages: Packages, tmp_path: Path) -> None:
    """From an environment that has nothing of the checkout but its dependencies."""
    programs = install(packages.wheel, tmp_path / "installed")
    (site,) = programs.parent.glob("lib/python3*/site-packages")
    # Lines of the folder's own .pth files, the checkout's among them, are not read.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    command = (programs / "tm-exporter", "demo", "--listen", "127.0.0.1:0")

    with child(tmp_path, *command) as demo:
        url = demo.announced(r"^listening on (http://\S+)$", within=60)
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
            eventually(
                lambda: "tensormesh_probe_success{" in client.get("/metrics").text,
                within=60,
                what="verdict",
            )
            parts = re.findall(r"/static/[\w.-]+", client.get("/").text)
            paths = ("/runbooks/TensormeshSurfaceDown", *parts)
            answers = {path: client.get(path).status_code for path in paths}
    assert len(parts) >= 2
    assert set(answers.values()) == {200}
    assert (programs.parent / "share/man/man1/tm-exporter.1").is_file()
