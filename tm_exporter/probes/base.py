"""What every probe of an inference surface is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from tm_exporter.clients.client import InferenceClient
from tm_exporter.observation import ProbeKey, Reason
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
    """

    section: SectionT
    key: ProbeKey
    client: InferenceClient
    models: tuple[str, ...] = ()

    reasons: ClassVar[Sequence[Reason]] = ()
