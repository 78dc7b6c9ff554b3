"""Tell which labels the configuration gives to each target."""

import re
from collections.abc import Mapping
from dataclasses import replace

from tm_exporter.catalog import TARGET_INFO, Family
from tm_exporter.sinks.labels import fit
from tm_exporter.sinks.series import Rows


_NAME = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
_TAKEN = frozenset({*TARGET_INFO.label_names, "le", "quantile"})


def is_usable(name: str) -> bool:
    """Whether a label of this name can stand on `tensormesh_target_info`."""
    return _NAME.fullmatch(name) is not None and name not in _TAKEN


class TargetInfo:
    """
    The configured labels by target.

    Prometheus wants one set of label names for a family, so every target has
    the names of all, empty where it has none. Names that cannot be used are
    left out.
    """

    def __init__(self) -> None:
        self._labels: dict[tuple[str, str], dict[str, str]] = {}
        self._told: Mapping[Family, Rows] | None = None

    def describe(self, target: str, surface: str, labels: Mapping[str, str]) -> None:
        """Take the labels of one target, in place of those it had."""
        usable = {name: value for name, value in labels.items() if is_usable(name)}
        self._labels[target, surface] = usable
        self._told = None

    def forget(self, target: str) -> None:
        """Drop a target that is no longer configured."""
        for pair in [pair for pair in self._labels if pair[0] == target]:
            del self._labels[pair]
        self._told = None

    def told(self) -> Mapping[Family, Rows]:
        """Return the family with the label names of now, with a series a target."""
        if self._told is None:
            names = sorted({name for own in self._labels.values() for name in own})
            family = replace(TARGET_INFO, labels=tuple(names))
            self._told = {
                family: {
                    (*map(fit, pair), *(fit(own.get(name, "")) for name in names)): 1.0
                    for pair, own in self._labels.items()
                }
            }
        return self._told
