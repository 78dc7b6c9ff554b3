"""Faults of an answer: its status, its body, its events and what it says."""

from tm_exporter.fault_matrix.row import INFERENCE, Sort, alike, cut, of, read
from tm_exporter.observation import Reason


STATUS = (
    *alike(Reason.REDIRECT, {
        "302": "302 to another host",
        "307": "307 to the same address",
        "302-nowhere": "302 to what is no address",
    }),
    *alike(Reason.QUOTA, {
        "402": "402",
        "429-quota": "429 without Retry-After whose error is insufficient_quota",
        "403-balance": "403 whose message says that the balance is used up",
    }),
    *alike(Reason.THROTTLED, {
        "429": "429 with Retry-After",
        "429-plain": "429 with nothing else",
        "429-quota-later": "429 with Retry-After whose error is insufficient_quota",
    }),
    *alike(Reason.AUTH, {
        "401": "401",
        "403": "403",
        "401-bomb": "401 with a compressed bomb for a body",
    }),
    *of(INFERENCE, Reason.ROUTING, {"404": "404"}),
    *of(("account",), Reason.BAD_REQUEST, {"404-account": "404 of the Control Plane"}),
    *alike(Reason.ROUTING, {
        "400-unknown-model": "400 whose message says that the model does not exist",
        "404-unknown-user": "404 whose error is user_not_found",
    }),
    *alike(Reason.SERVER_ERROR, {
        "500": "500",
        "502-html": "502 with a page of HTML",
        "504": "504",
        "408": "408",
        "425": "425",
        "499": "499",
        "500-endless": "500 with a body that does not end",
        "500-silent": "500 with a body that never comes",
        "500-reset": "500 and a reset in the middle of the body",
    }),
    *alike(Reason.OVERLOADED, {"503": "503", "529": "529"}),
    *alike(Reason.BAD_REQUEST, {
        "400": "400",
        "413": "413",
        "422-broken": "422 with broken chunks for a body",
    }),
)  # fmt: skip

BODY = (
    *alike(Reason.TIMEOUT, {"body-never-begins": "no byte of the body comes"}),
    *cut(Reason.TIMEOUT, Reason.STREAM_STALLED, {
        "body-stops": "the body stops in its middle",
        "body-drips-too-slowly": "the body comes byte by byte, too slowly",
    }),
    *alike(Reason.CONNECTION_LOST, {
        "closed-before-body": "the connection is closed before the body",
        "reset-before-body": "the connection is reset before the body",
    }),
    *cut(Reason.CONNECTION_LOST, Reason.STREAM_TRUNCATED, {
        "body-cut": "the connection is closed in the middle of the body",
        "body-reset": "the connection is reset in the middle of the body",
        "chunk-cut": "the connection is closed in the middle of a chunk",
    }),
    *cut(Reason.PROTOCOL, Reason.STREAM_INVALID, {
        "bad-later-chunk": "a chunk after the first has no size",
    }),
    *alike(Reason.PROTOCOL, {
        "bad-chunk": "the first chunk has no size",
        "no-chunk": "the body should come in chunks, and does not",
        "huge-chunk": "the size of a chunk has over twenty digits",
        "unknown-coding": "the content encoding is none that we know",
        "bad-gzip": "the body is not in the gzip that its header names",
    }),
    *alike(Reason.TOO_LARGE, {
        "gzip-bomb": "a few bytes of gzip that are many",
        "deflate-bomb": "a few bytes of deflate that are many",
        "nested-bomb": "gzip in gzip, the inner one a bomb",
        "endless-body": "the body does not end",
    }),
    *read(Reason.BAD_PAYLOAD, Reason.STREAM_TRUNCATED, {
        "length-short": "the length is less than what comes",
    }),
    *read(Reason.ERROR_BODY, Reason.ERROR_BODY, {
        "200-error": "200 whose body is an error object",
        "200-error-object": "200 whose body is of `object: error`",
    }),
    *read(Reason.BAD_PAYLOAD, Reason.STREAM_INVALID, {
        "200-html": "200 with a page of HTML",
        "wrong-type": "a good body under another content type",
        "not-utf8": "the body is not UTF-8",
        "number": "the body is a number",
        "nested-json": "arrays a hundred thousand deep",
        "huge-number": "a number that no double can hold",
        "nan": "NaN where a value belongs",
    }),
    *read(Reason.BAD_PAYLOAD, None, {"201": "201 with a good body"}),
    *of(("whole",), Reason.BAD_PAYLOAD, {"no-choices": "an empty list of choices"},
         ("chat", "completions")),
    *alike(None, {
        "body-drips": "the body comes in small pieces, in time",
        "untyped": "the answer has no content type",
        "gzip": "a compressed answer (gzip)",
        "deflate": "a compressed answer (deflate)",
        "gzip-members": "a compressed answer (gzip) in two members",
        "more-after-the-end": "bytes follow the complete answer, and do not end",
        "reset-after-the-end": "the connection is reset after the complete answer",
    }),
)  # fmt: skip

_STREAM: tuple[Sort, ...] = ("streamed",)
EVENTS = (
    *of(_STREAM, Reason.TOO_LARGE, {
        "huge-event": "one event over the limit",
        "endless-event": "one event that does not end",
        "endless-events": "more events than the limit",
        "endless-comments": "comments that do not end",
    }),
    *of(_STREAM, Reason.STREAM_ERROR, {
        "error-event": "an event with an error object",
        "named-error-event": "an event named error",
    }),
    *of(_STREAM, Reason.STREAM_INVALID, {
        "bad-event": "an event that is not JSON",
        "event-a-list": "an event that is a list",
    }),
    *of(_STREAM, Reason.STREAM_STALLED, {
        "only-comments": "comments keep coming, and no event",
        "half-an-event": "the lines of one event keep coming, and never its end",
        "outlives-timeout": "events keep coming beyond the timeout",
    }),
    *of(_STREAM, Reason.STREAM_TRUNCATED, {
        "no-end": "everything comes but the terminator",
        "one-event": "the stream ends after its first event",
    }),
    *of(_STREAM, Reason.STREAM_TRUNCATED,
         {"no-finish": "everything comes but the finish reason"},
         ("chat_stream", "completions_stream", "kv_cache")),
)  # fmt: skip

SAID = (
    *of(("whole", "streamed"), Reason.EMPTY_OUTPUT, {"no-token": "not one token"}),
    *of(("whole", "streamed"), Reason.WRONG_MODEL, {"other-model": "another model"}),
    *of(("whole", "streamed"), Reason.ASSERTION, {"unexpected": "`expect` fails"}),
    *of(("free",), Reason.ASSERTION, {"not-listed": "a model is not listed"},
         ("models",)),
    *of(("free",), Reason.ASSERTION, {"other-text": "the tokenizer changes a text"},
         ("tokenize",)),
    *alike(Reason.INTERNAL, {"bug": "the exporter itself fails while it asks"}),
)  # fmt: skip
