"""
Alerts on a surface or a model that cannot be used, or that is gone.

A surface is down when all that looks at it agrees: every canary that has an
objective failed three times in a row; or one fast probe did and no other fast probe
and no canary passed. What failed for a reason of ours (a refused key, an unknown
model) has no say: it has alerts of its own and tells nothing of the surface.
"""

from tm_exporter.alerts.expression import (
    INFERENCE,
    MODEL,
    PROBE,
    SURFACE,
    increase,
    indented,
    outside_maintenance,
    recorded,
    series,
)
from tm_exporter.alerts.rule import Alert, Group, Recording
from tm_exporter.alerts.wording import WHO, blame
from tm_exporter.catalog import (
    EXPORTER_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS,
    MODEL_LISTED,
    PROBE_CONSECUTIVE_FAILURES,
    PROBE_FAILURES,
    PROBE_INTERVAL_SECONDS,
    SLO_OBJECTIVE,
)
from tm_exporter.observation import Reason
from tm_exporter.reasons import EXPLANATIONS


IN_A_ROW = 3
"""Failures in a row that one bad moment does not explain."""

FAST_SECONDS = 120
"""Interval of a probe whose last run says something of the present."""

CANARY_SECONDS = 600
"""Interval of a canary whose last three runs do."""

NOT_THE_SURFACE = (
    *(reason for reason, known in EXPLANATIONS.items() if known.party == "us"),
    Reason.WRONG_MODEL,
)
"""Reasons that tell nothing of whether the surface works."""

_JUDGED = "target_surface_probe_model:tensormesh_probe_consecutive_failures:min"
_CANARIES = f"{_JUDGED}_canaries"
_FAST = f"{_JUDGED}_fast"
_OURS = f'reason=~"{"|".join(NOT_THE_SURFACE)}"'
_OBJECTIVE = series(SLO_OBJECTIVE, 'slo="availability"')
_IN_A_ROW = series(PROBE_CONSECUTIVE_FAILURES, INFERENCE)
_OF_MODELS = series(PROBE_CONSECUTIVE_FAILURES, INFERENCE, 'model!=""')


def _every(seconds: int) -> str:
    interval = f"max by ({PROBE}) ({series(PROBE_INTERVAL_SECONDS)})"
    return f"and on ({PROBE}) {interval} <= {seconds}"


_JUDGEMENTS = (
    Recording(
        record=_JUDGED,
        expr=f"min by ({PROBE}) ({_IN_A_ROW})\n"
        f"unless on ({PROBE}) sum by ({PROBE}) "
        f"({increase(PROBE_FAILURES, INFERENCE, _OURS, window='15m')}) > 0",
    ),
    Recording(
        record=_CANARIES,
        expr=f"{recorded(_JUDGED)}\n"
        f"and on ({PROBE}) {_OBJECTIVE}\n"
        f"{_every(CANARY_SECONDS)}",
    ),
    Recording(record=_FAST, expr=f"{recorded(_JUDGED)}\n{_every(FAST_SECONDS)}"),
)

_DISAGREEMENT = (
    f"max by ({SURFACE}) (\n"
    f"  max by ({PROBE}) ({_IN_A_ROW})\n"
    f"  - min by ({PROBE}) ({_IN_A_ROW})\n"
    f") >= {IN_A_ROW}"
)

_DOWN = (
    f"(\n"
    f"  min by ({SURFACE}) ({recorded(_CANARIES)}) >= {IN_A_ROW}\n"
    f"  or\n"
    f"  (\n"
    f"    max by ({SURFACE}) ({recorded(_FAST)}) >= {IN_A_ROW}\n"
    f"    unless on ({SURFACE}) min by ({SURFACE}) ({recorded(_FAST)}) < 1\n"
    f"    unless on ({SURFACE}) min by ({SURFACE}) ({recorded(_CANARIES)}) < 1\n"
    f"  )\n"
    f")\n"
    f"unless on ({SURFACE}) {_DISAGREEMENT}"
)

_UNLISTED = f"max by ({MODEL}) ({series(MODEL_LISTED)}) == 0"
_ITS_CANARY_FAILS = (
    f"max by ({MODEL}) (\n  min by ({PROBE}) ({_OF_MODELS})\n) >= {IN_A_ROW}"
)

_READ = series(EXPORTER_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS)
_GONE = (
    f"max by ({PROBE}) (\n"
    f"  {series(PROBE_INTERVAL_SECONDS)} offset 1h\n"
    f"  unless on (job, instance) {_READ} != {_READ} offset 1h\n"
    f"  and on (job, instance) ({_READ} or {series(PROBE_INTERVAL_SECONDS)})\n"
    f")\n"
    f"unless on ({PROBE}) {series(PROBE_INTERVAL_SECONDS)}"
)

_ALERTS = (
    Alert(
        name="TensormeshSurfaceDown",
        severity="critical",
        hold="2m",
        expr=outside_maintenance(_DOWN),
        summary="{{ $labels.target }}: the {{ $labels.surface }} surface is down,"
        " {{ $value }} failures in a row and nothing that passes",
        description=blame("target", window="15m")
        + "No request of ours gets through, so users' requests do not either. See the"
        " diagnosis on the exporter's status page: if other targets and the reference"
        " address answer, report it to Tensormesh with the evidence of the last run.",
    ),
    Alert(
        name="TensormeshInstancesDisagree",
        severity="warning",
        hold="5m",
        expr=outside_maintenance(_DISAGREEMENT),
        summary="{{ $labels.target }}: one instance of the exporter fails"
        " {{ $value }} times in a row where another one passes",
        description="The service answers one of our instances, so the fault is most"
        " likely ours: the network, the proxy or the address of the instance that"
        " fails. Compare tensormesh_probe_consecutive_failures by instance. If the"
        " failing one is the leader, canaries fail with it: stop it, and the other"
        " one takes over.",
    ),
    Alert(
        name="TensormeshModelVanished",
        severity="critical",
        # Three failures took their time. It has to be there when an error budget
        # pages for the same failures, and Alertmanager waits for a minute.
        hold="30s",
        expr=outside_maintenance(
            f"{_UNLISTED}\nand on ({MODEL})\n{indented(_ITS_CANARY_FAILS)}"
        ),
        summary=f"{WHO} is not listed any more, and requests to it fail",
        description=blame("target", "model", window="15m")
        + "The service took the model away or gave it another name; whoever"
        " asks for it gets an error. Look for its successor in the surface's"
        " /v1/models, change clients and the configuration, and ask Tensormesh if it"
        " was not announced.",
    ),
    Alert(
        name="TensormeshModelVanished",
        severity="warning",
        hold="3m",
        expr=outside_maintenance(_UNLISTED),
        summary=f"{WHO} is not listed any more",
        description="The surface's /v1/models lacks a model that is configured, or"
        " that `models: auto` watched within the last 7 days. Requests to it do not"
        " fail yet, or nobody sends any. Find its successor in the list; look at the"
        " price of that before you change clients.",
    ),
    Alert(
        name="TensormeshProbeVanished",
        severity="warning",
        hold="5m",
        expr=_GONE,
        summary=f"{{{{ $labels.probe }}}} of {WHO} is not watched any more",
        description="The probe was there an hour ago and is gone, although the"
        " exporter read no other configuration. A model of `models: auto` that is no"
        " longer offered takes its probes with it. Look for the target on the"
        " exporter's status page and for models_chosen in its log.",
    ),
)

GROUPS = (
    Group(name="tensormesh-surface", interval="30s", rules=(*_JUDGEMENTS, *_ALERTS)),
)
