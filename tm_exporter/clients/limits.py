"""What an answer may cost us before it is cut off."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    Bounds on one answer; the contract's section 5 names what exceeding them means.

    Attributes:
        head: Bytes of all header blocks together.
        headers: Lines of all header blocks together.
        interim: 1xx answers before the final one.
        body: Bytes of an answer asked for whole, after decoding.
        error_body: Bytes read of an answer whose status is not 2xx.
        error_seconds: Time spent on reading those.
        stream: Bytes of a streamed answer, after decoding.
        after_end: Seconds in which bytes after the end of a stream are looked for.
        patience: Seconds for which time stands still while a body waits for memory.
    """

    head: int = 64 * 1024
    headers: int = 256
    interim: int = 16
    body: int = 1024 * 1024
    error_body: int = 64 * 1024
    error_seconds: float = 1.0
    stream: int = 8 * 1024 * 1024
    after_end: float = 0.1
    patience: float = 5.0
