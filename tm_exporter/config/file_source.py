"""The configuration file, and the files with more targets."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tm_exporter.config.document import Document, read
from tm_exporter.config.layer import Layer
from tm_exporter.config.target_list import TargetList


_TARGET_PATHS = (
    "api_key_file",
    "token_file",
    "ca_bundle",
    "client_cert_file",
    "client_key_file",
    "proxy_password_file",
)


def read_file(path: Path, targets: TargetList) -> Layer:
    """
    Return what a configuration file says, its targets by name.

    Relative paths in it mean files beside it.

    Args:
        path: As it was given; it is repeated in messages.
        targets: Collects names and problems over all files.
    """
    targets.sources.name(path)
    document = read(path)
    targets.problems += document.problems
    if document.value is None:
        targets.sources.silent.add(path)
        return Layer()
    if not isinstance(document.value, dict):
        targets.complain(
            "must be a mapping such as `targets: [...]`", document.at_line(1)
        )
        return Layer()
    layer = Layer(document.value, document.origins)
    targets.by_name(layer)
    _anchor(layer.values, path.parent)
    return layer


def read_more(patterns: Any, beside: Path, targets: TargetList) -> Layer:
    """
    Return the targets of every file that one of the globs matches, in one layer.

    Each file is a list of targets, or a mapping with nothing but `targets`.

    Args:
        patterns: As configured; what is no text is left to validation.
        beside: Where relative globs begin.
        targets: Collects names and problems over all files.
    """
    globs = [patterns] if isinstance(patterns, str) else patterns
    if not isinstance(globs, list | tuple):
        return Layer()
    texts = [text for text in globs if isinstance(text, str) and text]
    found: set[Path] = set()
    for text in texts:
        names = targets.sources.match(beside, text)
        found.update(names)
        if not names:
            targets.warnings.append(f"`targets_from`: no file matches {text}")
    layers = [_read_targets(path, targets) for path in sorted(found, key=str)]
    return _together(layers)


def _together(layers: Iterable[Layer]) -> Layer:
    """Return one layer with the targets of all: no name is in two of them."""
    whole, targets = Layer(), dict[str, Any]()
    for layer in layers:
        targets |= layer.values.get("targets", {})
        for path, origin in layer.origins.items():
            whole.origins.setdefault(path, origin)
    if targets:
        whole.values["targets"] = targets
    return whole


def _read_targets(path: Path, targets: TargetList) -> Layer:
    document = read(path)
    targets.problems += document.problems
    if document.value is None:
        targets.sources.silent.add(path)
    layer = _as_layer(document)
    if layer is None:
        sentence = "must be a list of targets, or a mapping with only `targets`"
        targets.complain(sentence, document.at_line(1))
        return Layer()
    targets.by_name(layer)
    _anchor(layer.values, path.parent)
    return layer


def _as_layer(document: Document) -> Layer | None:
    """Return the targets of a file as a configuration would have them."""
    value = document.value
    if value is None:
        return Layer()
    if isinstance(value, dict) and set(value) == {"targets"}:
        return Layer(value, document.origins)
    if not isinstance(value, list):
        return None
    moved = {("targets", *path): origin for path, origin in document.origins.items()}
    return Layer({"targets": value}, {("targets",): document.at_line(1), **moved})


def _anchor(values: dict[str, Any], directory: Path) -> None:
    """Let relative paths begin at a directory, where they are paths."""
    _anchor_keys(values, ("state_dir",), directory)
    _anchor_keys(values.get("server"), ("web_config_file",), directory)
    _anchor_keys(values.get("lease"), ("token_file", "ca_bundle"), directory)
    targets = values.get("targets")
    for target in targets.values() if isinstance(targets, Mapping) else ():
        _anchor_keys(target, _TARGET_PATHS, directory)


def _anchor_keys(section: Any, keys: tuple[str, ...], directory: Path) -> None:
    if not isinstance(section, dict):
        return
    for key in keys:
        if isinstance(section.get(key), str) and section[key].strip():
            section[key] = str(directory / section[key])
