"""The vendor's documented variables, and the file of its `tm` command."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tm_exporter.config.layer import get
from tm_exporter.config.origin import Origin, Problem
from tm_exporter.config.sources import Sources


@dataclass(frozen=True, slots=True)
class Given:
    """
    One value that the vendor's variables or file have.

    Attributes:
        value: A text.
        origin: Where it stands.
        key: Where in config.toml, as a key which finds it again after a change.
    """

    value: str
    origin: Origin
    key: str = ""

    @property
    def place(self) -> str:
        """The variable, or key and file."""
        return f"{self.key} in {self.origin}" if self.key else self.origin.name


@dataclass(slots=True)
class Vendor:
    """
    All that the vendor's places say.

    Attributes:
        given: By what it is, such as `api_key`.
        path: Of config.toml, None if there is no place for one.
        problems: What is wrong with it.
        notes: What is not an error but should be known.
    """

    given: dict[str, Given] = field(default_factory=dict)
    path: Path | None = None
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def complain(self, sentence: str, origin: Origin) -> None:
        """Note that something is wrong."""
        self.problems.append(Problem(sentence, (), origin))


VARIABLES = {
    "api_key": ("TENSORMESH_INFERENCE_API_KEY",),
    "serverless_url": ("TENSORMESH_SERVERLESS_BASE_URL",),
    "on_demand_url": ("TENSORMESH_ON_DEMAND_BASE_URL",),
    "user_id": ("TENSORMESH_ON_DEMAND_USER_ID", "TENSORMESH_USER_ID"),
    "token": ("TENSORMESH_CONTROL_PLANE_TOKEN",),
    "control_plane_url": ("TENSORMESH_CONTROL_PLANE_BASE_URL",),
    "ca_bundle": ("TENSORMESH_CA_BUNDLE",),
}
"""Variables by what they give; of several the first that is set counts."""

GATEWAY = {
    "api_key": "gateway_api_key",
    "user_id": "gateway_user_id",
    "model": "gateway_model_id",
    "provider": "gateway_provider",
}
"""Keys of `[overrides]` and `[managed]` by what they give."""

TOP = {"control_plane_url": "controlplane_base", "ca_bundle": "ca_bundle"}
"""Keys at the top of config.toml by what they give."""


def read_vendor(environ: Mapping[str, str], sources: Sources) -> Vendor:
    """
    Return what variables and config.toml say; a variable beats the file.

    Args:
        environ: All environment variables.
        sources: Told of config.toml, be there one or not.
    """
    vendor = Vendor(path=_config_toml(environ))
    if vendor.path is not None:
        sources.name(vendor.path)
        _read_toml(vendor, vendor.path, explicit=bool(environ.get("TM_CONFIG_HOME")))
        if not vendor.given:
            sources.silent.add(vendor.path)
    for what, names in VARIABLES.items():
        for name in reversed(names):
            if value := environ.get(name, "").strip():
                origin = Origin("vendor variable", name)
                vendor.given[what] = Given(value, origin)
    return vendor


def _config_toml(environ: Mapping[str, str]) -> Path | None:
    if home := environ.get("TM_CONFIG_HOME"):
        return Path(home) / "config.toml"
    if home := environ.get("HOME"):
        return Path(home) / ".config" / "tensormesh" / "config.toml"
    return None


def _read_toml(vendor: Vendor, path: Path, *, explicit: bool) -> None:
    """
    Read config.toml, if there is one.

    Args:
        vendor: Gets what it says.
        path: Of the file.
        explicit: Whether the user said where it is. Else one that may not be read
            is no error: a daemon's user need not see the home it was given.
    """
    origin = Origin("config.toml", str(path))
    try:
        text = path.read_bytes().decode("utf-8")
        _take(vendor, tomllib.loads(text), origin)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        if explicit:
            vendor.complain(f"cannot be read: {error.strerror}", origin)
        else:
            vendor.notes.append(f"{path} is left out: {error.strerror}")
    except UnicodeDecodeError:
        vendor.complain("is not a text in UTF-8", origin)
    except (ValueError, RecursionError) as error:  # also for a number without end
        found = re.search(r"at line (\d+)", str(error))
        where = Origin("config.toml", str(path), int(found[1]) if found else 0)
        vendor.complain("this is not TOML: the syntax is wrong here", where)


def _take(vendor: Vendor, document: Mapping[str, Any], origin: Origin) -> None:
    """Take the values of config.toml, `[overrides]` over `[managed]`."""
    places = {
        what: (f"overrides.{key}", f"managed.{key}") for what, key in GATEWAY.items()
    } | {what: (key,) for what, key in TOP.items()}
    for what, keys in places.items():
        for key in keys:
            value = get(document, tuple(key.split(".")))
            if value is None or value == "":
                continue
            if isinstance(value, str):
                vendor.given[what] = Given(value, origin, " | ".join(keys))
            else:
                vendor.complain(f"`{key}` must be text: put it into quotes", origin)
            break
