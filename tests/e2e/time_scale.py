"""
The shipped rules and routes, for a world in which everything happens faster.

An hour of windows is too long for a test. So probes run more often by a factor, and
every time that rules and Alertmanager measure with is shorter by the same: windows,
offsets, `for`, evaluations, waits of groups. Nothing else changes: a rule asks for the
same number of runs, in the same proportion. Two kinds of numbers are times, too, though
nothing in PromQL says so: those from 60 on in an expression that reads the interval of
probes are seconds of a window or an interval. Those that are compared with money or
dates are not ours, and stay.
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml


_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_TIME = rf"(?:\d+(?:{'|'.join(_MILLISECONDS)}))+"
_PART = re.compile(rf"(\d+)({'|'.join(_MILLISECONDS)})")
_WINDOW = re.compile(rf"(?<=\[)({_TIME})(?::({_TIME}))?(?=\])")
_OFFSET = re.compile(rf"(?<=\boffset )({_TIME})\b")
_SECONDS = re.compile(r"(?<![\w.])[1-9]\d+(?![\w.])")
_INTERVAL = "tensormesh_probe_interval_seconds"
_LEAST_SECONDS = 60
_WAITS = frozenset(("group_wait", "group_interval", "repeat_interval"))


def shorter(time: str, factor: int) -> str:
    """
    Return a time divided by a factor, in its own unit or the next that makes it whole.

    Args:
        time: As Prometheus writes it, such as `1h30m`.
        factor: How many times shorter; what is left is at least a millisecond.
    """
    parts = [(int(number), _MILLISECONDS[unit]) for number, unit in _PART.findall(time)]
    whole = sum(number * unit for number, unit in parts) // factor
    return _written(whole, largest=min(unit for _, unit in parts))


def faster_expression(text: str, factor: int) -> str:
    """Return a PromQL expression, or a text with some, on shorter times."""
    if _INTERVAL in text:
        text = _SECONDS.sub(lambda found: _fewer(found[0], factor), text)
    text = _OFFSET.sub(lambda found: shorter(found[1], factor), text)
    return _WINDOW.sub(lambda found: _window(found, factor), text)


def faster_rules(rules: Mapping[str, Any], factor: int) -> dict[str, Any]:
    """Return a rule file, as YAML has read it, on shorter times."""
    groups = [
        _timed(group, ("interval",), factor)
        | {"rules": [_rule(rule, factor) for rule in group["rules"]]}
        for group in rules["groups"]
    ]
    return {**rules, "groups": groups}


def faster_routes(config: Mapping[str, Any], factor: int) -> dict[str, Any]:
    """Return Alertmanager's configuration with shorter waits."""
    return {**config, "route": _route(config["route"], factor)}


def written(data: Mapping[str, Any]) -> str:
    """Return what a program reads as YAML."""
    return yaml.safe_dump(data, sort_keys=False)


def _rule(rule: Mapping[str, Any], factor: int) -> dict[str, Any]:
    fast = _timed(rule, ("for", "keep_firing_for"), factor)
    fast["expr"] = faster_expression(rule["expr"], factor)
    if "annotations" in rule:  # they look things up, too
        fast["annotations"] = {
            name: faster_expression(text, factor)
            for name, text in rule["annotations"].items()
        }
    return fast


def _route(route: Mapping[str, Any], factor: int) -> dict[str, Any]:
    fast = _timed(route, _WAITS, factor)
    if "routes" in route:
        fast["routes"] = [_route(each, factor) for each in route["routes"]]
    return fast


def _timed(
    data: Mapping[str, Any], names: tuple[str, ...] | frozenset[str], factor: int
) -> dict[str, Any]:
    """Return a mapping in which the times of these names are shorter."""
    return {
        name: shorter(value, factor) if name in names else value
        for name, value in data.items()
    }


def _window(found: re.Match[str], factor: int) -> str:
    """Return the inside of square brackets: a window, and perhaps a step."""
    return ":".join(shorter(time, factor) for time in found.groups() if time)


def _fewer(number: str, factor: int) -> str:
    """Return seconds that are fewer by a factor; a small number is no time."""
    seconds = int(number)
    return number if seconds < _LEAST_SECONDS else f"{seconds / factor:g}"


def _written(milliseconds: int, *, largest: int) -> str:
    """Return a time in the largest allowed unit of which it is a whole number."""
    for unit, length in reversed(_MILLISECONDS.items()):
        if length <= largest and milliseconds % length == 0:
            return f"{milliseconds // length}{unit}"
    raise AssertionError("every time is whole in milliseconds")
