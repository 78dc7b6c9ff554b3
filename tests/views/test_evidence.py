"""The transcript of a run: all that helps, and nothing that is secret."""

import json

import orjson
import pytest

from tests.sinks.observations import CHAT, certificate, exchange, next_step, observation
from tm_exporter import catalog
from tm_exporter.exchange import Exchange, Fault, FaultKind, Piece, Stage
from tm_exporter.observation import Reason, Sample
from tm_exporter.sinks.history import History
from tm_exporter.views import evidence_text
from tm_exporter.views.evidence import MASK, Transcript, transcript


SENT = (
    ("host", "eu.example"),
    ("user-agent", "tm-exporter/1.2.3"),
    ("authorization", "<masked>"),
)
CAME = (
    ("content-type", "text/event-stream"),
    ("x-request-id", "req-7"),
    ("set-cookie", "session=of-somebody"),
    ("x-ratelimit-remaining-tokens", "99"),
)


def told(*exchanges: Exchange, reason: Reason | None = None) -> Transcript:
    """Return the transcript of a run with these exchanges."""
    history = History()
    ttft = Sample(catalog.CANARY_LAST_TTFT_SECONDS, 0.25)
    seen = observation(CHAT, ttft, reason=reason, detail="why", exchanges=exchanges)
    history(seen)
    run = history.past(CHAT).runs[0].open()
    versions = {"tm-exporter": "1.2.3", "service": "0.11.2"}
    return transcript(run, versions, next_step, lambda t: t.replace("hunter22", MASK))


def streamed(**changes: object) -> Exchange:
    """Return a stream of two events, but for the changes."""
    body = (
        Piece(1000.25, b'data: {"content": "secret words"}\n\n'),
        Piece(1000.5, b"data: [DONE]\n\n"),
    )
    defaults = {
        "method": "POST",
        "url": "https://eu.example/v1/chat/completions",
        "request_headers": SENT,
        "headers": CAME,
        "body": body,
    }
    return exchange(**defaults | changes)


def test_what_was_sent_and_what_came() -> None:
    """The lines that whoever runs the service will ask for."""
    [step] = told(streamed()).exchanges

    assert step.request.line == "POST /v1/chat/completions HTTP/1.1"
    assert ("user-agent", "tm-exporter/1.2.3") in step.request.headers
    assert step.response is not None
    assert step.response.status == 200
    assert step.response.request_ids == {"x-request-id": "req-7"}
    assert step.phase_seconds["dns"] == 0.001
    assert step.peer_address == "192.0.2.1:443"


def test_the_stream_is_a_timeline_of_sizes() -> None:
    """Since the request was sent, and without a word of it."""
    seen = told(streamed())

    [step] = seen.exchanges
    assert step.response is not None
    events = [(e.at_seconds, e.bytes, e.name) for e in step.response.events]
    assert events == [(0.25, 27, ""), (0.5, 6, "done")]
    assert step.response.body_bytes == 49
    assert "secret words" not in repr(seen)
    assert seen.ttft_seconds == 0.25


def test_cookies_and_credentials_are_left_out() -> None:
    """Whoever gets the transcript may be anybody."""
    text = evidence_text.render(told(streamed()))

    assert "of-somebody" not in text
    assert f"authorization: {MASK}" in text
    assert "x-ratelimit-remaining-tokens: 99" in text


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("x-auth-token", "abc", MASK),
        ("x-user-id", "somebody", MASK),
        ("openai-organization", "org-1", MASK),
        ("www-authenticate", "Bearer realm=x", MASK),
        ("x-debug", "the key is hunter22", f"the key is {MASK}"),
        ("location", "/login?code=abc", f"/login?{MASK}"),
        ("server", "\x1b[31mred\u202e", "\\u001b[31mred\\u202e"),
        ("server", "x" * 5000, "x" * 1000 + "… (5,000 characters)"),
        ("cf-ray", "8f1-AMS", "8f1-AMS"),
    ],
)
def test_a_header_shows_what_may_be_shown(name: str, value: str, expected: str) -> None:
    """A service may echo a credential, or send what steers a terminal."""
    [step] = told(streamed(headers=((name, value),))).exchanges

    assert step.response is not None
    assert step.response.headers == ((name, expected),)


def test_a_fault_is_told_with_its_stage() -> None:
    """Where no answer came there is none."""
    fault = Fault(Stage.TLS, FaultKind.FAILED, "certificate of hunter22 expired")
    broken = streamed(status=None, headers=(), body=(), fault=fault, sent=None)

    seen = told(broken, reason=Reason.TLS)

    [step] = seen.exchanges
    assert step.response is None
    assert step.fault == {
        "stage": "tls",
        "kind": "failed",
        "detail": f"certificate of {MASK} expired",
    }
    assert (seen.reason, seen.party, seen.detail) == ("tls", "service", "why")
    assert seen.next_step == "look at chat_stream: tls, None"


def test_a_certificate_is_told() -> None:
    """Its expiry and issuer are what a TLS failure is about."""
    [step] = told(streamed(certificate=certificate())).exchanges

    assert step.certificate is not None
    assert step.certificate["issuer"] == "Example CA"
    assert step.certificate["verified"] is True


def test_the_text_says_the_same_as_the_json() -> None:
    """Whoever reads either knows as much."""
    seen = told(streamed(certificate=certificate()), streamed(), reason=Reason.TIMEOUT)
    text = evidence_text.render(seen)

    data = json.loads(orjson.dumps(seen))
    for step in data["exchanges"]:
        assert f"> {step['request']['line']}" in text
        for name, value in step["response"]["headers"]:
            assert f"< {name}: {value}" in text
    for key in ("probe_id", "model", "reason", "detail", "next_step"):
        assert data[key] in text
    assert "service 0.11.2" in text
    assert "request 2 of 2" in text


def test_a_run_without_a_request_has_a_transcript_too() -> None:
    """Its detail says what was in the way."""
    seen = told(reason=Reason.CONFIGURATION)

    assert seen.exchanges == ()
    assert "failed: configuration" in evidence_text.render(seen)
