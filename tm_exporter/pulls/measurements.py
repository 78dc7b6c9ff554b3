"""
Measurements that the service took, read out of whatever form they come in.

No page documents the form: the one in which the vendor's clients read it, and
those in which others write such things, are all taken.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tm_exporter.timestamps import read_timestamp
from tm_exporter.wire.payloads import ShapeError


MOST_LISTED = 2000
"""Entries of one answer that are looked at."""

MOST = 100
"""Measurements that one answer may have; the rest is left out, and counted."""

_LISTS = ("metrics", "series", "data", "result")
_NAMES = ("name", "metricName")
_VALUES = ("data", "values", "points", "datapoints", "samples", "value")
_TIMES = ("timestamp", "time", "ts")
_LONGEST_NAME = 100
_LONGEST_LABEL = 64
_MOST_LABELS = 4
_UNFIT = re.compile(r"[^A-Za-z0-9_:./-]+")
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9][\w./:+-]*", re.ASCII)
_PERSONAL = re.compile(
    r"user|owner|mail|account|tenant|secret|password|api_?key|(?:^|_)(?:token|key)$",
    re.IGNORECASE,
)
_CREDENTIAL = re.compile(r"(?:ak|sk|pk|cus|pm|pi)[-_]|eyJ")


@dataclass(frozen=True, slots=True)
class Measurement:
    """
    The newest sample of one thing that is measured.

    Attributes:
        name: The service's name for it, fit to be a label.
        value: A finite number.
        at: When it was taken, in seconds since the epoch; None where that is not told.
    """

    name: str
    value: float
    at: float | None


@dataclass(frozen=True, slots=True)
class Measurements:
    """
    What one answer has.

    Attributes:
        found: In the order of the answer, no name twice.
        left_out: How many more there were.
    """

    found: tuple[Measurement, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class _Series:
    """One entry of the list: its name, labels worth telling, and newest sample."""

    name: str
    labels: Mapping[str, str]
    value: float
    at: float | None


def read_measurements(payload: Any) -> Measurements:
    """
    Return the newest sample of each metric; NaN and infinities are none.

    Where a name is there several times, the labels in which its entries differ are
    part of it, as in `latency{quantile=0.9}`; of entries that differ in no label that
    may be told, the first counts.

    Raises:
        ShapeError: There is no list, or one of things that have no name.
    """
    rows = _rows(payload)[:MOST_LISTED]
    named = [(name, row) for row in rows if (name := _name(row))]
    if rows and not named:
        raise ShapeError("nothing in the list of metrics has a name")
    by_name: defaultdict[str, list[_Series]] = defaultdict(list)
    for name, row in named:
        newest = _newest(row)
        if newest is not None:
            by_name[name].append(_Series(name, _labels(row), *newest))
    found: dict[str, Measurement] = {}
    for series in by_name.values():
        for name, one in _told_apart(series):
            found.setdefault(name, Measurement(name, one.value, one.at))
    kept = tuple(found.values())[:MOST]
    return Measurements(kept, len(found) - len(kept))


def _rows(payload: Any, *, deeper: bool = True) -> list[Any]:
    """Return the list, which may be in an object, and that one in another."""
    if isinstance(payload, list):
        return payload
    if not isinstance(payload, dict):
        raise ShapeError("the answer is neither an object nor a list")
    for key in _LISTS:
        inner = payload.get(key)
        if isinstance(inner, dict) and deeper:
            return _rows(inner, deeper=False)
        if inner is not None and not isinstance(inner, list):
            raise ShapeError(f"{key} is not a list")
        if inner is not None:
            return list(inner)
    return []


def _name(row: Any) -> str:
    """Return the name of an entry; empty where it has none."""
    if not isinstance(row, dict):
        return ""
    metric = row.get("metric")
    if isinstance(metric, dict):  # Prometheus' map of labels
        metric = metric.get("__name__")
    for name in (row.get("name"), metric, row.get("metricName")):
        if isinstance(name, str) and name.strip():
            return _UNFIT.sub("_", name.strip())[:_LONGEST_NAME]
    return ""


def _labels(row: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the labels that are short words, and say nothing of a person."""
    pairs = [*_pairs(row.get("metric")), *_pairs(row.get("labels"))]
    return {
        key: str(value)
        for key, value in pairs
        if key != "__name__" and _may_be_told(key, value)
    }


def _pairs(labels: Any) -> Iterator[tuple[str, Any]]:
    """Yield the labels of a map, or of a list of names and values."""
    if isinstance(labels, dict):
        yield from labels.items()
    for each in labels if isinstance(labels, list) else ():
        if isinstance(each, dict):
            key = each.get("name", each.get("key"))
            if isinstance(key, str):
                yield key, each.get("value")


def _may_be_told(key: str, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    text = str(value)
    if _PERSONAL.search(key) or not _PLAIN.fullmatch(key):
        return False
    if len(key) > _LONGEST_LABEL or len(text) > _LONGEST_LABEL:
        return False
    if _UUID.search(text) or _CREDENTIAL.match(text):
        return False
    return _PLAIN.fullmatch(text) is not None


def _told_apart(series: list[_Series]) -> Iterator[tuple[str, _Series]]:
    """Yield entries of one name, with that in which they differ."""
    values: defaultdict[str, set[str]] = defaultdict(set)
    having: Counter[str] = Counter()
    for one in series:
        having.update(one.labels.keys())
        for key, value in one.labels.items():
            values[key].add(value)
    differing = sorted(
        key for key in values if len(values[key]) > 1 or having[key] < len(series)
    )[:_MOST_LABELS]
    for one in series:
        told = [f"{key}={one.labels[key]}" for key in differing if key in one.labels]
        yield f"{one.name}{{{','.join(told)}}}" if told else one.name, one


def _newest(row: Mapping[str, Any]) -> tuple[float, float | None] | None:
    """Return value and time of an entry's newest sample; None if it has none."""
    given = next((row[key] for key in _VALUES if row.get(key) is not None), None)
    newest: tuple[float, float | None] | None = None
    for value, moment in _samples(given, row):
        number = _number(value)
        at = _moment(moment)
        is_dated = moment is None or at is not None
        if number is not None and is_dated and _is_newer(at, newest):
            newest = number, at
    return newest


def _is_newer(at: float | None, than: tuple[float, float | None] | None) -> bool:
    """Whether a sample that comes later in the list is the newer one."""
    if than is None or than[1] is None:
        return True
    return at is not None and at >= than[1]


def _samples(given: Any, row: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield values with their times, None where none is told."""
    if not isinstance(given, list):
        yield from _sample(given, _time(row))
    elif _is_pair(given):
        yield given[1], given[0]
    else:
        for each in given:
            yield from _sample(each, None)


def _sample(given: Any, moment: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what one element of a list, or the value itself, says."""
    if isinstance(given, dict):
        yield given.get("value"), _time(given)
    elif isinstance(given, list):
        if len(given) == 2:
            yield given[1], given[0]
    else:
        yield given, moment


def _is_pair(given: list[Any]) -> bool:
    """Whether a list is a time and a value, and not a list of two values."""
    if len(given) != 2 or any(isinstance(each, list | dict) for each in given):
        return False
    return _moment(given[0]) is not None


def _time(holder: Mapping[str, Any]) -> Any:
    return next((holder[key] for key in _TIMES if holder.get(key) is not None), None)


def _number(value: Any) -> float | None:
    """Return a finite number, which may come as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _moment(value: Any) -> float | None:
    try:
        return read_timestamp(value, "timestamp")
    except ShapeError:
        return None
