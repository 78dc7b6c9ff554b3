"""The scenarios: by name, what goes wrong and where."""

from dataclasses import dataclass, field
from typing import Any

from tm_exporter.simulator.surfaces import INFERENCE, SURFACES, Surface
from tm_exporter.simulator.switches import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """
    A named set of switches.

    Attributes:
        description: One line for people.
        surfaces: Where it applies unless one surface is asked for.
        changes: Switch to value; all others are as the simulator was started with.
    """

    description: str
    surfaces: tuple[Surface, ...] = INFERENCE
    changes: dict[str, Any] = field(default_factory=dict)


def scenarios() -> dict[str, str]:
    """Return the description of each scenario by its name, in the table's order."""
    return {name: scenario.description for name, scenario in SCENARIOS.items()}


def _on(description: str, *surfaces: Surface, **changes: Any) -> Scenario:
    return Scenario(
        description=description, surfaces=surfaces or INFERENCE, changes=changes
    )


def _ruled(description: str, *rules: Rule) -> Scenario:
    return _on(description, rules=rules)


def _error(message: str, kind: str, code: int) -> str:
    return (
        f'{{"error":{{"message":"{message}","type":"{kind}",'
        f'"param":null,"code":{code}}}}}'
    )


_HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_DOWN = Rule(status=503, body=_error("No backend.", "ServiceUnavailableError", 503))
_BUSY = Rule(
    method="POST",
    status=429,
    headers=(("retry-after", "5"),),
    body=_error("Server is overloaded", "RateLimitError", 429),
)

SCENARIOS: dict[str, Scenario] = {
    "healthy": _on("everything works", *SURFACES),
    "slow": _on("first token and gaps take 30 times as long", slowdown=30.0),
    "overloaded": _ruled("inference POSTs answer 429 with Retry-After: 5", _BUSY),
    "outage": _ruled("every route of inference answers 503", _DOWN),
    "unreachable_backend": _ruled(
        "a proxy answers 502 with an HTML page",
        Rule(status=502, body=_HTML.format("502 Bad Gateway")),
    ),
    "html_error": _ruled(
        "a proxy answers 200 with an HTML page",
        Rule(status=200, body=_HTML.format("Maintenance")),
    ),
    "redirect": _ruled(
        "every route of inference answers 302",
        Rule(status=302, headers=(("location", "/elsewhere"),)),
    ),
    "hang": _ruled("inference accepts requests and never answers", Rule(hang=True)),
    "connection_reset": _ruled(
        "inference resets connections without an answer", Rule(cut=True)
    ),
    "slow_model_list": _ruled(
        "the list of models takes 4 seconds",
        Rule(method="GET", route="/v1/models", delay_seconds=4.0),
    ),
    "expired_token": _on(
        "the Control Plane answers 401", "control_plane", refuse_credentials=True
    ),
    "bad_key": _on("inference refuses the API key with 401", refuse_credentials=True),
    "empty_balance": _on(
        "the balance is zero and inference answers 402",
        *SURFACES,
        balance_used_up=True,
    ),
    "model_withdrawn": _on(
        "openai/gpt-oss-20b is gone from the list and answers 404",
        "serverless",
        withdrawn=("openai/gpt-oss-20b",),
    ),
    "model_renamed": _on(
        "openai/gpt-oss-20b is served with -v2 after its name, and else answers 404",
        "serverless",
        renamed=("openai/gpt-oss-20b",),
    ),
    "version_change": _on(
        "another version answers", version="0.12.0", fingerprint="fp_simulated_next"
    ),
    "price_change": _on(
        "every token costs twice as much", "control_plane", price_factor=2
    ),
    "broken_stream": _on(
        "streams end in the middle, without [DONE]", stream="truncated"
    ),
    "cut_stream": _on("streams are reset in the middle", stream="cut"),
    "stalled_stream": _on("streams fall silent in the middle", stream="stalled"),
    "error_in_stream": _on("streams turn into an error event", stream="error"),
    "buffered_stream": _on(
        "streams are kept back to their end, then sent at once", stream="buffered"
    ),
    "long_gap": _on("streams pause for 3 seconds in the middle", pause_seconds=3.0),
    "missing_done": _on("streams lack only their terminator", stream="no_done"),
    "missing_finish": _on("streams lack only their finish reason", stream="no_finish"),
    "empty_output": _on("answers have no token at all", output="empty"),
    "reasoning_only": _on("answers are reasoning without content", output="reasoning"),
    "wrong_model": _on(
        "answers name another model", answered_model="someone/another-model"
    ),
    "no_usage": _on("streams never tell usage", usage="absent"),
    "merged_usage": _on(
        "usage comes in the chunk with the finish reason", usage="finish_chunk"
    ),
    "cache_off": _on("no prompt is ever cached", cache=False),
    "cache_untold": _on(
        "the cache works but usage has no details of it", cache_details="absent"
    ),
    "template_change": _on(
        "chats have a longer template than /tokenize knows", template="longer"
    ),
    "tokenize_prompt_only": _on(
        "/tokenize takes a prompt and no messages", tokenize="prompt_only"
    ),
    "broken_detokenize": _on("/detokenize answers another text", detokenize="altered"),
    "rate_limit_headers": _on(
        "answers tell limits in x-ratelimit headers", rate_limit_headers=True
    ),
    "control_plane_outage": _on(
        "every route of the Control Plane answers 503",
        "control_plane",
        rules=(
            Rule(
                status=503,
                body='{"code":14,"message":"no healthy upstream","details":[]}',
            ),
        ),
    ),
    "unsupported_routes": _on(
        "the Control Plane lacks the routes that are not documented",
        "control_plane",
        rules=tuple(
            Rule(
                route=route,
                status=404,
                body='{"code":5,"message":"Not Found","details":[]}',
            )
            for route in (
                "/v1/models*",
                "/v1/billing/serverless-*",
                "/v1/support/*",
                "/v1/activities",
                "/v1/observability/*",
            )
        ),
    ),
    "zero_values": _on(
        "the Control Plane writes zero values too", "control_plane", zero_values=True
    ),
    "small_pages": _on(
        "the Control Plane gives two items a page", "control_plane", page_limit=2
    ),
    "deployment_failed": _on(
        "every deployment has failed",
        "control_plane",
        deployment_status="MODEL_STATUS_FAILED",
    ),
    "card_expired": _on(
        "the payment card is past its date", "control_plane", card_expired=True
    ),
}
