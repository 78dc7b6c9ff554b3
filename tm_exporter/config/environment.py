"""Settings from environment variables that begin with TM_EXPORTER_."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import yaml

from tm_exporter.config.layer import Layer
from tm_exporter.config.origin import Origin, Problem
from tm_exporter.config.target_list import TargetList
from tm_exporter.config.variables import PREFIX, Form, Resolver, Unclaimed


CONFIG = "TM_EXPORTER_CONFIG"
"""The path of the configuration file, where the command line has none."""

TARGETS = "TM_EXPORTER_TARGETS"
"""The whole list of targets; those of files are then none."""

_KUBERNETES = ("TM_EXPORTER_SERVICE_", "TM_EXPORTER_PORT")  # for a Service of our name


def read_environment(
    environ: Mapping[str, str], known: Mapping[str, Any]
) -> tuple[Layer, list[Problem]]:
    """
    Return what the variables say, and what is wrong with them.

    Args:
        environ: All variables; an empty one counts as not set.
        known: The values of the other sources, for names of targets and probes.
    """
    ours = {name: environ[name] for name in sorted(environ) if _is_ours(name)}
    resolver = Resolver(known, ours)
    layer, problems = Layer(), list[Problem]()
    for name, value in ours.items():
        origin = Origin("environment", name)
        try:
            path, form = resolver.resolve(name)
            if value:
                layer.put(path, _value(value, form), origin)
        except Unclaimed as unclaimed:
            problems.append(Problem(_advice(name, unclaimed), (), origin))
        except (yaml.YAMLError, RecursionError, ValueError):
            problems.append(Problem("is neither JSON nor YAML", (), origin))
    return layer, problems


def read_targets(environ: Mapping[str, str], targets: TargetList) -> Layer:
    """
    Return the targets which one variable lists, by name; nothing where it is not set.

    Args:
        environ: All variables.
        targets: Collects names and problems.
    """
    layer, problems = read_environment({TARGETS: environ.get(TARGETS, "")}, {})
    targets.problems += problems
    targets.by_name(layer)
    return layer


def _is_ours(name: str) -> bool:
    return (
        name.startswith(PREFIX) and name != CONFIG and not name.startswith(_KUBERNETES)
    )


def _advice(name: str, unclaimed: Unclaimed) -> str:
    """Return a sentence about a name, compared without what all names begin with."""
    what, otherwise = unclaimed.what
    stems = [other.removeprefix(PREFIX) for other in (*unclaimed.candidates, CONFIG)]
    near = get_close_matches(name.removeprefix(PREFIX), stems, n=1, cutoff=0.7)
    hint = f"did you mean {PREFIX}{near[0]}?" if near else otherwise
    return f"{what}; {hint}"


def _value(text: str, form: Form) -> Any:
    """
    Return a text as it is, or what it describes.

    Raises:
        YAMLError: It is not what it seems to be.
    """
    described = form == "either" and text.lstrip()[:1] in {"[", "{"}
    return yaml.safe_load(text) if described or form == "yaml" else text
