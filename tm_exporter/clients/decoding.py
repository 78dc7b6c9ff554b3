"""
Undo a body's content coding while it arrives, never beyond a limit.

A few bytes of it can be millions: so it is undone step by step, and whoever asks can
let others go on in between.
"""

import zlib
from typing import Final, Protocol


STEP = 16 * 1024
"""Bytes that one step of a compressed body gives at the most."""

MOST_CODINGS: Final = 4
"""One over the other; each takes memory, and a turn for each piece that comes."""

_GZIP = 16 + zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS
_MEMBER = b"\x1f\x8b"  # how each member of gzip begins
_HEADER_SIZE = 2  # bytes of zlib's own header


class BrokenCoding(Exception):  # noqa: N818 -- what the body is, not a fault of ours
    """The body is not in the coding that its header names, or in one unknown."""


class Decoder(Protocol):
    """Turns coded bytes into plain ones."""

    @property
    def complete(self) -> bool:
        """Whether a body may end here."""
        ...

    @property
    def pending(self) -> bool:
        """Whether there is more of what came: had with no data, before any other."""
        ...

    def decode(self, data: bytes, limit: int) -> bytes:
        """Return what `data` gives, at most `limit` bytes of it."""
        ...


class Identity:
    """No coding at all."""

    complete = True
    pending = False

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
        self._rest = b""  # what came and did not fit into the last step
        self._after = b""  # what came behind the end, as far as it tells anything
        self.pending = False

    @property
    def complete(self) -> bool:
        """Whether the compressed stream has ended, or never began."""
        return self._stream.eof or not self._head

    def decode(self, data: bytes, limit: int) -> bytes:
        """Return one step of what `data` gives; what exceeds it is not even made."""
        self.pending = False
        if self._stream.eof:  # the stream would keep what follows it
            self._look_behind_the_end(data)
            return b""
        size = min(limit, STEP)
        known = len(self._head) >= _HEADER_SIZE
        self._head = self._head[:_HEADER_SIZE] if known else self._head + data
        try:
            plain = self._stream.decompress(self._rest + data, size)
        except zlib.error as error:
            # Some servers call the bare stream `deflate`, without zlib's header.
            if known or self._wbits != zlib.MAX_WBITS:
                raise BrokenCoding(f"the compressed body is broken: {error}") from None
            self._wbits, self._stream = _RAW, zlib.decompressobj(_RAW)
            return self.decode(self._head, limit)
        self._rest = self._stream.unconsumed_tail
        # A full step may leave something in the stream that came of no other bytes.
        self.pending = len(plain) == size and not self._stream.eof
        if self._stream.eof:
            self._look_behind_the_end(self._stream.unused_data)
        return plain

    def _look_behind_the_end(self, data: bytes) -> None:
        """Begin anew with another member of gzip; ignore anything else."""
        if self._wbits != _GZIP:
            return
        self._after += data
        if self._after.startswith(_MEMBER):
            self._stream = zlib.decompressobj(self._wbits)
            self._rest, self._after, self.pending = self._after, b"", True
        self._after = self._after[: len(_MEMBER)]


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

    @property
    def pending(self) -> bool:
        """Whether any of them has more."""
        return any(decoder.pending for decoder in self._decoders)

    def decode(self, data: bytes, limit: int) -> bytes:
        """Undo each coding in turn, from the last one on that has more."""
        waiting = [at for at, each in enumerate(self._decoders) if each.pending]
        for decoder in self._decoders[max(waiting, default=0) :]:
            data = decoder.decode(data, limit)
        return data


def decoder_for(content_encoding: str | None) -> Decoder:
    """
    Return the decoder for a Content-Encoding header.

    Raises:
        BrokenCoding: For a coding other than gzip, deflate and identity, or for more
            of them than anyone needs.
    """
    names = map(str.strip, (content_encoding or "").lower().split(","))
    codings = [name for name in names if name not in ("", "identity")]
    if len(codings) > MOST_CODINGS:
        raise BrokenCoding(f"{len(codings)} content encodings, one over the other")
    decoders: list[Decoder] = []
    for coding in codings:
        if coding in ("gzip", "x-gzip"):
            decoders.insert(0, Inflate(_GZIP))
        elif coding == "deflate":
            decoders.insert(0, Inflate(zlib.MAX_WBITS))
        else:
            raise BrokenCoding(f"content encoding {coding[:40]!r} was not asked for")
    if not decoders:
        return Identity()
    return decoders[0] if len(decoders) == 1 else Chain(decoders)
