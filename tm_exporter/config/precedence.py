"""Which layer counts where several say something about the same."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tm_exporter.config.layer import Layer
from tm_exporter.config.masking import leaves, masked
from tm_exporter.config.origin import DEFAULT, KeyPath, Origin
from tm_exporter.config.settings import Settings


_CREDENTIALS = (
    ("api_key", "api_key_file"),
    ("token", "token_file", "token_command"),
)


def one_credential(layers: Sequence[Layer]) -> None:
    """
    Take a target's credential out of a layer where a higher one has another.

    A key from the environment replaces the `api_key_file` of the file, as it would
    replace an `api_key`; two of them in the same layer stay, and are an error.

    Args:
        layers: Highest precedence first; changed in place.
    """
    for keys in _CREDENTIALS:
        decided: dict[str, str] = {}
        for layer in layers:
            for name, target in _targets(layer):
                given = [key for key in keys if target.get(key) is not None]
                if name in decided:
                    _drop(target, keys, decided[name])
                elif given:
                    decided[name] = given[0]


def _targets(layer: Layer) -> Iterator[tuple[str, dict[str, Any]]]:
    targets = layer.values.get("targets")
    for name, target in targets.items() if isinstance(targets, dict) else ():
        if isinstance(target, dict):
            yield name, target


def _drop(target: dict[str, Any], keys: tuple[str, ...], winner: str) -> None:
    for key in keys:
        target.pop(key, None)
    if not winner.endswith("_file"):
        target.pop(f"{keys[0]}_json_key", None)


def responsible(layers: Sequence[Layer], path: KeyPath) -> Origin:
    """Return where a value, or the nearest thing above it, was written."""
    found = (
        layer.origin(path[:length])
        for length in range(len(path), 0, -1)
        for layer in layers
        if layer.has(path[:length])
    )
    return next(found, DEFAULT)


class Origins(Mapping[KeyPath, Origin]):
    """
    Where each value in force was written, looked up when someone asks.

    Args:
        settings: The configuration in force; what is of other targets is dropped.
        layers: Highest precedence first.
    """

    def __init__(self, settings: Settings, layers: Sequence[Layer]) -> None:
        self._settings = settings
        names = {target.name for target in settings.targets}
        self._layers = [layer.only(names) for layer in layers if layer.values]

    def __getitem__(self, path: KeyPath) -> Origin:
        """Return the origin of a value; a default has no layer."""
        owner = next((layer for layer in self._layers if layer.has(path)), None)
        return DEFAULT if owner is None else owner.origin(path)

    def __iter__(self) -> Iterator[KeyPath]:
        """Yield the path of each value in force."""
        return (path for path, _ in leaves(masked(self._settings)))

    def __len__(self) -> int:
        """Return how many there are."""
        return sum(1 for _ in self)


def in_order(layers: Sequence[Layer]) -> Layer:
    """
    Return a layer, below all others, that has nothing but the targets' order.

    Args:
        layers: Those whose order counts most come first.
    """
    names = dict.fromkeys(name for layer in layers for name, _ in _targets(layer))
    return Layer({"targets": {name: {} for name in names}} if names else {})
