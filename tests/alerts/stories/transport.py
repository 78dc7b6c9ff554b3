"""Certificates and clocks."""

from collections.abc import Iterable

from tests.alerts.promtool import Fires, Series, Story
from tm_exporter import catalog


EXPIRING = "TensormeshCertificateExpiring"
ISSUER = "TensormeshCertificateIssuerChanged"
SKEW = "TensormeshClockSkew"

TARGET = {"target": "serverless", "surface": "serverless"}
CONTROL = {"target": "account", "surface": "control_plane"}
DAY = 86_400


def _steps(*values: tuple[float, int]) -> str:
    """Return a gauge's values, each with the minutes for which it is told."""
    return " ".join(f"{value:g}x{minutes - 1}" for value, minutes in values)


def _expiry(days: float, minutes: int = 30) -> list[Series]:
    family = catalog.TLS_CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS
    values = _steps((days * DAY, minutes))
    return [Series(family, labels, values) for labels in (TARGET, CONTROL)]


def _issuers(*told_for: tuple[str, str]) -> list[Series]:
    family = catalog.TLS_CERTIFICATE_INFO
    return [
        Series(family, {**TARGET, "issuer": issuer}, values)
        for issuer, values in told_for
    ]


def _skews(seconds: Iterable[tuple[float, int]]) -> list[Series]:
    return [Series(catalog.CLOCK_SKEW_SECONDS, TARGET, _steps(*seconds))]


STORIES = (
    Story(
        name="a certificate expires in a week",
        series=_expiry(7),
        expects=(
            Fires(EXPIRING, "9m"),
            Fires(
                EXPIRING,
                "10m",
                (
                    {**TARGET, "severity": "warning"},
                    {**CONTROL, "severity": "warning"},
                ),
            ),
        ),
        no_pages=("30m",),
    ),
    Story(
        name="a certificate expires within the day: the Control Plane's is no page",
        series=_expiry(0.5),
        expects=(
            Fires(
                EXPIRING,
                "10m",
                (
                    {**TARGET, "severity": "critical"},
                    {**TARGET, "severity": "warning"},
                    {**CONTROL, "severity": "warning"},
                ),
            ),
        ),
    ),
    Story(
        name="a certificate that is good for a month",
        series=_expiry(30),
        expects=(Fires(EXPIRING, "30m"),),
    ),
    Story(
        name="a certificate of another issuer",
        series=_issuers(("Public CA", "1x119 stale"), ("Proxy CA", "_x120 1x120")),
        expects=(
            Fires(ISSUER, "119m"),
            Fires(ISSUER, "2h", ({**TARGET, "issuer": "Proxy CA"},)),
            Fires(ISSUER, "4h"),
        ),
    ),
    Story(
        name="two hosts behind one name that have two issuers, by turns",
        series=_issuers(
            ("Public CA", "1x9 stale _x8 1x9 stale _x8 1x9 stale _x100"),
            ("Other CA", "_x9 1x9 stale _x8 1x9 stale _x8 1x100"),
        ),
        expects=(Fires(ISSUER, "2h"),),
    ),
    Story(
        name="a new target has an issuer, and none before",
        series=_issuers(("Public CA", "_x59 1x60")),
        expects=(Fires(ISSUER, "61m"), Fires(ISSUER, "2h")),
    ),
    Story(
        name="clocks are apart by a minute",
        series=_skews([(0, 30), (-60, 60)]),
        expects=(
            Fires(SKEW, "44m"),
            Fires(SKEW, "45m", (TARGET,), starts=True),
        ),
    ),
    Story(
        name="clocks are apart by a moment, or for a moment",
        series=_skews([(2, 30), (-60, 5), (1, 60)]),
        expects=(Fires(SKEW, "34m"), Fires(SKEW, "90m")),
    ),
)
