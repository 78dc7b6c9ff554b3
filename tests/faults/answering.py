"""How faults of an answer are brought about."""

import gzip
import zlib
from collections.abc import Mapping

from tests.faults.scene import (
    BOMB,
    NAME,
    SHORT,
    Good,
    Injection,
    answered,
    dripping,
    nowhere,
    playing,
    turned,
)
from tests.faults.strange import (
    Bug,
)
from tests.scripted_server import (
    Step,
    answer,
    chunked,
    head,
    pause,
    reset,
    send,
    send_for_ever,
    silence,
)


CHUNKS = "Transfer-Encoding: chunked"
COMMENT = b": still here\n\n"


def status(line: str, body: bytes = b'{"error": {}}', *headers: str) -> Injection:
    """Have every request answered with a status."""
    return answered(send(answer(body, *headers, status=line)))


def error(line: str, *headers: str, **fields: str) -> Injection:
    """Have every request answered with a status and an error."""
    rows = ", ".join(f'"{key}": "{value}"' for key, value in fields.items())
    return status(line, f'{{"error": {{{rows}}}}}'.encode(), *headers)


def says(payload: bytes) -> Injection:
    """Have the body say something else, in a form that fits the route."""
    return turned(lambda good: [send(answer(good.saying(payload), media=good.media))])


def after_one_event(data: bytes) -> Injection:
    """Have something come after the first event of a stream."""
    return turned(
        lambda good: [send(answer(good.events[0] + data, media=good.media)), silence]
    )


def begun(good: Good) -> Step:
    """Send the header of a body that ends with the connection."""
    return send(head(good.type_header))


def in_chunks(good: Good, rest: bytes) -> Step:
    """Send the header of a body in chunks, and some of it."""
    return send(head(good.type_header, CHUNKS) + rest)


def one_chunk(data: bytes) -> bytes:
    """Return a chunk with no end of the body behind it."""
    return chunked(data)[:-5]


UNKNOWN = "The model `m` does not exist."
BALANCE = "Insufficient balance: top up."
STATUS: Mapping[str, Injection] = {
    "302": status("302 Found", b"", "Location: http://elsewhere.test/"),
    "307": status("307 Again", b"", "Location: /"),
    "302-nowhere": status("302 Found", b"", "Location: http://[::1"),
    "402": error("402 Pay", message="no"),
    "429-quota": error("429 Slow", code="insufficient_quota"),
    "403-balance": error("403 No", message=BALANCE),
    "429": error("429 Slow", "Retry-After: 7", message="busy"),
    "429-plain": status("429 Slow", b""),
    "429-quota-later": error("429 Slow", "Retry-After: 7", code="insufficient_quota"),
    "401": error("401 Who", message="no such key"),
    "403": error("403 No", message="not yours"),
    "401-bomb": status("401 Who", BOMB, "Content-Encoding: gzip"),
    "404": error("404 Not Found", message="Not Found"),
    "404-account": error("404 Not Found", message="Not Found"),
    "400-unknown-model": error("400 Bad", message=UNKNOWN),
    "404-unknown-user": error("404 Not Found", code="user_not_found"),
    "500": error("500 Oops", message="oops"),
    "502-html": answered(
        send(answer(b"<html>", status="502 Bad Gateway", media="text/html"))
    ),
    "504": error("504 Late", message="late"),
    "408": error("408 Late", message="late"),
    "425": error("425 Early", message="early"),
    "499": error("499 Closed", message="closed"),
    "500-endless": answered(send(head(status="500 Oops")), send_for_ever(b"x" * 9999)),
    "500-silent": answered(
        send(head("Content-Length: 9", status="500 Oops")), silence, timeout=2 * SHORT
    ),
    "500-reset": answered(
        send(answer(b"{", length=9, status="500 Oops")), pause(0.02), reset
    ),
    "503": error("503 Busy", message="busy"),
    "529": error("529 Busy", message="busy"),
    "400": error("400 Bad", message="max_tokens is too small"),
    "413": error("413 Large", message="too large"),
    "422-broken": answered(send(head(CHUNKS, status="422 No") + b"two\r\n"), silence),
}  # fmt: skip

BODY: Mapping[str, Injection] = {
    "body-never-begins": turned(
        lambda good: [in_chunks(good, b""), silence], timeout=SHORT
    ),
    "body-stops": turned(
        lambda good: [begun(good), send(good.half), silence], idle=SHORT
    ),
    "body-drips-too-slowly": turned(
        lambda good: [begun(good), dripping(good.body, 1, 0.05)], idle=SHORT
    ),
    "closed-before-body": turned(lambda good: [in_chunks(good, b"")]),
    "reset-before-body": turned(
        lambda good: [in_chunks(good, b""), pause(0.02), reset]
    ),
    "body-cut": turned(
        lambda good: [send(answer(good.half, media=good.media, length=len(good.body)))]
    ),
    "body-reset": turned(
        lambda good: [begun(good), send(good.half), pause(0.02), reset]
    ),
    "chunk-cut": turned(
        lambda good: [in_chunks(good, one_chunk(good.body)[: -len(good.half)])]
    ),
    "bad-later-chunk": turned(
        lambda good: [in_chunks(good, one_chunk(good.half) + b"two\r\n"), silence]
    ),
    "bad-chunk": turned(lambda good: [in_chunks(good, b"two\r\n"), silence]),
    "no-chunk": turned(lambda good: [in_chunks(good, b"<html>"), silence]),
    "huge-chunk": turned(lambda good: [in_chunks(good, b"f" * 21 + b"\r\n"), silence]),
    "unknown-coding": turned(lambda good: [send(good.zipped(good.body, "br"))]),
    "bad-gzip": turned(lambda good: [send(good.zipped(good.body))]),
    "gzip-bomb": turned(lambda good: [send(good.zipped(BOMB))]),
    "deflate-bomb": turned(
        lambda good: [send(good.zipped(zlib.compress(b" " * 9_000_000, 1), "deflate"))]
    ),
    "nested-bomb": turned(
        lambda good: [send(good.zipped(gzip.compress(BOMB), "gzip, gzip"))]
    ),
    "endless-body": turned(lambda good: [begun(good), send_for_ever(b"x" * 65536)]),
    "length-short": turned(lambda good: [send(good.sent(length=len(good.half)))]),
    "200-error": error("200 OK", message="no", type="server_error"),
    "200-error-object": status("200 OK", b'{"object": "error", "message": "no"}'),
    "200-html": answered(send(answer(b"<html>hello</html>", media="text/html"))),
    "wrong-type": turned(lambda good: [send(good.sent(media="text/plain"))]),
    "not-utf8": says(b'{"x": "\xff"}'),
    "number": says(b"42"),
    "nested-json": says(b"[" * 100_000),
    "huge-number": says(b'{"x": 1' + b"0" * 400 + b"}"),
    "nan": says(b'{"x": NaN}'),
    "201": turned(lambda good: [send(good.sent(status="201 Created"))]),
    "no-choices": says(b'{"choices": []}'),
    "body-drips": turned(
        lambda good: [begun(good), dripping(good.body, len(good.body) // 30 + 1, 0.003)]
    ),
    "untyped": turned(lambda good: [send(good.sent(media=""))]),
    "gzip": turned(lambda good: [send(good.zipped(gzip.compress(good.body)))]),
    "deflate": turned(
        lambda good: [send(good.zipped(zlib.compress(good.body), "deflate"))]
    ),
    "gzip-members": turned(
        lambda good: [
            send(
                good.zipped(
                    gzip.compress(good.half)
                    + gzip.compress(good.body[len(good.half) :])
                )
            )
        ]
    ),
    "more-after-the-end": turned(
        lambda good: [send(good.sent()), send_for_ever(b"x" * 999)]
    ),
    "reset-after-the-end": turned(
        lambda good: [send(good.sent()), pause(0.02), reset]
    ),
}  # fmt: skip

EVENTS: Mapping[str, Injection] = {
    "huge-event": after_one_event(b'data: "' + b"x" * 300_000 + b'"\n\n'),
    "endless-event": turned(
        lambda good: [begun(good), send(b"data: "), send_for_ever(b"x" * 9999)]
    ),
    "endless-events": turned(
        lambda good: [begun(good), send_for_ever(good.events[0] * 100)]
    ),
    "endless-comments": turned(
        lambda good: [begun(good), send_for_ever(b":" * 60_000 + b"\n")]
    ),
    "error-event": after_one_event(b'data: {"error": {"message": "died"}}\n\n'),
    "named-error-event": after_one_event(b'event: error\ndata: {"message": "x"}\n\n'),
    "bad-event": after_one_event(b"data: {oops\n\n"),
    "event-a-list": after_one_event(b"data: []\n\n"),
    "only-comments": turned(
        lambda good: [begun(good), send_for_ever(COMMENT, every=0.02)], idle=SHORT
    ),
    "half-an-event": turned(
        lambda good: [begun(good), send_for_ever(b"data: x\n", every=0.02)], idle=SHORT
    ),
    "outlives-timeout": turned(
        lambda good: [begun(good), send_for_ever(good.events[0], every=0.02)],
        timeout=0.6,
    ),
    "no-end": turned(
        lambda good: [send(answer(without_end(good), media=good.media))]
    ),
    "one-event": turned(lambda good: [send(answer(good.events[0], media=good.media))]),
    "no-finish": playing("missing_finish"),
}  # fmt: skip


def without_end(good: Good) -> bytes:
    """Return a stream without what says that it is complete."""
    ends = (b"[DONE]", b"response.completed", b"response.incomplete")
    return b"".join(
        each for each in good.events if not any(end in each for end in ends)
    )


SAID: Mapping[str, Injection] = {
    "no-token": playing("empty_output"),
    "other-model": playing("wrong_model"),
    "unexpected": playing("healthy", section={"expect": {"regex": "^never said$"}}),
    "not-listed": playing("model_withdrawn"),
    "other-text": playing("broken_detokenize"),
    "bug": nowhere(host=NAME, resolver=Bug()),
}
