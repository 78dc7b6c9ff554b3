"""Undo a body's content coding while it arrives, never beyond a limit."""

import zlib
from typing import Protocol


_GZIP = 16 + zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS
_HEADER_SIZE = 2  # bytes of zlib's own header


class BrokenCoding(Exception):  # noqa: N818 -- what the body is, not a fault of ours
    """The body is not in the coding that its header names, or in one unknown."""


class Decoder(Protocol):
    """Turns coded bytes into plain ones."""

    @property
    def complete(self) -> bool:
        """Whether a body may end here."""
        ...

    def decode(self, data: bytes, limit: int) -> bytes:
        """Return what `data` gives, at most `limit` bytes of it."""
        ...


class Identity:
    """No coding at all."""

    complete = True

    def decode(self, data: bytes, limit: int) -> bytes:
        """Return the data."""
        return data[:limit]


class Inflate:
    """
    The codings `gzip` and `deflate`.

    Args:
        wbits: As zlib names the container.
    """

    def __init__(self, wbits: int) -> None:
        self._wbits = wbits
        self._stream = zlib.decompressobj(wbits)
        self._head = b""  # what came until zlib had its header

    @property
    def complete(self) -> bool:
        """Whether the compressed stream has ended, or never began."""
        return self._stream.eof or not self._head

    def decode(self, data: bytes, limit: int) -> bytes:
        """Return what `data` gives; what exceeds the limit is not even made."""
        if self._stream.eof:  # the stream would keep what follows it
            return b""
        known = len(self._head) >= _HEADER_SIZE
        self._head = self._head[:_HEADER_SIZE] if known else self._head + data
        try:
            return self._stream.decompress(data, limit)
        except zlib.error as error:
            # Some servers call the bare stream `deflate`, without zlib's header.
            if known or self._wbits != zlib.MAX_WBITS:
                raise BrokenCoding(f"the compressed body is broken: {error}") from None
            self._wbits, self._stream = _RAW, zlib.decompressobj(_RAW)
            return self.decode(self._head, limit)


class Chain:
    """
    Several codings, one over the other.

    Args:
        decoders: In the order in which they are undone.
    """

    def __init__(self, decoders: list[Decoder]) -> None:
        self._decoders = decoders

    @property
    def complete(self) -> bool:
        """Whether a body may end here, for each of them."""
        return all(decoder.complete for decoder in self._decoders)

    def decode(self, data: bytes, limit: int) -> bytes:
        """Undo each coding in turn."""
        for decoder in self._decoders:
            data = decoder.decode(data, limit)
        return data


def decoder_for(content_encoding: str | None) -> Decoder:
    """
    Return the decoder for a Content-Encoding header.

    Raises:
        BrokenCoding: For a coding other than gzip, deflate and identity.
    """
    decoders: list[Decoder] = []
    for name in (content_encoding or "").lower().split(","):
        coding = name.strip()
        if coding in ("", "identity"):
            continue
        if coding in ("gzip", "x-gzip"):
            decoders.insert(0, Inflate(_GZIP))
        elif coding == "deflate":
            decoders.insert(0, Inflate(zlib.MAX_WBITS))
        else:
            raise BrokenCoding(f"content encoding {coding[:40]!r} was not asked for")
    if not decoders:
        return Identity()
    return decoders[0] if len(decoders) == 1 else Chain(decoders)
