"""Check that the Control Plane's token is valid: GET /auth/profile."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar, Literal

from tm_exporter.catalog import (
    CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS,
    CONTROL_PLANE_TOKEN_VALID,
    TOS_ACCEPTED,
)
from tm_exporter.observation import Outcome, Reason, Sample
from tm_exporter.pulls.base import Pull
from tm_exporter.section import Duration, ProbeSection, Surface
from tm_exporter.timestamps import read_timestamp
from tm_exporter.wire.payloads import object_of


class AuthSection(ProbeSection):
    """The cheapest route that needs the token."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("control_plane",)
    kind: Literal["auth"] = "auth"
    interval: Duration = 60.0
    timeout: Duration = 20.0


class AuthPull(Pull[AuthSection]):
    """Only a yes and a no are taken from the profile: the rest is personal."""

    async def run(self) -> Outcome:
        """
        Ask once.

        Returns:
            Whether the token is valid, and when it expires if it says so, unless the
            answer leaves that open; whether the terms of service were accepted.
        """
        expires = await self.client.credential_expiry()  # of the token that is sent
        judged, outcome = await self.read("/auth/profile", _read_tos, _samples)
        samples = outcome.samples
        if judged.verdict.reason is Reason.AUTH:
            samples = (Sample(CONTROL_PLANE_TOKEN_VALID, 0),)
        if samples and expires is not None:
            expiry = Sample(CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS, expires)
            samples = (*samples, expiry)
        return replace(outcome, samples=samples)


def _read_tos(payload: Any) -> bool:
    """Return whether `user.tosAcceptedAt` is a time."""
    user = object_of(object_of(payload, "the answer").get("user"), "user")
    accepted = read_timestamp(user.get("tosAcceptedAt"), "user.tosAcceptedAt")
    return accepted is not None


def _samples(accepted: bool) -> Iterator[Sample]:  # noqa: FBT001 -- the whole answer
    yield Sample(CONTROL_PLANE_TOKEN_VALID, 1)
    yield Sample(TOS_ACCEPTED, accepted)
