"""How fast the models answer, where the time goes, and whether streams are sound."""

from grafana_foundation_sdk.models import dashboard

from grafana.source.annotations import IDENTITIES, RELEASES, VERSIONS
from grafana.source.appearance import (
    COUNT,
    GREEN,
    NUMBER,
    RED,
    SECONDS,
    SHARE,
    YELLOW,
    Look,
)
from grafana.source.frame import Row
from grafana.source.frame import board as framed
from grafana.source.panels import (
    bars,
    heat_map,
    lines,
    points,
)
from grafana.source.promql import (
    PROBE,
    SLOW,
    STEP,
    grew,
    latest,
    needed,
    quantile,
)
from grafana.source.service_rows import LIMITS, MODELS, STREAMS
from grafana.source.tables import rows
from tm_exporter.catalog import (
    CANARY_CHUNK_GAP_SECONDS,
    CANARY_ITL_SECONDS,
    CANARY_LAST_TTFT_SECONDS,
    CANARY_OUTPUT_TOKENS_PER_SECOND,
    CANARY_TOKENS,
    CANARY_TTFT_OBJECTIVE_EVALUATED,
    CANARY_TTFT_OBJECTIVE_MISSED,
    CANARY_TTFT_OBJECTIVE_SECONDS,
    CANARY_TTFT_SECONDS,
    PROBE_DURATION_SECONDS,
    PROBE_LAST_DURATION_SECONDS,
    PROBE_PHASE_SECONDS,
    Family,
)


_NAME = "{{target}} {{model}} {{probe}}"
_ENOUGH = (
    f"Over the {SLOW} before each point; p50 is drawn from {needed(0.5)} runs on, "
    f"p90 from {needed(0.9)}, for fewer runs do not tell it."
)
_HEAT = "All runs of what is chosen above, whichever model."


def _percentiles(family: Family) -> tuple[tuple[str, str], ...]:
    return tuple(
        (quantile(q, family, by=PROBE), f"p{q * 100:g} {_NAME}") for q in (0.5, 0.9)
    )


_EVALUATED = grew(CANARY_TTFT_OBJECTIVE_EVALUATED, by=PROBE, window=SLOW)
_LATE = (
    f"{grew(CANARY_TTFT_OBJECTIVE_MISSED, by=PROBE, window=SLOW)} "
    f"/ ({_EVALUATED} >= {needed(0.5)})"
)

_FIRST_TOKEN: Row = (
    "First token",
    (
        heat_map("Time to first token", CANARY_TTFT_SECONDS, look=SECONDS, note=_HEAT),
        lines(
            "Time to first token, p50 and p90",
            *_percentiles(CANARY_TTFT_SECONDS),
            (latest(CANARY_TTFT_OBJECTIVE_SECONDS), f"objective {_NAME}"),
            of=(CANARY_TTFT_SECONDS, CANARY_TTFT_OBJECTIVE_SECONDS),
            look=SECONDS,
            note=_ENOUGH,
        ),
        points(
            "Time to first token, last run",
            (latest(CANARY_LAST_TTFT_SECONDS), _NAME),
            of=(CANARY_LAST_TTFT_SECONDS,),
            look=SECONDS,
        ),
        lines(
            "First tokens later than the objective",
            (_LATE, _NAME),
            of=(CANARY_TTFT_OBJECTIVE_MISSED, CANARY_TTFT_OBJECTIVE_EVALUATED),
            look=SHARE,
            note=f"Share of the runs that passed within {SLOW}, from {needed(0.5)} on.",
        ),
    ),
)

_TOKENS: Row = (
    "Tokens",
    (
        heat_map("Inter-token latency", CANARY_ITL_SECONDS, look=SECONDS, note=_HEAT),
        lines(
            "Inter-token latency, p50 and p90",
            *_percentiles(CANARY_ITL_SECONDS),
            of=(CANARY_ITL_SECONDS,),
            look=SECONDS,
            note=_ENOUGH,
        ),
        heat_map(
            "Gaps between chunks", CANARY_CHUNK_GAP_SECONDS, look=SECONDS, note=_HEAT
        ),
        points(
            "Output tokens a second, last run",
            (latest(CANARY_OUTPUT_TOKENS_PER_SECOND), _NAME),
            of=(CANARY_OUTPUT_TOKENS_PER_SECOND,),
            look=NUMBER,
        ),
        bars(
            "Tokens of the canaries",
            (
                grew(CANARY_TOKENS, by=("model", "kind"), window=STEP),
                "{{model}} {{kind}}",
            ),
            of=(CANARY_TOKENS,),
            look=COUNT,
            size=(24, 7),
        ),
    ),
)

_TIME: Row = (
    "Where the time goes",
    (
        lines(
            "Phases of the last runs",
            (
                f"avg by (target, phase) ({latest(PROBE_PHASE_SECONDS)})",
                "{{target}} {{phase}}",
            ),
            of=(PROBE_PHASE_SECONDS,),
            look=SECONDS,
            note="Mean over the probes of a target. `wait` is the service's own time.",
        ),
        rows(
            "Phases by probe, now",
            f"{latest(PROBE_PHASE_SECONDS)} > 0.001",
            of=(PROBE_PHASE_SECONDS,),
            columns={
                "target": "Target",
                "probe": "Probe",
                "model": "Model",
                "phase": "Phase",
                "Value": "Time",
            },
            look=Look(unit="s", steps=((None, GREEN), (1, YELLOW), (5, RED))),
            note="Longest first; what took less than a millisecond is left out.",
        ),
        lines(
            "Duration of runs, p50 and p90",
            *_percentiles(PROBE_DURATION_SECONDS),
            of=(PROBE_DURATION_SECONDS,),
            look=SECONDS,
            note=_ENOUGH,
        ),
        points(
            "Duration of the last run",
            (latest(PROBE_LAST_DURATION_SECONDS), _NAME),
            of=(PROBE_LAST_DURATION_SECONDS,),
            look=SECONDS,
        ),
    ),
)


def board() -> dashboard.Dashboard:
    """Return the dashboard."""
    return framed(
        "inference",
        "inference",
        "How fast the models answer, and whether what they send is sound.",
        _FIRST_TOKEN,
        _TOKENS,
        _TIME,
        STREAMS,
        MODELS,
        LIMITS,
        events=(VERSIONS, IDENTITIES, RELEASES),
    )
