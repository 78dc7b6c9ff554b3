"""What every probe of an inference surface is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from tm_exporter.clients.client import InferenceClient
from tm_exporter.observation import Demand, ProbeKey, Reason, Sample
from tm_exporter.section import ProbeSection


SectionT = TypeVar("SectionT", bound=ProbeSection)


@dataclass(frozen=True, slots=True)
class InferenceProbe(Generic[SectionT]):
    """
    A section, and whom to ask.

    Attributes:
        section: The configuration it was built from.
        key: The labels of its series; names the model, if the probe has one.
        client: Of the target.
        models: Every model that is configured for the target.
        reasons: Every reason which a run can fail for, without `internal`.
        starts: Series of its own that are there at zero before anything happened.
    """

    section: SectionT
    key: ProbeKey
    client: InferenceClient
    models: tuple[str, ...] = ()

    reasons: ClassVar[Sequence[Reason]] = ()
    starts: ClassVar[Sequence[Sample]] = ()

    @property
    def demands(self) -> Sequence[Demand]:
        """What each paid request of one run may use, in order; none: it is free."""
        return ()
