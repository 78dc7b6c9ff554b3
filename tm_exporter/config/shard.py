"""Which shard a target is on, and which shard this instance is."""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha512
from typing import Any

from tm_exporter.config.layer import Layer, get
from tm_exporter.config.origin import DEFAULT, Origin, Problem
from tm_exporter.config.sections import ShardSection


_POD_NAMES = ("POD_NAME", "HOSTNAME")
"""Variables that have the name of the pod, the one that is set on purpose first."""

_INDEX, _TOTAL = ("shard", "index"), ("shard", "total")


def shard_of(name: str, total: int) -> int:
    """
    Return the index of the shard that a target of this name is on.

    It depends on nothing but name and number, the same on every machine and in every
    version. One shard more takes its part from the others, and no target moves
    between those.

    Args:
        name: Of the target.
        total: Number of shards.

    Source: John Lamping and Eric Veach, "A Fast, Minimal Memory, Consistent Hash
    Algorithm" (arXiv:1406.2294), as kube-state-metrics shards its objects; in whole
    numbers.
    """
    digest = sha512(name.encode(errors="surrogatepass")).digest()
    key = int.from_bytes(digest[:8])
    shard, after = -1, 0
    while after < total:
        shard = after
        key = (key * 2862933555777941757 + 1) % 2**64
        after = (shard + 1) * 2**31 // ((key >> 33) + 1)
    return shard


def own(names: Iterable[str], shard: ShardSection) -> frozenset[str]:
    """Return those of these names that are on a shard."""
    return frozenset(n for n in names if shard_of(n, shard.total) == shard.index)


def elsewhere(name: str, shard: ShardSection) -> str:
    """Return where a target of this name would be, empty if here; ends a sentence."""
    index = shard_of(name, shard.total)
    if index == shard.index:
        return ""
    return (
        f"; this is shard {shard.index} of {shard.total}, and a target of this name "
        f"would be on shard {index}"
    )


def index_of_pod(
    values: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[Layer, list[Problem]]:
    """
    Return the index of this instance, from its pod's name where it is not configured.

    The pods of a StatefulSet are called by its name and an ordinal.

    Args:
        values: What all other sources amount to.
        environ: All environment variables.

    Returns:
        A layer with the index, if it is needed, and what is wrong otherwise.
    """
    layer = Layer()
    if get(values, _INDEX) is not None or _number(get(values, _TOTAL)) < 2:
        return layer, []
    variable = next((name for name in _POD_NAMES if environ.get(name)), None)
    if variable is None:
        said = f"neither {' nor '.join(_POD_NAMES)} is set"
        return layer, [Problem(f"{_NO_INDEX}: {said}", _INDEX, DEFAULT)]
    origin = Origin("environment", variable)
    ordinal = re.search(r"-(\d{1,9})$", environ[variable])
    if ordinal is None:
        return layer, [Problem(f"{_NO_INDEX}: it has none", _INDEX, origin)]
    index, total = int(ordinal[1]), _number(get(values, _TOTAL))
    if index >= total:
        said = f"the pod's ordinal is {index}, and `shard.total` is {total}"
        advice = "run as many pods as there are shards, counted from 0"
        return layer, [Problem(f"{said}: {advice}", _INDEX, origin)]
    layer.put(_INDEX, index, origin)
    return layer, []


_NO_INDEX = (
    "is not set, and is taken from the ordinal at the end of the pod's name, such as "
    "`tm-exporter-2`"
)


def _number(value: Any) -> int:
    """Return a number as it may be written; 0 for what validation will complain of."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
