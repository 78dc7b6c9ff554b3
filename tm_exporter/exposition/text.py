"""
Write series as lines of Prometheus' text format.

Byte for byte what prometheus_client writes, which a test compares, in a tenth of
its time: a page of thousands of series is written on the loop that times probes.
What makes it quick is what is not done again for each line: names of labels are
sorted once, a label is escaped once, and the labels of a probe are put together once
for all of its families.

Source: Prometheus' exposition format 0.0.4.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import ClassVar

from prometheus_client import CollectorRegistry, exposition
from prometheus_client.utils import floatToGoString

from tm_exporter.catalog import Family
from tm_exporter.logs.printable import printable
from tm_exporter.sinks.histogram import Histogram
from tm_exporter.sinks.series import Labels, Value


_go: Callable[[float], str] = floatToGoString
_page: Callable[[CollectorRegistry], bytes] = exposition.generate_latest
_BUCKET_LABEL = "le"
_LOWEST = -1e300  # below is minus infinity, which Python writes otherwise
_HIGHEST = 1e6  # from here on Go writes an exponent


class Text:
    """The format that everybody reads, 0.0.4."""

    media = "text/plain"
    parameters: ClassVar = {"version": "0.0.4"}
    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def series(self, family: Family, rows: Sequence[tuple[Labels, Value]]) -> bytes:
        """Return the lines of some series."""
        name, texts = family.name, _label_texts_of(family)
        lines: list[str] = []
        for values, value in rows:
            if isinstance(value, Histogram):
                lines += self._histogram(name, value, texts, values)
            elif _LOWEST < value < _HIGHEST:  # `number`, without the cost of a call
                lines.append(f"{name}{texts.of(values)} {float(value)!r}\n")
            else:
                lines.append(f"{name}{texts.of(values)} {_go(value)}\n")
        return "".join(lines).encode()

    def head(self, family: Family, _pieces: Iterable[bytes]) -> bytes:
        """Return the two lines that name and explain a family."""
        text = family.help.replace("\\", r"\\").replace("\n", r"\n")
        return head_lines(family.name, text, family.kind)

    def process(self, registry: CollectorRegistry) -> bytes:
        """Return the lines about process and interpreter."""
        return _page(registry)

    def end(self, remarks: Iterable[str]) -> bytes:
        """Return the remarks as comments, each on a line of its own."""
        return "".join(f"# {printable(each)}\n" for each in remarks).encode()

    def _histogram(
        self, name: str, value: Histogram, texts: "_LabelTexts", labels: Labels
    ) -> Iterator[str]:
        """Yield the lines of one histogram."""
        before, after = texts.around_bound(labels)
        counts, plain = _whole_numbers(value.cumulative), texts.of(labels)
        for bound, count, example in zip(
            _bounds(value.bounds), counts, self._examples(value), strict=True
        ):
            yield f"{name}_bucket{before}{bound}{after} {count}{example}\n"
        yield f"{name}_count{plain} {counts[-1]}\n"
        yield f"{name}_sum{plain} {number(value.total)}\n"

    def _examples(self, value: Histogram) -> Iterable[str]:
        """Return what stands behind each bucket, which in this format is nothing."""
        return ("",) * (len(value.bounds) + 1)


def number(value: float) -> str:
    """Return a number as Go writes it; most of them are as Python writes them."""
    if _LOWEST < value < _HIGHEST:
        return repr(float(value))
    return _go(value)


def _whole_numbers(ascending: Sequence[int]) -> list[str]:
    """Return whole numbers as they are written, the largest at the end."""
    if ascending[-1] < _HIGHEST:
        return [f"{each}.0" for each in ascending]
    return [number(each) for each in ascending]


class _LabelTexts:
    """
    The labels of series that have the same names of labels, in braces.

    What was asked for last is kept: the families of one owner come one after another.
    """

    __slots__ = ("_after", "_before", "_last", "_order", "_text")

    def __init__(self, names: Sequence[str]) -> None:
        # Which value stands where, once the labels are sorted by name.
        self._order = sorted((name, at) for at, name in enumerate(names))
        self._before = [pair for pair in self._order if pair[0] < _BUCKET_LABEL]
        self._after = [pair for pair in self._order if pair[0] > _BUCKET_LABEL]
        self._last: Labels | None = None
        self._text = ""

    def of(self, values: Labels) -> str:
        """Return all labels of a series."""
        if values != self._last:
            pairs = [_pair(name, values[at]) for name, at in self._order]
            self._text = f"{{{','.join(pairs)}}}" if pairs else ""
            self._last = values
        return self._text

    def around_bound(self, values: Labels) -> tuple[str, str]:
        """Return what comes before and after the bound of a bucket."""
        before = "".join(f"{_pair(name, values[at])}," for name, at in self._before)
        after = "".join(f",{_pair(name, values[at])}" for name, at in self._after)
        return f"{{{before}", f"{after}}}"


_label_texts = lru_cache(maxsize=256)(_LabelTexts)


@lru_cache(maxsize=1024)
def _label_texts_of(family: Family) -> _LabelTexts:
    """Return what those share whose labels have the same names."""
    return _label_texts(family.label_names)


@lru_cache(maxsize=16_384)
def _pair(name: str, value: str) -> str:
    """Return a label and its value; the same ones are on very many lines."""
    return f'{name}="{escaped(value)}"'


@lru_cache(maxsize=256)
def _bounds(bounds: tuple[float, ...]) -> tuple[str, ...]:
    """Return the label of each bucket; there are few kinds of histograms."""
    texts = (*map(_go, bounds), "+Inf")
    return tuple(f'{_BUCKET_LABEL}="{text}"' for text in texts)


def head_lines(name: str, text: str, kind: str) -> bytes:
    """Return the lines before the series of a family."""
    return f"# HELP {name} {text}\n# TYPE {name} {kind}\n".encode()


def escaped(text: str) -> str:
    """Return the value of a label as it stands between quotes."""
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
