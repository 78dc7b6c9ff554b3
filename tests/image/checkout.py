"""Checkouts to build from, which differ in what must not matter."""

import os
import shutil
from pathlib import Path

from tests.e2e.prometheus import ROOT


PARTS = (
    *("Dockerfile", ".dockerignore", "LICENSE", "README.md", "pyproject.toml"),
    *("requirements.txt", "requirements-build.txt", "scripts/image-build.sh"),
    *("docs/runbooks", "docs/tm-exporter.1", "tm_exporter"),
)
"""What the image needs of a checkout."""

DECOYS = (
    *(".env", ".git/config", "tests/decoy.py", "secrets/api-key", "docs/decoy.md"),
    *("tm_exporter/__pycache__/decoy.pyc", ".venv/pip.conf"),
)
"""What lies about in one, and is no part of it."""

MARK = "decoy-of-the-checkout"


def copied(to: Path) -> Path:
    """Copy what the image is made of, without what was made of it."""
    for part in PARTS:
        target = to / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / part).is_dir():
            left = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / part, target, ignore=left)
        else:
            shutil.copy2(ROOT / part, target)
    return to


def copied_elsewhere(checkout: Path, to: Path) -> Path:
    """Copy a checkout to another place and time, with other rights, and with decoys."""
    shutil.copytree(checkout, to)
    for decoy in DECOYS:
        (to / decoy).parent.mkdir(parents=True, exist_ok=True)
        (to / decoy).write_text(MARK)
    for path in to.rglob("*"):
        path.chmod(0o700 if path.is_dir() or path.suffix == ".sh" else 0o600)
        os.utime(path, (86_400, 86_400))
    return to
