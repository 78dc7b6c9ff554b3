"""Streams that pass: as they should be, or with a breach that only counts."""

from tests.verdict.answers import event
from tests.verdict.streams import (
    ABC,
    BAD,
    CHATTED,
    COMPLETED,
    COUNTS,
    CREATED,
    DELTAS,
    DONE,
    END,
    ERROR,
    INCOMPLETE,
    PING,
    RESPONDED,
    ROLE,
    STOP,
    TEXT,
    TYPED,
    USAGE,
    Pieces,
    Play,
    Row,
    byte_by_byte,
    chat,
    completed,
    compressed,
    paced,
    responded,
    response,
    rewritten,
    said,
)
from tm_exporter.exchange import FaultKind
from tm_exporter.probes.routes import RESPONSES
from tm_exporter.wire.sse import MOST_EVENT_BYTES


def with_first(head: bytes) -> Pieces:
    """Return the chat with bytes before its first event."""
    return paced([head + CHATTED[0], *CHATTED[1:]])


def in_lines(data: bytes) -> bytes:
    """Return an event whose JSON is spread over several lines."""
    return data.replace(b',"', b',\ndata: "')


CUT, LATE = Play(ended=FaultKind.CLOSED), Play(ended=FaultKind.TIMEOUT)

GOOD = {
    "chat": Row(pieces=paced(CHATTED)),
    "completions": Row(pieces=paced(COMPLETED), play=TEXT),
    "responses": Row(pieces=paced(RESPONDED), play=TYPED),
    "no-content-type": Row(pieces=paced(CHATTED), play=Play(media=None)),
    "content-type-in-capitals": Row(
        pieces=paced(CHATTED), play=Play(media="Text/Event-Stream")
    ),
    "ended-by-the-close": Row(pieces=paced(CHATTED), play=Play(framed=False)),
    "crlf": Row(pieces=rewritten(b"\n", b"\r\n")),
    "cr": Row(pieces=rewritten(b"\n", b"\r")),
    "crlf-in-pieces": Row(
        pieces=byte_by_byte(data.replace(b"\n", b"\r\n") for data in CHATTED)
    ),
    "byte-by-byte": Row(pieces=byte_by_byte(CHATTED)),
    "completions-byte-by-byte": Row(pieces=byte_by_byte(COMPLETED), play=TEXT),
    "responses-byte-by-byte": Row(pieces=byte_by_byte(RESPONDED), play=TYPED),
    "byte-order-mark": Row(pieces=with_first(b"\xef\xbb\xbf")),
    "comments": Row(pieces=paced(PING + data for data in CHATTED)),
    "comments-within-events": Row(pieces=rewritten(b"data:", b":\n: x\ndata:")),
    "ping-first": Row(pieces=[(0.1, PING), *paced(CHATTED)]),
    "blank-lines": Row(pieces=rewritten(b"\n\n", b"\n\n\n\n")),
    "no-space": Row(pieces=rewritten(b"data: ", b"data:")),
    "two-spaces": Row(
        pieces=paced([*(d.replace(b": ", b":  ", 1) for d in CHATTED[:-1]), DONE])
    ),
    "event-lines": Row(pieces=rewritten(b"data:", b"event: message\ndata:")),
    "id-and-retry": Row(pieces=rewritten(b"data:", b"id: 7\nretry: 10\ndata:")),
    "unknown-fields": Row(pieces=rewritten(b"data:", b"hello: x\nnone\ndata:")),
    "several-data-lines": Row(pieces=paced(in_lines(data) for data in CHATTED)),
    "no-blank-line-at-the-end": Row(pieces=paced([*CHATTED[:-1], b"data: [DONE]"])),
    "keep-alive-events": Row(pieces=rewritten(b"data:", b"event: ping\n\ndata:")),
    "gzip": Row(pieces=compressed(CHATTED, "gzip"), play=Play(coding="gzip")),
    "x-gzip": Row(pieces=compressed(CHATTED, "gzip"), play=Play(coding="x-gzip")),
    "deflate": Row(pieces=compressed(CHATTED, "deflate"), play=Play(coding="deflate")),
    "raw-deflate": Row(
        pieces=compressed(CHATTED, "raw-deflate"), play=Play(coding="deflate")
    ),
    "responses-gzip": Row(
        pieces=compressed(RESPONDED, "gzip"),
        play=Play(route=RESPONSES, coding="gzip"),
    ),
    "merged-usage": Row(
        pieces=paced([ROLE, *ABC, chat({}, "stop", usage=COUNTS), DONE])
    ),
    "usage-in-every-chunk": Row(
        pieces=paced(
            [
                chat({"role": "assistant"}, usage={"completion_tokens": 0}),
                *(chat({"content": c}, usage={"completion_tokens": 1}) for c in "ABC"),
                STOP,
                USAGE,
                DONE,
            ]
        )
    ),
    "usage-without-choices": Row(
        pieces=paced([ROLE, *ABC, STOP, event({"usage": COUNTS}), DONE])
    ),
    "usage-in-the-other-spelling": Row(
        pieces=paced(
            [
                *(ROLE, *ABC, STOP),
                event({"choices": [], "usage": {"output_tokens": 3}}),
                DONE,
            ]
        )
    ),
    "usage-null-until-the-end": Row(
        pieces=paced(
            [
                ROLE,
                *(chat({"content": c}, usage=None) for c in "ABC"),
                STOP,
                USAGE,
                DONE,
            ]
        )
    ),
    "no-role-chunk": Row(pieces=paced([b": x\n\n", *ABC, STOP, USAGE, DONE])),
    "reasoning-only": Row(
        pieces=paced(
            [ROLE, *(chat({"reasoning": c}) for c in "ABC"), STOP, USAGE, DONE]
        )
    ),
    "reasoning-content": Row(
        pieces=paced(
            [
                ROLE,
                *(chat({"reasoning_content": c}) for c in "AB"),
                said("C"),
                *(chat({}, "length"), USAGE, DONE),
            ]
        )
    ),
    "tool-call-only": Row(
        pieces=paced(
            [
                ROLE,
                chat({"tool_calls": [{"function": {"name": "f", "arguments": ""}}]}),
                chat({"tool_calls": [{"function": {"arguments": "{}"}}]}),
                *(chat({}, "tool_calls"), USAGE, DONE),
            ]
        ),
        ttft=None,
        chunks=0,
        itl=None,
        text="",
    ),
    "tool-call-in-bare-parts": Row(
        pieces=paced(
            [
                ROLE,
                chat({"tool_calls": [{"index": 0, "function": {"name": "f"}}]}),
                chat({"tool_calls": [{"index": 0}, {"index": 0, "function": None}]}),
                *(chat({}, "tool_calls"), USAGE, DONE),
            ]
        ),
        ttft=None,
        chunks=0,
        itl=None,
        text="",
    ),
    "call-by-its-old-name": Row(
        pieces=paced(
            [
                ROLE,
                chat({"function_call": {"name": "f", "arguments": ""}}),
                chat({"function_call": {"arguments": "{}"}}),
                *(chat({}, "function_call"), USAGE, DONE),
            ]
        ),
        ttft=None,
        chunks=0,
        itl=None,
        text="",
    ),
    "split-utf-8": Row(
        pieces=byte_by_byte([ROLE, *map(said, "é日😀"), STOP, USAGE, DONE]),
        text="é日😀",
    ),
    "escaped-surrogates": Row(
        pieces=paced(
            [ROLE, said("A").replace(b'"A"', b'"\\ud83d\\ude00"'), STOP, USAGE, DONE]
        ),
        chunks=1,
        itl=None,
        text="😀",
    ),
    "one-chunk": Row(
        pieces=paced([ROLE, said("ABC"), STOP, USAGE, DONE]), chunks=1, itl=None
    ),
    "one-token": Row(
        pieces=paced(
            [
                ROLE,
                *ABC,
                STOP,
                event({"choices": [], "usage": {"completion_tokens": 1}}),
                DONE,
            ]
        ),
        itl=None,
        output=1,
    ),
    "everything-in-one-chunk": Row(
        pieces=paced([chat({"content": "ABC"}, "stop", usage=COUNTS), DONE]),
        ttft=0.5,
        chunks=1,
        itl=None,
    ),
    "finish-reason-of-the-future": Row(
        pieces=paced([ROLE, *ABC, chat({}, "eos_of_some_kind"), USAGE, DONE])
    ),
    "two-answers": Row(
        pieces=paced(
            [
                *(ROLE, *ABC, STOP),
                event({"choices": [{"index": 1, "delta": {"content": "Z"}}]}),
                *(USAGE, DONE),
            ]
        )
    ),
    "two-answers-in-any-order": Row(
        pieces=paced(
            [
                ROLE,
                *(
                    event(
                        {
                            "choices": [
                                {"index": 1, "delta": {"content": "Z"}},
                                {"index": 0, "delta": {"content": letter}},
                            ]
                        }
                    )
                    for letter in "ABC"
                ),
                *(STOP, USAGE, DONE),
            ]
        )
    ),
    "done-then-cut": Row(pieces=paced(CHATTED), play=CUT),
    "done-then-silence": Row(pieces=paced(CHATTED), play=LATE),
    "largest-event": Row(
        pieces=paced(
            [
                ROLE,
                *ABC,
                STOP,
                USAGE.replace(
                    b"data", b"id:" + b"9" * (MOST_EVENT_BYTES - 300) + b"\ndata"
                ),
                DONE,
            ]
        )
    ),
    "long-comment": Row(pieces=with_first(b":" + b"x" * 2 * MOST_EVENT_BYTES + b"\n")),
    "model-not-named": Row(pieces=rewritten(b'"model":"tiny",', b"")),
    "responses-as-the-reference-ends": Row(
        pieces=paced([CREATED, *DELTAS, responded("incomplete", response=INCOMPLETE)]),
        play=TYPED,
    ),
    "responses-as-vllm-ends": Row(
        pieces=paced([CREATED, *DELTAS, responded("completed", response=INCOMPLETE)]),
        play=TYPED,
    ),
    "responses-with-done": Row(pieces=paced([*RESPONDED, DONE]), play=TYPED),
    "responses-typed-by-their-lines": Row(
        pieces=paced(
            data.replace(b'"type":"response.output_text.delta",', b"")
            for data in RESPONDED
        ),
        play=TYPED,
    ),
    "responses-without-lines": Row(
        pieces=paced(data[data.index(b"data:") :] for data in RESPONDED), play=TYPED
    ),
    "responses-of-the-future": Row(
        pieces=paced(
            [CREATED, *DELTAS, responded("mood.delta", delta={"happy": 1}), END]
        ),
        play=TYPED,
    ),
    "responses-reasoning": Row(
        pieces=paced(
            [
                CREATED,
                responded("reasoning_text.delta", delta="A"),
                responded("reasoning_summary_text.delta", delta="B"),
                responded("output_text.delta", delta="C"),
                responded("completed", response=response("completed", usage=COUNTS)),
            ]
        ),
        play=TYPED,
    ),
    "responses-function-call": Row(
        pieces=paced(
            [
                CREATED,
                responded(
                    "output_item.added", item={"type": "function_call", "name": "f"}
                ),
                responded("function_call_arguments.delta", delta="{}"),
                responded("completed", response=response("completed", usage=COUNTS)),
            ]
        ),
        play=TYPED,
        ttft=None,
        chunks=0,
        itl=None,
        text="",
    ),
    "responses-told-at-the-end-only": Row(
        pieces=paced([CREATED, END]), play=TYPED, chunks=1, itl=None
    ),
    "completions-without-a-first-text": Row(
        pieces=paced([completed("", usage=None), *COMPLETED[1:5], USAGE, DONE]),
        play=TEXT,
    ),
}


COUNTED = {
    "usage-missing": Row(
        pieces=paced([ROLE, *ABC, STOP, DONE]),
        violations=("usage_missing",),
        itl=None,
        output=None,
    ),
    "responses-usage-missing": Row(
        pieces=paced(
            [CREATED, *DELTAS, responded("completed", response=response("completed"))]
        ),
        play=TYPED,
        violations=("usage_missing",),
        itl=None,
        output=None,
    ),
    "content-after-finish": Row(
        pieces=paced([ROLE, *ABC[:2], STOP, ABC[2], USAGE, DONE]),
        violations=("content_after_finish",),
        itl=0.15,
    ),
    "data-after-done": Row(
        pieces=paced([*CHATTED, said("Z")]), violations=("data_after_done",)
    ),
    "error-after-done": Row(
        pieces=paced([*CHATTED, ERROR]), violations=("data_after_done",)
    ),
    "bad-after-done": Row(
        pieces=paced([*CHATTED, BAD]), violations=("data_after_done",)
    ),
    "done-twice": Row(pieces=paced([*CHATTED, DONE]), violations=("data_after_done",)),
    "responses-go-on": Row(
        pieces=paced([*RESPONDED, DELTAS[0]]),
        play=TYPED,
        violations=("data_after_done",),
    ),
    "responses-done-twice": Row(
        pieces=paced([*RESPONDED, DONE, DONE]),
        play=TYPED,
        violations=("data_after_done",),
    ),
    "long-gap": Row(
        pieces=[
            (0.5, ROLE),
            *((0.6, ABC[0]), (0.7, ABC[1]), (3.3, ABC[2])),
            (3.4, STOP + USAGE + DONE),
        ],
        violations=("long_gap",),
        itl=1.35,
    ),
    "gap-of-just-the-limit": Row(
        pieces=[
            *((0.5, ABC[0]), (1.0, ABC[1]), (3.5, ABC[2])),
            (3.5, STOP + USAGE + DONE),
        ],
        ttft=0.5,
        itl=1.5,
    ),
    "long-wait-for-the-end": Row(
        pieces=[*paced(CHATTED[:4]), (9.0, STOP + USAGE + DONE)],
    ),
    "buffered": Row(
        pieces=[
            (2.0, b"".join([ROLE, *(said("x") for _ in range(8)), STOP, USAGE, DONE]))
        ],
        violations=("buffered",),
        ttft=2.0,
        chunks=8,
        itl=0.0,
        text="x" * 8,
    ),
    "buffered-in-a-few-reads": Row(
        pieces=paced(
            [ROLE, *(said("x") for _ in range(10)), STOP, USAGE, DONE], 0.0004
        ),
        violations=("buffered",),
        ttft=0.5004,
        chunks=10,
        itl=0.0018,
        text="x" * 10,
    ),
    "fast-but-not-buffered": Row(
        pieces=paced([ROLE, *(said("x") for _ in range(10)), STOP, USAGE, DONE], 0.001),
        ttft=0.501,
        chunks=10,
        itl=0.0045,
        text="x" * 10,
    ),
    "too-short-to-tell": Row(pieces=[(2.0, b"".join(CHATTED))], ttft=2.0, itl=0.0),
}
