"""Every event that the exporter logs: a closed set, as data."""

from dataclasses import dataclass
from typing import Literal


Level = Literal["debug", "info", "warning", "error"]

ALWAYS = ("timestamp", "level", "event")

_RUN = (
    *("target", "surface", "probe", "model", "probe_id", "success"),
    *("duration_seconds", "http_status_code", "peer_address"),
)
_FAILED_RUN = (*_RUN, "reason", "detail", "next_step")


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
        ("version", "url", "probes"),
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
        "A reload was asked for, and the configuration stays as it is.",
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
    "library_message": Event(
        "warning",
        "A library that the exporter uses had something to say.",
        ("logger", "message", "exception"),
    ),
}
