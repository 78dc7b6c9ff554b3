"""
Read what an operator must know of a leaf certificate from its DER form.

The standard library parses a certificate only after it verified it, and it is
the ones that fail which matter most; the package that could do it would be a
quarter of our memory. So the few fields needed are picked out here.

Source: RFC 5280, section 4.1 (Certificate), and X.690 (DER).
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

from tm_exporter.exchange import Certificate


_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_CONTEXT_0 = 0xA0
_BMP_STRING = 0x1E
_COMMON_NAME, _ORGANIZATION = b"\x55\x04\x03", b"\x55\x04\x0a"
_LONG_FORM = 0x80


def leaf(der: bytes, *, verified: bool) -> Certificate:
    """
    Return expiry, issuer and fingerprint of a certificate.

    Raises:
        ValueError: If `der` is not a certificate.
    """
    not_after, issuer, fingerprint = _parse(der)
    return Certificate(not_after, issuer, fingerprint, verified)


@lru_cache(maxsize=512)  # a service shows the same leaf to every probe
def _parse(der: bytes) -> tuple[float, str, str]:
    """Return the expiry as seconds since the epoch, the issuer, the fingerprint."""
    try:
        certificate = next(_values(der))[1]
        signed = next(_values(certificate))[1]
        fields = [row for row in _values(signed) if row[0] != _CONTEXT_0]
        _serial, _algorithm, issuer, validity = (value for _, value in fields[:4])
        (_, _), (tag, text) = _values(validity)
        names = dict(_names(issuer))
    except (ValueError, StopIteration, IndexError):
        raise ValueError("not an X.509 certificate") from None
    name = names.get(_COMMON_NAME) or names.get(_ORGANIZATION) or ""
    return _time(tag, text), name, hashlib.sha256(der).hexdigest()


def _values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the (tag, content) pairs that stand side by side in `data`."""
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & _LONG_FORM:
            size = length & ~_LONG_FORM
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise ValueError("a value is longer than what holds it")
        yield tag, data[at : at + length]
        at += length


def _names(issuer: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield (object identifier, text) of each attribute of a name."""
    for _, attributes in _values(issuer):
        for _, attribute in _values(attributes):
            (_, oid), (tag, text) = _values(attribute)
            coding = "utf-16-be" if tag == _BMP_STRING else "utf-8"
            yield oid, text.decode(coding, "replace")


def _time(tag: int, text: bytes) -> float:
    """Return the seconds since the epoch of a UTCTime or GeneralizedTime."""
    digits = text.decode("ascii", "replace").rstrip("Z")
    if tag == _UTC_TIME:  # RFC 5280: two digits, 50 and above are the last century
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    elif tag != _GENERALIZED_TIME:
        raise ValueError("not an X.509 certificate")
    moment = datetime.strptime(digits, "%Y%m%d%H%M%S")  # noqa: DTZ007 -- UTC is added
    return moment.replace(tzinfo=UTC).timestamp()
