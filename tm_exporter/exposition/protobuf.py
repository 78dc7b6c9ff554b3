"""
Write series as Prometheus' protobuf messages, with native histograms.

It is the only format that carries native histograms to the Prometheus of today. The
messages are few and never change, so they are put together by hand: a field is a key,
which is its number and how its value is written, and the value.

Source: client_model's `io.prometheus.client.MetricFamily`, each with its length before
it; the encoding of protobuf.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from struct import Struct
from typing import ClassVar

from prometheus_client import CollectorRegistry, Metric

from tm_exporter.catalog import Family
from tm_exporter.sinks.histogram import Exemplar, Histogram
from tm_exporter.sinks.native import ZERO_THRESHOLD, NativeBuckets
from tm_exporter.sinks.series import Labels, Value


_TYPES = {"counter": 0, "gauge": 1, "untyped": 3, "histogram": 4}
_DOUBLE = Struct("<d").pack
_DOUBLE_SIZE = 8
_NANOSECONDS = 1_000_000_000
_END_OF_ONE_BYTE = 0x80


class Protobuf:
    """The format that has native histograms."""

    media = "application/vnd.google.protobuf"
    parameters: ClassVar = {
        "proto": "io.prometheus.client.MetricFamily",
        "encoding": "delimited",
    }
    content_type = "; ".join(
        (media, *(f"{name}={value}" for name, value in parameters.items()))
    )

    def series(self, family: Family, rows: Sequence[tuple[Labels, Value]]) -> bytes:
        """Return the messages of some series."""
        kind, labels = family.kind, _labels_of(family)
        return b"".join([_metric(kind, labels.of(each), value) for each, value in rows])

    def head(self, family: Family, pieces: Iterable[bytes]) -> bytes:
        """Return how long the family is, and what names and explains it."""
        return _head(family.name, family.help, family.kind, sum(map(len, pieces)))

    def process(self, registry: CollectorRegistry) -> bytes:
        """Return the families about process and interpreter."""
        return b"".join(map(_of_library, registry.collect()))

    def end(self, _remarks: Iterable[str]) -> bytes:
        """Return nothing: a page ends with its last family."""
        return b""


def _of_library(metric: Metric) -> bytes:
    """Return a family of prometheus_client's, which has no histograms here."""
    kind = metric.type if metric.type in _TYPES else "untyped"
    name = f"{metric.name}_total" if kind == "counter" else metric.name
    series = b"".join(
        _metric(
            kind,
            b"".join(_pair(*pair) for pair in sorted(sample.labels.items())),
            sample.value,
        )
        for sample in metric.samples
        if sample.name == name
    )
    return _head(name, metric.documentation, kind, len(series)) + series


def _head(name: str, text: str, kind: str, size: int) -> bytes:
    """Return a MetricFamily's length and its fields before the series."""
    head = _text(1, name) + _text(2, text) + _whole(3, _TYPES[kind])
    return _varint(len(head) + size) + head


def _metric(kind: str, labels: bytes, value: Value) -> bytes:
    """Return one series, as a field of its family."""
    if isinstance(value, Histogram):
        return _message(4, labels + _message(7, b"".join(_histogram(value))))
    return _message(4, b"".join((labels, _PLAIN[kind], _DOUBLE(value))))


class _Labels:
    """
    The labels of series that have the same names of labels.

    What was asked for last is kept: the families of one owner come one after another.
    """

    __slots__ = ("_last", "_order", "_told")

    def __init__(self, names: Sequence[str]) -> None:
        # Which value stands where, once the labels are sorted by name.
        self._order = sorted((name, at) for at, name in enumerate(names))
        self._last: Labels | None = None
        self._told = b""

    def of(self, values: Labels) -> bytes:
        """Return the labels of a series, as fields of it."""
        if values != self._last:
            pairs = [_pair(name, values[at]) for name, at in self._order]
            self._last, self._told = values, b"".join(pairs)
        return self._told


_labels = lru_cache(maxsize=256)(_Labels)


@lru_cache(maxsize=1024)
def _labels_of(family: Family) -> _Labels:
    """Return what those share whose labels have the same names."""
    return _labels(family.label_names)


@lru_cache(maxsize=16_384)
def _pair(name: str, value: str) -> bytes:
    """Return a label and its value; the same ones are on very many series."""
    return _message(1, _text(1, name) + _text(2, value))


def _histogram(value: Histogram) -> Iterator[bytes]:
    """Yield the fields of a Histogram: the classic buckets, then the native ones."""
    counts = value.cumulative
    yield _whole(1, counts[-1])
    yield _number(2, value.total)
    for bound, count, example in zip(
        _bounds(value.bounds), counts, value.exemplars, strict=True
    ):
        about = _exemplar(example) if example else b""
        yield _message(3, _whole(1, count) + bound + about)
    if value.native is not None:
        yield from _native(value.native)


@lru_cache(maxsize=256)
def _bounds(bounds: tuple[float, ...]) -> tuple[bytes, ...]:
    """Return the bound of each bucket, as a field of it; there are few kinds."""
    return tuple(_number(2, bound) for bound in (*bounds, math.inf))


def _native(native: NativeBuckets) -> Iterator[bytes]:
    """Yield the fields of a native histogram."""
    yield _whole(5, _zigzag(native.schema))
    yield _number(6, ZERO_THRESHOLD)  # which makes it one even without a value
    yield _whole(7, native.zero_count)
    for span in native.spans():
        yield _message(12, _whole(1, _zigzag(span.offset)) + _whole(2, span.length))
    deltas = b"".join(_varint(_zigzag(delta)) for delta in native.deltas())
    if deltas:
        yield _message(13, deltas)


def _exemplar(exemplar: Exemplar) -> bytes:
    """Return the example of a bucket, as a field of it."""
    run = exemplar.run
    nanoseconds = round(run.ended_at * _NANOSECONDS)
    seconds, rest = divmod(nanoseconds, _NANOSECONDS)
    at = _whole(1, seconds) + _whole(2, rest)
    label = _message(1, _text(1, "probe_id") + _text(2, run.probe_id))
    return _message(3, label + _number(2, exemplar.value) + _message(3, at))


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())


def _message(field: int, content: bytes) -> bytes:
    """Return a field that has a length; all fields are below 16, in one byte."""
    return _ONE_BYTE[field << 3 | 2] + _varint(len(content)) + content


def _number(field: int, value: float) -> bytes:
    """Return a field that is a number of double precision."""
    return _ONE_BYTE[field << 3 | 1] + _DOUBLE(value)


def _whole(field: int, value: int) -> bytes:
    """Return a field that is a whole number, which is not negative."""
    return _ONE_BYTE[field << 3] + _varint(value)


def _zigzag(value: int) -> int:
    """Return a whole number as one that is not negative: 0, -1, 1, -2 are 0 to 3."""
    return value << 1 if value >= 0 else (-value << 1) - 1


def _varint(value: int) -> bytes:
    """Return a whole number in groups of seven bits, the lowest first."""
    if value < _END_OF_ONE_BYTE:
        return _ONE_BYTE[value]
    groups = bytearray()
    while value >= _END_OF_ONE_BYTE:
        groups.append(value & 0x7F | _END_OF_ONE_BYTE)
        value >>= 7
    groups.append(value)
    return bytes(groups)


_ONE_BYTE = tuple(bytes((value,)) for value in range(_END_OF_ONE_BYTE))
_PLAIN = {  # fields of a Metric, with all before the number that is in them
    kind: _message(field, _number(1, 0.0))[:-_DOUBLE_SIZE]
    for kind, field in {"gauge": 2, "counter": 3, "untyped": 5}.items()
}
