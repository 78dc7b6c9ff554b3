"""2xx answers that were asked for whole."""

from typing import Any

import pytest

from tests.verdict.answers import (
    BROKEN,
    CUT,
    HUGE,
    LATE,
    MODEL,
    as_json,
    chat,
    error,
    exchange,
    whole_reason,
)
from tm_exporter.exchange import Fault, FaultKind, Stage
from tm_exporter.observation import Reason
from tm_exporter.verdict import Promise, judge
from tm_exporter.wire.payloads import read_chat, read_models, read_tokens, read_version


CHAT: Promise[Any] = Promise(surface="serverless", read=read_chat, model=MODEL)
MODELS: Promise[Any] = Promise(surface="serverless", read=read_models)
TOKENS: Promise[Any] = Promise(surface="serverless", read=read_tokens)
VERSION: Promise[Any] = Promise(
    surface="serverless", read=read_version, may_be_empty=True
)
HEALTH: Promise[Any] = Promise(surface="serverless")

ROWS = [
    ("good", CHAT, {}, chat(), None),
    ("late", CHAT, {"ended": LATE}, chat(), Reason.TIMEOUT),
    ("cut", CHAT, {"ended": CUT}, b'{"cho', Reason.CONNECTION_LOST),
    ("broken-framing", CHAT, {"ended": BROKEN}, chat(), Reason.PROTOCOL),
    ("over-the-limit", CHAT, {"ended": HUGE}, b"{", Reason.TOO_LARGE),
    ("cut-error", CHAT, {"ended": CUT}, error(code="x"), Reason.CONNECTION_LOST),
    # error_body against bad_payload
    ("error-object", CHAT, {}, error(code="x"), Reason.ERROR_BODY),
    ("error-empty-object", CHAT, {}, as_json({"error": {}}), Reason.ERROR_BODY),
    ("error-text", CHAT, {}, as_json({"error": "no"}), Reason.ERROR_BODY),
    ("error-empty-text", CHAT, {}, as_json({"error": ""}), Reason.ERROR_BODY),
    ("error-false", CHAT, {}, as_json({"error": False}), Reason.ERROR_BODY),
    ("error-null", CHAT, {}, chat(error=None), None),
    ("error-null-alone", CHAT, {}, as_json({"error": None}), Reason.BAD_PAYLOAD),
    ("object-error", CHAT, {}, chat(object="error"), Reason.ERROR_BODY),
    ("object-other", CHAT, {}, chat(object="chat.completion"), None),
    (
        "response-failed",
        CHAT,
        {},
        as_json({"object": "response", "status": "failed"}),
        Reason.ERROR_BODY,
    ),
    ("response-completed", CHAT, {}, chat(status="completed"), None),
    (
        "status-of-something-else",
        CHAT,
        {},
        chat(object="batch", status="failed"),
        None,
    ),
    ("type-error-alone", CHAT, {}, as_json({"type": "error"}), Reason.BAD_PAYLOAD),
    ("type-is-a-list", CHAT, {}, chat(type=[]), None),
    ("error-in-a-list", CHAT, {}, as_json([{"error": 1}]), Reason.BAD_PAYLOAD),
    ("error-as-html", CHAT, {"media": "text/html"}, error(), Reason.ERROR_BODY),
    ("error-with-201", CHAT, {"status": 201}, error(), Reason.ERROR_BODY),
    # bad_payload: the envelope
    *(
        (f"status-{status}", CHAT, {"status": status}, chat(), Reason.BAD_PAYLOAD)
        for status in range(201, 207)
    ),
    ("status-204-empty", CHAT, {"status": 204}, b"", Reason.BAD_PAYLOAD),
    ("no-content-type", CHAT, {"media": None}, chat(), None),
    ("empty-content-type", CHAT, {"media": ""}, chat(), None),
    ("charset", CHAT, {"media": "application/json; charset=utf-8"}, chat(), None),
    ("capitals", CHAT, {"media": "Application/JSON"}, chat(), None),
    ("problem-json", CHAT, {"media": "application/problem+json"}, chat(), None),
    ("html", CHAT, {"media": "text/html"}, chat(), Reason.BAD_PAYLOAD),
    ("text", CHAT, {"media": "text/plain"}, chat(), Reason.BAD_PAYLOAD),
    (
        "event-stream",
        CHAT,
        {"media": "text/event-stream"},
        chat(),
        Reason.BAD_PAYLOAD,
    ),
    # bad_payload: the text
    ("empty", CHAT, {}, b"", Reason.BAD_PAYLOAD),
    ("blank", CHAT, {}, b" \r\n", Reason.BAD_PAYLOAD),
    ("not-json", CHAT, {}, b"<html>", Reason.BAD_PAYLOAD),
    ("cut-with-a-length", CHAT, {}, chat()[:-1], Reason.BAD_PAYLOAD),
    ("two-values", CHAT, {}, chat() + b" x", Reason.BAD_PAYLOAD),
    ("nan", CHAT, {}, b'{"choices": NaN}', Reason.BAD_PAYLOAD),
    ("infinity", CHAT, {}, b'{"choices": -Infinity}', Reason.BAD_PAYLOAD),
    ("not-utf-8", CHAT, {}, b'{"model": "\xff"}', Reason.BAD_PAYLOAD),
    ("utf-16", CHAT, {}, chat().decode().encode("utf-16"), Reason.BAD_PAYLOAD),
    ("endless-nesting", CHAT, {}, b"[" * 5000, Reason.BAD_PAYLOAD),
    ("spaces-around", CHAT, {}, b" \n" + chat() + b"\n", None),
    # bad_payload: the shape
    ("list", CHAT, {}, b"[]", Reason.BAD_PAYLOAD),
    ("number", CHAT, {}, b"1", Reason.BAD_PAYLOAD),
    ("null", CHAT, {}, b"null", Reason.BAD_PAYLOAD),
    ("no-choices", CHAT, {}, as_json({"model": MODEL}), Reason.BAD_PAYLOAD),
    ("choices-empty", CHAT, {}, chat(choices=[]), Reason.BAD_PAYLOAD),
    ("choices-an-object", CHAT, {}, chat(choices={}), Reason.BAD_PAYLOAD),
    ("choice-a-list", CHAT, {}, chat(choices=[[]]), Reason.BAD_PAYLOAD),
    ("no-message", CHAT, {}, chat(choices=[{}]), Reason.BAD_PAYLOAD),
    ("content-a-list", CHAT, {}, chat({"content": ["x"]}), Reason.BAD_PAYLOAD),
    ("content-a-number", CHAT, {}, chat({"content": 1}), Reason.BAD_PAYLOAD),
    ("tool-calls-text", CHAT, {}, chat({"tool_calls": "x"}), Reason.BAD_PAYLOAD),
    ("model-a-number", CHAT, {}, chat(model=1), Reason.BAD_PAYLOAD),
    ("usage-strange", CHAT, {}, chat(usage="none"), None),
    # complete and well-formed
    ("no-token", CHAT, {}, chat({"content": ""}), Reason.EMPTY_OUTPUT),
    ("content-null", CHAT, {}, chat({"content": None}), Reason.EMPTY_OUTPUT),
    (
        "no-token-though-usage-counts",
        CHAT,
        {},
        chat({"content": ""}, usage={"completion_tokens": 9}),
        Reason.EMPTY_OUTPUT,
    ),
    ("reasoning-only", CHAT, {}, chat({"content": "", "reasoning": "h"}), None),
    ("reasoning-content-only", CHAT, {}, chat({"reasoning_content": "h"}), None),
    (
        "tool-call-only",
        CHAT,
        {},
        chat({"content": None, "tool_calls": [{"function": {"name": "f"}}]}),
        None,
    ),
    (
        "call-by-its-old-name",
        CHAT,
        {},
        chat({"content": None, "function_call": {"name": "f", "arguments": "{}"}}),
        None,
    ),
    (
        "call-null",
        CHAT,
        {},
        chat({"content": "", "function_call": None}),
        Reason.EMPTY_OUTPUT,
    ),
    ("call-a-text", CHAT, {}, chat({"function_call": "f"}), Reason.BAD_PAYLOAD),
    ("other-model", CHAT, {}, chat(model="other"), Reason.WRONG_MODEL),
    ("model-in-capitals", CHAT, {}, chat(model="TINY"), Reason.WRONG_MODEL),
    ("model-missing", CHAT, {}, chat(model=None), None),
    ("model-empty", CHAT, {}, chat(model=""), None),
    (
        "empty-and-other-model",
        CHAT,
        {},
        chat({"content": ""}, model="other"),
        Reason.EMPTY_OUTPUT,
    ),
    # the other routes
    ("models", MODELS, {}, as_json({"data": [{"id": "a"}]}), None),
    ("models-none", MODELS, {}, as_json({"data": []}), None),
    ("models-a-list", MODELS, {}, as_json([{"id": "a"}]), Reason.BAD_PAYLOAD),
    ("models-no-data", MODELS, {}, b"{}", Reason.BAD_PAYLOAD),
    ("models-data-an-object", MODELS, {}, b'{"data": {}}', Reason.BAD_PAYLOAD),
    ("models-without-id", MODELS, {}, b'{"data": [{}]}', Reason.BAD_PAYLOAD),
    ("models-empty-id", MODELS, {}, b'{"data": [{"id":""}]}', Reason.BAD_PAYLOAD),
    ("tokens", TOKENS, {}, as_json({"tokens": [1, 2]}), None),
    ("tokens-texts", TOKENS, {}, as_json({"tokens": ["a"]}), Reason.BAD_PAYLOAD),
    ("tokens-truths", TOKENS, {}, as_json({"tokens": [True]}), Reason.BAD_PAYLOAD),
    ("tokens-missing", TOKENS, {}, b"{}", Reason.BAD_PAYLOAD),
    ("version", VERSION, {}, as_json({"version": "1"}), None),
    ("version-empty", VERSION, {"media": None}, b"", None),
    ("version-empty-object", VERSION, {}, b"{}", None),
    ("version-a-number", VERSION, {}, b'{"version": 1}', Reason.BAD_PAYLOAD),
    ("version-html", VERSION, {}, b"<html>", Reason.BAD_PAYLOAD),
    ("version-late", VERSION, {"ended": LATE}, b"", Reason.TIMEOUT),
    ("health-empty", HEALTH, {"media": None}, b"", None),
    ("health-204", HEALTH, {"status": 204}, b"", None),
    ("health-299", HEALTH, {"status": 299}, b"", None),
    ("health-html", HEALTH, {"media": "text/html"}, b"<html>", None),
    ("health-an-error", HEALTH, {}, error(code="x"), None),
    ("health-cut", HEALTH, {"ended": CUT}, b"o", Reason.CONNECTION_LOST),
]


@pytest.mark.parametrize(
    ("promise", "seen", "body", "reason"),
    [pytest.param(*row[1:], id=row[0]) for row in ROWS],
)
def test_a_whole_answer(
    promise: Promise[Any], seen: dict[str, Any], body: bytes, reason: Reason | None
) -> None:
    """Each row of the contract, and its boundaries with its neighbours."""
    assert whole_reason(exchange(body, **seen), promise) is reason


def cut_at_every_byte() -> list[Any]:
    """Return every beginning of an answer with all that JSON can have."""
    text = (
        '{"a": [1, -2.5e+3, true, false, null], "b": "\\u00e9\\n\\ud83d\\ude00'
        'é日😀", "c": {}}'
    ).encode()
    return [pytest.param(text[:at], id=f"byte-{at}") for at in range(len(text))]


@pytest.mark.parametrize("beginning", cut_at_every_byte())
def test_a_close_that_cuts_json_is_a_lost_connection(beginning: bytes) -> None:
    """Only the close ended the body, and it ended too early."""
    seen = exchange(beginning, close_delimited=True)

    assert whole_reason(seen, CHAT) is Reason.CONNECTION_LOST


@pytest.mark.parametrize(
    ("body", "media", "reason"),
    [
        pytest.param(chat(), "application/json", None, id="parses"),
        pytest.param(chat() + b"\n", "application/json", None, id="newline"),
        pytest.param(b"<html>", "application/json", Reason.BAD_PAYLOAD, id="not-json"),
        pytest.param(
            b'{"a": tr!', "application/json", Reason.BAD_PAYLOAD, id="bad-literal"
        ),
        pytest.param(
            b'{"a": "\xff', "application/json", Reason.BAD_PAYLOAD, id="not-utf-8"
        ),
        pytest.param(b'{"a"', "text/html", Reason.BAD_PAYLOAD, id="cut-and-html"),
        pytest.param(
            b"{}\xc3",
            "application/json",
            Reason.BAD_PAYLOAD,
            id="half-a-character-more",
        ),
        pytest.param(b"{} {", "application/json", Reason.BAD_PAYLOAD, id="two-values"),
    ],
)
def test_a_body_that_only_the_close_ends(
    body: bytes, media: str, reason: Reason | None
) -> None:
    """It is complete if its JSON parses, lost if cut, and else no JSON at all."""
    seen = exchange(body, media=media, close_delimited=True)

    assert whole_reason(seen, CHAT) is reason


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        pytest.param(chat(), FaultKind.CLOSED, None, id="whole"),
        pytest.param(chat()[:-1], FaultKind.CLOSED, Reason.CONNECTION_LOST, id="cut"),
        pytest.param(b"<html>", FaultKind.CLOSED, Reason.CONNECTION_LOST, id="no-json"),
        pytest.param(chat(), FaultKind.TIMEOUT, Reason.TIMEOUT, id="never-closed"),
    ],
)
def test_a_body_that_only_a_reset_ends(
    body: bytes, kind: FaultKind, reason: Reason | None
) -> None:
    """A whole answer is one however the connection was closed behind it."""
    fault = Fault(Stage.BODY, kind, "connection lost")

    by_the_close = exchange(body, close_delimited=True, ended=fault)
    by_a_length = exchange(body, ended=fault)

    assert whole_reason(by_the_close, CHAT) is reason
    assert whole_reason(by_a_length, CHAT) is (reason or Reason.CONNECTION_LOST)


def test_an_expectation_is_judged_last() -> None:
    """What was expected counts only of an answer that is otherwise good."""
    promise: Promise[Any] = Promise(
        surface="serverless", read=read_chat, model=MODEL, check=lambda _: "not so"
    )

    assert whole_reason(exchange(chat()), promise) is Reason.ASSERTION
    assert whole_reason(exchange(chat(model="x")), promise) is Reason.WRONG_MODEL


def test_an_answer_that_disappoints_is_there_all_the_same() -> None:
    """A list that lacks a model is still a list, and is measured."""
    promise = Promise(
        surface="serverless", read=read_models, check=lambda _: "a is missing"
    )

    judged = judge(exchange(b'{"data": [{"id": "b"}]}'), promise)

    assert judged.verdict.reason is Reason.ASSERTION
    assert judged.verdict.detail == "a is missing"
    assert [model.name for model in judged.answer or ()] == ["b"]


def test_the_text_of_an_error_is_not_repeated() -> None:
    """A message may quote what was asked; type and code say enough."""
    body = error(message="about SECRET", type="server_error", code=17)

    detail = judge(exchange(body), CHAT).verdict.detail

    assert detail == "the answer is an error (server_error 17)"
