"""Rows of the overview: every probe, and what is known of each target."""

from grafana.source.appearance import (
    BAD_EVENTS,
    NUMBER,
    RED,
    SECONDS,
    TIME_LEFT,
    Look,
    yes_or_no,
)
from grafana.source.frame import Row
from grafana.source.panels import lines, states, value
from grafana.source.promql import (
    PROBE,
    SHOWN,
    ago,
    grew,
    latest,
    left,
    over,
    series,
)
from grafana.source.tables import rows
from tm_exporter.catalog import (
    CLOCK_SKEW_SECONDS,
    PROBE_CONSECUTIVE_FAILURES,
    PROBE_HTTP_STATUS_CODE,
    PROBE_LAST_RUN_TIMESTAMP_SECONDS,
    PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS,
    PROBE_SUCCESS,
    RETRY_AFTER_TIMESTAMP_SECONDS,
    TLS_CERTIFICATE_CHANGES,
    TLS_CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS,
    TLS_CERTIFICATE_INFO,
)


_NAME = "{{target}} {{probe}} {{model}}"
_PASSED = yes_or_no("passed", "failed")


PROBES: Row = (
    "Probes",
    (
        states(
            "Verdicts",
            (latest(PROBE_SUCCESS), _NAME),
            of=(PROBE_SUCCESS,),
            look=_PASSED,
            size=(24, 14),
        ),
        lines(
            "Failures in a row",
            (f"{over('min', series(PROBE_CONSECUTIVE_FAILURES), PROBE)} > 0", _NAME),
            of=(PROBE_CONSECUTIVE_FAILURES,),
            look=BAD_EVENTS,
            note="Of the luckiest instance.",
        ),
        rows(
            "Status codes other than 2xx",
            f"{latest(PROBE_HTTP_STATUS_CODE)} >= 300",
            of=(PROBE_HTTP_STATUS_CODE,),
            columns={
                "target": "Target",
                "probe": "Probe",
                "model": "Model",
                "Value": "Status",
            },
            look=Look(unit="none", steps=((None, RED),), nothing="All are 2xx"),
        ),
        lines(
            "Since the last run",
            (ago(PROBE_LAST_RUN_TIMESTAMP_SECONDS), _NAME),
            of=(PROBE_LAST_RUN_TIMESTAMP_SECONDS,),
            look=SECONDS,
        ),
        lines(
            "Since the last run that passed",
            (ago(PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS), _NAME),
            of=(PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS,),
            look=SECONDS,
        ),
    ),
)

TARGETS: Row = (
    "Targets",
    (
        lines(
            "Until requests may go on",
            (f"{left(RETRY_AFTER_TIMESTAMP_SECONDS)} > 0", "{{target}} {{model}}"),
            of=(RETRY_AFTER_TIMESTAMP_SECONDS,),
            look=SECONDS,
            note="Empty where the service does not ask to wait.",
            size=(8, 8),
        ),
        lines(
            "Clock of the service against ours",
            (latest(CLOCK_SKEW_SECONDS), "{{target}}"),
            of=(CLOCK_SKEW_SECONDS,),
            look=Look(unit="s"),
            size=(8, 8),
        ),
        value(
            "Certificates expire in",
            (left(TLS_CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS), "{{target}}"),
            of=(TLS_CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS,),
            look=TIME_LEFT,
            size=(8, 8),
        ),
        rows(
            "Who issued the certificates",
            latest(TLS_CERTIFICATE_INFO),
            of=(TLS_CERTIFICATE_INFO,),
            columns={"target": "Target", "surface": "Surface", "issuer": "Issuer"},
        ),
        value(
            "Other certificates shown",
            (grew(TLS_CERTIFICATE_CHANGES, by=("target",), window=SHOWN), "{{target}}"),
            of=(TLS_CERTIFICATE_CHANGES,),
            look=NUMBER,
            note="Within the time that the dashboard shows.",
            size=(12, 8),
        ),
    ),
)
