"""The cases of the published matrix: which fault is brought about for which probe."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.faults.answering import BODY, EVENTS, SAID, STATUS
from tests.faults.reaching import BEFORE, HEAD
from tests.faults.scene import (
    Injection,
)
from tm_exporter.fault_matrix import FAULTS, InjectedFault, Sort


INJECTIONS: Mapping[str, Injection] = {
    **BEFORE,
    **HEAD,
    **STATUS,
    **BODY,
    **EVENTS,
    **SAID,
}

ON_EVERY_KIND = frozenset((
    *("ca-missing", "name-unknown", "proxy-refused", "refused", "black-hole"),
    *("unreachable", "tls-expired", "silent", "closed", "not-http", "302", "402"),
    *("429", "401", "404", "404-account", "400-unknown-model", "500", "503", "400"),
    *("body-reset", "body-stops", "gzip-bomb", "200-error", "200-html"),
    *("error-event", "bad-event", "no-token", "other-model", "unexpected", "bug"),
))  # fmt: skip
"""One fault for each reason, which every probe meets that can."""


@dataclass(frozen=True)
class Case:
    """
    A fault, and one kind of probe that meets it.

    Attributes:
        fault: As it is published.
        sort: Of the probe.
        kind: Of the probe.
    """

    fault: InjectedFault
    sort: Sort
    kind: str

    @property
    def injection(self) -> Injection:
        """How the fault is brought about."""
        return INJECTIONS[self.fault.name]

    @property
    def expected(self) -> Any:
        """The reason, None if the run is to pass."""
        return self.fault.verdicts[self.sort]


def _cases(fault: InjectedFault) -> list[Case]:
    """Return a fault with every kind, or with the first of each sort."""
    cases = [Case(fault, sort, kind) for sort, kind in fault.kinds]
    if fault.only or fault.name in ON_EVERY_KIND:
        return cases
    return list({case.sort: case for case in reversed(cases)}.values())[::-1]


CASES = [
    case for faults in FAULTS.values() for fault in faults for case in _cases(fault)
]
