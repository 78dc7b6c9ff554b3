"""
Read a page in protobuf with Google's own library.

The messages are described here a second time, by hand, so that a mistake in the
program is seen.
"""

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.internal.decoder import _DecodeVarint32  # it has no public twin
from google.protobuf.message_factory import GetMessageClass


MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "LabelPair": {"name": (1, "string"), "value": (2, "string")},
    "Gauge": {"value": (1, "double")},
    "Counter": {"value": (1, "double"), "exemplar": (2, "Exemplar")},
    "Timestamp": {"seconds": (1, "int64"), "nanos": (2, "int32")},
    "Exemplar": {
        "label": (1, "*LabelPair"),
        "value": (2, "double"),
        "timestamp": (3, "Timestamp"),
    },
    "Bucket": {
        "cumulative_count": (1, "uint64"),
        "upper_bound": (2, "double"),
        "exemplar": (3, "Exemplar"),
    },
    "BucketSpan": {"offset": (1, "sint32"), "length": (2, "uint32")},
    "Histogram": {
        "sample_count": (1, "uint64"),
        "sample_sum": (2, "double"),
        "bucket": (3, "*Bucket"),
        "schema": (5, "sint32"),
        "zero_threshold": (6, "double"),
        "zero_count": (7, "uint64"),
        "positive_span": (12, "*BucketSpan"),
        "positive_delta": (13, "*sint64"),
    },
    "Metric": {
        "label": (1, "*LabelPair"),
        "gauge": (2, "Gauge"),
        "counter": (3, "Counter"),
        "histogram": (7, "Histogram"),
    },
    "MetricFamily": {
        "name": (1, "string"),
        "help": (2, "string"),
        "type": (3, "int32"),
        "metric": (4, "*Metric"),
    },
}
KINDS = {0: "counter", 1: "gauge", 4: "histogram"}


def families(page: bytes) -> dict[str, Any]:
    """Return the families of a page by name; no field is unknown to us."""
    found = {}
    for content in _delimited(page):
        family = FAMILY.FromString(content)
        size = family.ByteSize()
        family.DiscardUnknownFields()
        assert family.ByteSize() == size
        assert family.name not in found, family.name
        found[family.name] = family
    return found


def labels(metric: Any) -> dict[str, str]:
    """Return the labels of a series."""
    return {pair.name: pair.value for pair in metric.label}


def _delimited(page: bytes) -> Iterator[bytes]:
    """Yield what has its length before it."""
    at = 0
    while at < len(page):
        size, at = _DecodeVarint32(page, at)
        assert at + size <= len(page)
        yield page[at : at + size]
        at += size


def _described() -> FileDescriptorProto:
    """Return the messages as the library wants them described."""
    file = FileDescriptorProto(name="metrics.proto", package="m", syntax="proto2")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            message.field.append(_field(field, number, kind))
    return file


def _field(name: str, number: int, kind: str) -> Any:
    """Return a field; a star is for one that there may be many of."""
    plain = kind.removeprefix("*")
    field = FieldDescriptorProto(name=name, number=number)
    field.label = (
        FieldDescriptorProto.LABEL_OPTIONAL
        if plain == kind
        else FieldDescriptorProto.LABEL_REPEATED
    )
    if plain in MESSAGES:
        field.type = FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = f".m.{plain}"
    else:
        field.type = FieldDescriptorProto.Type.Value(f"TYPE_{plain.upper()}")
    return field


_POOL = DescriptorPool()
_POOL.AddSerializedFile(_described().SerializeToString())
FAMILY = GetMessageClass(_POOL.FindMessageTypeByName("m.MetricFamily"))
