"""Everything about one surface that a scenario, or a request, can change."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import Any, Literal, Self, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    What happens to some requests before the surface itself sees them.

    Attributes:
        route: Path below the surface's prefix; `*` stands for anything.
        method: Or `*` for all of them.
        delay_seconds: Waited first.
        hang: Then nothing is ever answered.
        cut: Then the connection is reset.
        status: Else this is answered; None lets the request through.
        headers: Of that answer.
        body: Of that answer; its content type is guessed from how it begins.
    """

    route: str = "*"
    method: str = "*"
    delay_seconds: float = 0.0
    hang: bool = False
    cut: bool = False
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    def matches(self, method: str, path: str) -> bool:
        """Whether it is for such a request."""
        return self.method in ("*", method) and fnmatchcase(path, self.route)

    @property
    def does_something(self) -> bool:
        """Whether a request that matches would notice it."""
        return bool(self.delay_seconds or self.hang or self.cut or self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """
    How one surface behaves. Times are seconds.

    Attributes:
        first_token_seconds: From the request to the first token, nothing cached.
        gap_seconds: From one token to the next.
        slowdown: Factor on both.
        stream: How streams go: `whole`; from the middle on `stalled`, `truncated`
            (a clean end), `cut` (a reset) or `error` (an error event); at the end
            `no_done` (no terminator) or `no_finish` (no finish reason); `buffered`:
            kept back to the end, and then sent at once.
        pause_seconds: In the middle of each stream, besides its gaps.
        opening: Whether the events before the first token come with it, as after a
            real prefill, or `at_once`, or are left out.
        ping: Whether a stream begins with a comment.
        output: What is generated: `text`, nothing, or reasoning alone.
        answered_model: Named in answers in place of the model asked for.
        usage: In a chunk of its own, in the one with the finish reason, or never.
        cache_details: Whether usage tells cached tokens, `zero`, null or nothing.
        responses_usage: Whether /v1/responses counts with the names of chat.
        responses_end: The last event of its streams: always `completed`, as vLLM
            has it; `incomplete` where the limit was reached, as in OpenAI's
            reference; or `done`, with `[DONE]` behind it.
        template: How messages become the prompt of a generation: as /tokenize does
            it, or silently with a `longer` template.
        tokenize: Whether /tokenize is vLLM's, or takes and tells as little as the
            vendor documents: a prompt, and ids.
        detokenize: Whether /detokenize gives the text back, or an `altered` one.
        cache: Whether prefixes of prompts are remembered.
        cache_seconds: For how long.
        rate_limit_headers: Whether answers have `x-ratelimit-...`.
        refuse_credentials: Whether a right key or token counts as a wrong one.
        balance_used_up: Whether the account has no money left.
        withdrawn: Names of models that are not served.
        renamed: Names of models that are served with `-v2` after them instead.
        added: Names of models that are served besides, at no price.
        version: Answered by /version.
        fingerprint: Answered as `system_fingerprint`.
        price_factor: On every price of the list.
        zero_values: Whether the Control Plane writes zero values.
        page_limit: Most items of a page of the Control Plane.
        deployment_status: Of every deployment; empty for each its own.
        card_expired: Whether the payment card is past its date.
        rules: The first that matches a request applies.
    """

    first_token_seconds: float = 0.15
    gap_seconds: float = 0.01
    slowdown: float = 1.0
    stream: Literal[
        "whole",
        "stalled",
        "truncated",
        "cut",
        "error",
        "no_done",
        "no_finish",
        "buffered",
    ] = "whole"
    pause_seconds: float = 0.0
    opening: Literal["with_first_token", "at_once", "absent"] = "with_first_token"
    ping: bool = False
    output: Literal["text", "empty", "reasoning"] = "text"
    answered_model: str = ""
    usage: Literal["own_chunk", "finish_chunk", "absent"] = "own_chunk"
    cache_details: Literal["tokens", "zero", "null", "absent"] = "tokens"
    responses_usage: Literal["chat", "responses"] = "chat"
    responses_end: Literal["completed", "incomplete", "done"] = "completed"
    template: Literal["as_tokenize", "longer"] = "as_tokenize"
    tokenize: Literal["vllm", "prompt_only"] = "vllm"
    detokenize: Literal["exact", "altered"] = "exact"
    cache: bool = True
    cache_seconds: float = 300.0
    rate_limit_headers: bool = False
    refuse_credentials: bool = False
    balance_used_up: bool = False
    withdrawn: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    version: str = "0.11.2"
    fingerprint: str = "fp_simulated"
    price_factor: int = 1
    zero_values: bool = False
    page_limit: int = 100
    deployment_status: str = ""
    card_expired: bool = False
    rules: tuple[Rule, ...] = ()

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """
        Return these with some switches set.

        Raises:
            ValueError: There is no such switch, or it cannot take such a value.
        """
        return replace(self, **_checked(Switches, changes))

    def ruled(self, rule: Rule) -> Self:
        """Return these with a rule in place of the one for the same requests."""
        key = (rule.method, rule.route)
        kept = [old for old in self.rules if (old.method, old.route) != key]
        new = [rule] if rule.does_something else []
        return replace(self, rules=(*new, *kept))

    def rule_for(self, method: str, path: str) -> Rule | None:
        """Return the rule which such a request meets."""
        return next((r for r in self.rules if r.matches(method, path)), None)


def rule_from(values: Mapping[str, Any]) -> Rule:
    """
    Return the rule which a JSON object describes.

    Raises:
        ValueError: A member is unknown or cannot have such a value.
    """
    headers = values.get("headers", {})
    if not isinstance(headers, Mapping):
        raise ValueError("headers must be an object")  # noqa: TRY004 - a value it is
    pairs = [[name, str(value)] for name, value in headers.items()]
    return Rule(**_checked(Rule, {**values, "headers": pairs}))


def _checked(owner: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(owner)
    names = {field.name for field in fields(owner)}
    for name, value in values.items():
        if name not in names:
            raise ValueError(f"no switch {name!r}: one of {', '.join(sorted(names))}")
        if not _fits(hints[name], value):
            raise ValueError(f"{name} cannot be {value!r}")
    return {name: _frozen(value) for name, value in values.items()}


def _fits(hint: Any, value: Any) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        return isinstance(value, list | tuple) and all(_fits(item, v) for v in value)
    if hint is float:
        return type(value) in (int, float) and value >= 0
    if hint is int:
        return type(value) is int and value >= 0
    return isinstance(value, hint)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
