"""What every pull from the Control Plane is made of."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from tm_exporter.clients.client import ControlPlaneClient
from tm_exporter.observation import Demand, Outcome, ProbeKey, Reason, Sample
from tm_exporter.pulls.reading import Reading, judged_answer
from tm_exporter.reasons import JSON_BODY
from tm_exporter.section import ProbeSection
from tm_exporter.verdict import Judged


SectionT = TypeVar("SectionT", bound=ProbeSection)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pull(Generic[SectionT]):
    """
    A section, and whom to ask.

    Attributes:
        section: The configuration it was built from.
        key: The labels of its series.
        client: Of the account.
        models: Models that are configured for the target; a Control Plane has none.
        clock: Monotonic seconds.
        now: Seconds since the epoch.
        reasons: Every reason which a run can fail for, without `internal`.
        starts: Series of its own that are there at zero before anything happened.
    """

    section: SectionT
    key: ProbeKey
    client: ControlPlaneClient
    models: tuple[str, ...] = ()
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time

    reasons: ClassVar[Sequence[Reason]] = JSON_BODY
    starts: ClassVar[Sequence[Sample]] = ()

    @property
    def demands(self) -> Sequence[Demand]:
        """What each paid request of one run may use, in order; none: it is free."""
        return ()

    def reading(self) -> Reading:
        """Return what a run of several requests asks through; its time begins now."""
        return Reading(self.client, self.section.timeout, self.clock)

    async def read(
        self,
        path: str,
        read: Callable[[Any], T],
        samples: Callable[[T], Iterable[Sample]],
        params: dict[str, str] | None = None,
    ) -> tuple[Judged[T], Outcome]:
        """Ask for a route once; return what was judged, and the outcome."""
        exchange = await self.client.get(
            path, timeout=self.section.timeout, params=params
        )
        judged = await judged_answer(exchange, read)
        found = () if judged.answer is None else tuple(samples(judged.answer))
        return judged, Outcome(
            verdict=judged.verdict, exchanges=(exchange,), samples=found
        )
