"""
Make JSON schemas of the Prometheus Operator's resources, into .tools/operator.

They come from models in hash-pinned wheels, which are unpacked and never installed:
one of them brings a plugin for pytest. The models drop keys that they do not know; in
the schemas such a key is a fault.

usage: scripts/operator_schemas.py
"""  # noqa: INP001  # a script, not a module

import importlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any


FOLDER = Path(".tools/operator")
REQUIREMENTS = "requirements-operator.txt"
KINDS = ("ServiceMonitor", "PodMonitor", "PrometheusRule")


def main() -> None:
    """Make the folder anew; it is complete, or it is not there."""
    work = FOLDER.with_suffix(".partial")
    for folder in (FOLDER, work):
        shutil.rmtree(folder, ignore_errors=True)
    _unpack(work / "models")
    sys.path.append(str(work / "models"))
    models = importlib.import_module("cloudcoil.models.prometheus_operator.v1")
    FOLDER.mkdir()
    for kind in KINDS:
        schema = _closed(getattr(models, kind).model_json_schema(by_alias=True))
        (FOLDER / f"{kind}.json").write_text(json.dumps(schema), encoding="utf-8")
    shutil.rmtree(work)
    (FOLDER / ".complete").touch()


def _unpack(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    hashed = ["--no-deps", "--only-binary=:all:", "--require-hashes"]
    what = ["--requirement", REQUIREMENTS, "--dest", str(folder)]
    subprocess.run([*pip, "download", "--no-input", *hashed, *what], check=True)  # noqa: S603  # our own words
    for wheel in list(folder.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)


def _closed(schema: Any) -> Any:
    """Return a schema where no object has other keys than those that are named."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and schema.get("properties"):
        closed["additionalProperties"] = False
    return closed


if __name__ == "__main__":
    main()
