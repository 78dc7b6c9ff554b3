"""Check that the Control Plane's token is valid: GET /auth/profile."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar, Literal

from tm_exporter.catalog import CONTROL_PLANE_TOKEN_VALID, TOS_ACCEPTED
from tm_exporter.observation import Outcome, Reason, Sample
from tm_exporter.payloads import object_of
from tm_exporter.pulls.base import Pull
from tm_exporter.section import Duration, ProbeSection, Surface


_NEVER = ("1970-01-01T00:00:00", "0001-01-01T00:00:00")


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
            Whether the token is valid, unless the answer leaves that open, and
            whether the terms of service were accepted.
        """
        judged, outcome = await self.read("/auth/profile", _read_tos, _samples)
        if judged.verdict.reason is not Reason.AUTH:
            return outcome
        return replace(outcome, samples=(Sample(CONTROL_PLANE_TOKEN_VALID, 0),))


def _read_tos(payload: Any) -> bool:
    """Return whether `user.tosAcceptedAt` is a time."""
    user = object_of(object_of(payload, "the answer").get("user"), "user")
    accepted = user.get("tosAcceptedAt")
    if not isinstance(accepted, str) or not accepted:
        return False
    return not accepted.startswith(_NEVER)


def _samples(accepted: bool) -> Iterator[Sample]:  # noqa: FBT001 -- the whole answer
    yield Sample(CONTROL_PLANE_TOKEN_VALID, 1)
    yield Sample(TOS_ACCEPTED, accepted)
