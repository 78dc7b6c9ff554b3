"""Every event that the exporter logs: a closed set, as data."""

from dataclasses import dataclass
from typing import Literal


Level = Literal["debug", "info", "warning", "error"]

ALWAYS = ("timestamp", "level", "event")

_RUN = (
    *("target", "surface", "probe", "model", "probe_id", "success"),
    *("duration_seconds", "http_status_code", "peer_address"),
)
_FAILED_RUN = (*_RUN, "reason", "detail", "diagnosis", "next_step")
_MAINTENANCE = ("window", "origin", "targets", "models", "detail", "until")


@dataclass(frozen=True, slots=True)
class Event:
    """
    One kind of log line.

    Attributes:
        level: At which it is written; `library_message` has that of the library.
        meaning: One sentence: what happened.
        keys: What a line may say besides `ALWAYS`; what is unknown is left out.
    """

    level: Level
    meaning: str
    keys: tuple[str, ...] = ()


EVENTS: dict[str, Event] = {
    "started": Event(
        "info",
        "The exporter listens and begins to probe.",
        ("version", "url", "probes", "event_loop"),
    ),
    "configuration_note": Event(
        "info", "Something to know of the configuration in force.", ("detail",)
    ),
    "configuration_warning": Event(
        "warning",
        "Something in the configuration is unwise, or would fail now.",
        ("detail",),
    ),
    "not_watched": Event(
        "info",
        "Something that could be watched, or was configured, is not.",
        ("targets", "what", "why"),
    ),
    "reload_refused": Event(
        "warning",
        "The configuration was read again and cannot be used; it stays as it was.",
        ("detail", "next_step"),
    ),
    "reload_failed": Event(
        "error",
        "A reload ended by a fault of the exporter; the configuration stays as it was.",
        ("exception",),
    ),
    "configuration_reloaded": Event(
        "info",
        "The configuration was read again and is in force.",
        ("targets", "added", "removed", "changed"),
    ),
    "models_chosen": Event(
        "info",
        "Models were chosen for a target that says `models: auto`.",
        ("target", "models"),
    ),
    "health_listening": Event(
        "info", "The second address, of health and readiness alone, answers.", ("url",)
    ),
    "web_config_reloaded": Event(
        "info",
        "The web configuration file, or one that it names, changed and is in force.",
        ("path",),
    ),
    "web_config_refused": Event(
        "warning",
        "The web configuration cannot be used as it is now: what was in force stays.",
        ("detail",),
    ),
    "stopped": Event("info", "The exporter ends."),
    "probe_failing": Event(
        "warning",
        "A probe that passed before failed, or one that failed has another reason.",
        _FAILED_RUN,
    ),
    "probe_recovered": Event("info", "A probe that failed before passed.", _RUN),
    "probe_passed": Event("debug", "A probe passed, as it did before.", _RUN),
    "probe_failed": Event(
        "debug", "A probe failed for the same reason as before.", _FAILED_RUN
    ),
    "label_overflow": Event(
        "warning",
        "A family had more series than there is room for, for the first time: what is "
        "beyond is left out and counted (`tensormesh_exporter_label_overflow_total`).",
        ("family",),
    ),
    "probe_asked": Event(
        "debug",
        "Probes ran because someone asked for them at `/probe`.",
        ("target", "probe", "model", "runs", "failed", "left_out"),
    ),
    "probe_crashed": Event(
        "error",
        "A run ended by a fault of the exporter.",
        ("target", "surface", "probe", "model", "probe_id", "exception"),
    ),
    "derivation_failed": Event(
        "error",
        "What follows from a run could not be worked out; the rest of it counts.",
        ("derivation", "target", "probe", "probe_id", "exception"),
    ),
    "sink_failed": Event(
        "error",
        "A destination of observations failed; the others got the observation.",
        ("sink", "target", "probe", "probe_id", "exception"),
    ),
    "series_failed": Event(
        "error",
        "What the page of metrics would tell of a family could not be read or written; "
        "the rest is on the page. Written once an hour at most.",
        ("family", "exception"),
    ),
    "upkeep_failed": Event(
        "error",
        "A look at what has to be kept up failed by a fault of the exporter; the next "
        "look may do better. Written once an hour at most.",
        ("part", "exception"),
    ),
    "service_version_changed": Event(
        "info",
        "A service names another version than the last time, a restart between or not.",
        ("target", "surface", "old", "new"),
    ),
    "model_price_changed": Event(
        "warning",
        "A listed price for one token is another one than the last time it was listed; "
        "the monthly effect is at the usage of the last 30 days.",
        (
            *("target", "surface", "model", "kind", "currency"),
            *("old", "new", "monthly_effect"),
        ),
    ),
    "model_context_shrunk": Event(
        "warning",
        "A model takes fewer tokens of prompt and answer than it did.",
        ("target", "surface", "model", "old", "new"),
    ),
    "reference_silent": Event(
        "warning",
        "The reference URL gives no answer any more: if nothing else does, it is our "
        "own network.",
        ("reason", "detail"),
    ),
    "reference_answers": Event("info", "The reference URL answers again."),
    "memory_unusable": Event(
        "warning",
        "What was last known is not kept over a restart, or could not be read.",
        ("path", "detail"),
    ),
    "ledger_unusable": Event(
        "error",
        "The ledger of the canary budget cannot be used: no paid probe runs.",
        ("detail",),
    ),
    "ledger_usable": Event("info", "The ledger that could not be used can be again."),
    "ledger_failed": Event(
        "error",
        "The ledger could not be used by a fault of the exporter.",
        ("exception",),
    ),
    "budget_withheld": Event(
        "warning",
        "A shard may not spend its part of the canary budget yet.",
        ("detail",),
    ),
    "budget_exhausted": Event(
        "warning",
        "There is no money for probes of a name any more; their slots are skipped.",
        ("probe", "detail"),
    ),
    "budget_available": Event(
        "info", "There is money again for probes that were skipped.", ("probe",)
    ),
    "canaries_paced": Event(
        "info",
        "Intervals of paid probes are stretched by another factor, so that the "
        "canary budget lasts.",
        ("probes", "factor"),
    ),
    "leading": Event(
        "info",
        "This instance has the lease: it runs the paid probes.",
        ("identity",),
    ),
    "standing_by": Event(
        "info",
        "This instance does not have the lease (any more): it runs no paid probe.",
        ("identity", "detail"),
    ),
    "lease_unreachable": Event(
        "warning",
        "The lease cannot be read or written: whoever has it stops to pay in time.",
        ("detail",),
    ),
    "lease_reachable": Event("info", "The lease can be read and written again."),
    "lease_failed": Event(
        "error",
        "The lease could not be used by a fault of the exporter.",
        ("exception",),
    ),
    "maintenance_started": Event(
        "info",
        "A window of maintenance is open: slots are skipped and nobody is alarmed.",
        _MAINTENANCE,
    ),
    "maintenance_ended": Event(
        "info", "A window of maintenance is over or was ended.", _MAINTENANCE
    ),
    "maintenance_unreadable": Event(
        "warning",
        "Windows that `tm-exporter maintenance` began cannot be read: none is heeded.",
        ("detail",),
    ),
    "library_message": Event(
        "warning",
        "A library that the exporter uses had something to say.",
        ("logger", "message", "exception"),
    ),
}
