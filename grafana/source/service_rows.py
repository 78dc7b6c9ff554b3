"""Rows about what the service says of itself: streams, models, limits."""

from grafana.source.appearance import (
    BAD_EVENTS,
    COUNT,
    NUMBER,
    SHARE,
    SINCE,
    Look,
    yes_or_no,
)
from grafana.source.frame import Row
from grafana.source.panels import (
    bars,
    lines,
    points,
    states,
    value,
)
from grafana.source.promql import (
    PROBE,
    SHOWN,
    STEP,
    above,
    grew,
    latest,
    share,
)
from grafana.source.tables import rows
from tm_exporter.catalog import (
    CACHE_CANARY_CACHED_TOKEN_RATIO,
    CACHE_CANARY_DETAILS_AVAILABLE,
    CACHE_CANARY_PERSISTENT_CACHED_TOKEN_RATIO,
    CACHE_CANARY_TTFT_RATIO,
    CANARY_STREAM_VIOLATIONS,
    CATALOG_MISMATCH,
    MODEL_IDENTITY_CHANGES,
    MODEL_LISTED,
    MODEL_MAX_MODEL_LEN,
    MODELS_LISTED,
    RATE_LIMIT_LIMIT,
    RATE_LIMIT_REMAINING,
    RATE_LIMIT_RESET_TIMESTAMP_SECONDS,
    SERVICE_VERSION_CHANGES,
    SERVICE_VERSION_INFO,
    TOKENIZER_PROMPT_TOKENS_DELTA,
    TOKENIZER_ROUNDTRIP_SUCCESS,
)


_NAME = "{{target}} {{model}} {{probe}}"


STREAMS: Row = (
    "Streams and KV cache",
    (
        bars(
            "Breaches of the streaming protocol",
            (
                above(
                    grew(CANARY_STREAM_VIOLATIONS, by=("model", "kind"), window=STEP),
                    0,
                ),
                "{{model}} {{kind}}",
            ),
            of=(CANARY_STREAM_VIOLATIONS,),
            look=COUNT,
        ),
        rows(
            "Breaches by kind",
            grew(CANARY_STREAM_VIOLATIONS, by=(*PROBE, "kind"), window=SHOWN),
            of=(CANARY_STREAM_VIOLATIONS,),
            columns={
                "target": "Target",
                "model": "Model",
                "probe": "Probe",
                "kind": "Kind",
                "Value": "Seen",
            },
            look=BAD_EVENTS,
            note="Within the time that the dashboard shows.",
        ),
        points(
            "Prompt tokens out of the KV cache",
            (latest(CACHE_CANARY_CACHED_TOKEN_RATIO), _NAME),
            (latest(CACHE_CANARY_PERSISTENT_CACHED_TOKEN_RATIO), f"later {_NAME}"),
            of=(
                CACHE_CANARY_CACHED_TOKEN_RATIO,
                CACHE_CANARY_PERSISTENT_CACHED_TOKEN_RATIO,
            ),
            look=SHARE,
            note="A run is one pair: single pairs scatter, look at several.",
            size=(10, 8),
        ),
        points(
            "First token of the warm request over the cold one",
            (latest(CACHE_CANARY_TTFT_RATIO), _NAME),
            of=(CACHE_CANARY_TTFT_RATIO,),
            look=Look(unit="percentunit", lowest=0),
            note="Below 100 % the cache helps.",
            size=(8, 8),
        ),
        value(
            "Cached tokens are told",
            (latest(CACHE_CANARY_DETAILS_AVAILABLE), "{{target}} {{model}}"),
            of=(CACHE_CANARY_DETAILS_AVAILABLE,),
            look=yes_or_no("told", "not told"),
            size=(6, 8),
        ),
    ),
)

MODELS: Row = (
    "Models and versions",
    (
        rows(
            "Versions",
            latest(SERVICE_VERSION_INFO),
            of=(SERVICE_VERSION_INFO,),
            columns={"target": "Target", "surface": "Surface", "version": "Version"},
            size=(8, 7),
        ),
        value(
            "Changes of version",
            (grew(SERVICE_VERSION_CHANGES, by=("target",), window=SHOWN), "{{target}}"),
            of=(SERVICE_VERSION_CHANGES,),
            look=COUNT,
            note="Within the time that the dashboard shows.",
            size=(8, 7),
        ),
        value(
            "Changes of a model's identity",
            (
                grew(MODEL_IDENTITY_CHANGES, by=("target", "model"), window=SHOWN),
                "{{target}} {{model}}",
            ),
            of=(MODEL_IDENTITY_CHANGES,),
            look=COUNT,
            note="Within the time that the dashboard shows.",
            size=(8, 7),
        ),
        states(
            "Models that are listed",
            (latest(MODEL_LISTED), "{{target}} {{model}}"),
            of=(MODEL_LISTED,),
            look=yes_or_no("listed", "not listed"),
            size=(16, 7),
        ),
        value(
            "Models in the list",
            (latest(MODELS_LISTED), "{{target}}"),
            of=(MODELS_LISTED,),
            look=COUNT,
            size=(8, 7),
        ),
        rows(
            "Longest prompt and answer",
            latest(MODEL_MAX_MODEL_LEN),
            of=(MODEL_MAX_MODEL_LEN,),
            columns={"target": "Target", "model": "Model", "Value": "Tokens"},
            look=Look(unit="locale"),
            size=(8, 7),
        ),
        rows(
            "Models on one list and not on another",
            latest(CATALOG_MISMATCH),
            of=(CATALOG_MISMATCH,),
            columns={"target": "Target", "model": "Model", "kind": "Mismatch"},
            look=Look(unit="none", nothing="All lists agree"),
            size=(8, 7),
        ),
        value(
            "A text comes back from the tokenizer as it was",
            (latest(TOKENIZER_ROUNDTRIP_SUCCESS), "{{target}} {{model}}"),
            of=(TOKENIZER_ROUNDTRIP_SUCCESS,),
            look=yes_or_no("yes", "no"),
            size=(8, 7),
        ),
        lines(
            "Tokens counted beyond the tokenizer's",
            (latest(TOKENIZER_PROMPT_TOKENS_DELTA), "{{target}} {{model}}"),
            of=(TOKENIZER_PROMPT_TOKENS_DELTA,),
            look=NUMBER,
            note="Of the built-in prompt. A change means that prompts cost another "
            "number of tokens than before.",
            size=(24, 6),
        ),
    ),
)

LIMITS: Row = (
    "Rate limits",
    (
        lines(
            "Left within the window",
            (
                share(latest(RATE_LIMIT_REMAINING), latest(RATE_LIMIT_LIMIT)),
                "{{target}} {{model}} {{kind}}",
            ),
            of=(RATE_LIMIT_REMAINING, RATE_LIMIT_LIMIT),
            look=SHARE,
            note="Empty where the service does not tell its limits.",
        ),
        rows(
            "Ends of the windows",
            f"{latest(RATE_LIMIT_RESET_TIMESTAMP_SECONDS)} * 1000",
            of=(RATE_LIMIT_RESET_TIMESTAMP_SECONDS,),
            columns={
                "target": "Target",
                "model": "Model",
                "kind": "Kind",
                "Value": "Ends",
            },
            look=SINCE,
        ),
    ),
)
