"""
A Lease of Kubernetes as a value: who holds it, and what was spent under it.

What others wrote into it, such as labels, is kept. The totals are an annotation, so
that they are written by the same compare-and-swap as the holder.

Source: Kubernetes API reference, LeaseSpec; client-go, `resourcelock/leaselock.go`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from tm_exporter.budget.totals import Totals, TotalsUnreadable


ANNOTATION = "tm-exporter/canary-spending"
"""The annotation that has the totals."""

_FREED_FOR = 1  # second, since the API refuses none; nobody waits for it


class RecordUnreadable(Exception):  # noqa: N818 -- what it is
    """A lease cannot be understood; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Record:
    """
    A lease as it was read.

    Attributes:
        body: All of it.
        version: Changes with every write.
        holder: Identity of who holds it; empty if nobody does.
        duration: Seconds that the holder gave itself; None if it does not say.
        totals: What was spent or is granted; None where no money ever was.
    """

    body: Mapping[str, Any]
    version: str
    holder: str
    duration: float | None
    totals: Totals | None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """
        Return what a lease says.

        Raises:
            RecordUnreadable: It says nothing that could be relied on.
        """
        metadata, spec = _part(body, "metadata"), _part(body, "spec")
        version = metadata.get("resourceVersion")
        if not isinstance(version, str) or not version:
            raise RecordUnreadable("the lease has no resourceVersion")
        holder = spec.get("holderIdentity") or ""
        duration = spec.get("leaseDurationSeconds")
        return cls(
            body=body,
            version=version,
            holder=holder if isinstance(holder, str) else repr(holder),
            duration=float(duration) if isinstance(duration, int) else None,
            totals=_totals(metadata),
        )

    def held(
        self, holder: str, duration: float, now: float, totals: Totals | None
    ) -> dict[str, Any]:
        """
        Return the lease as it is to be when somebody holds it, or goes on to.

        Args:
            holder: Who.
            duration: Seconds for which nobody may take it.
            now: Seconds since the epoch.
            totals: What is spent or granted from now on.
        """
        spec = {**_part(self.body, "spec")}
        if holder != self.holder:
            spec["acquireTime"] = _time(now)
            spec["leaseTransitions"] = _count(spec.get("leaseTransitions")) + 1
        spec |= _holding(holder, duration, now)
        return self._with(spec, totals)

    def freed(self, now: float, totals: Totals | None) -> dict[str, Any]:
        """Return the lease as it is to be when its holder lets go of it."""
        spec = {**_part(self.body, "spec"), **_holding("", _FREED_FOR, now)}
        return self._with(spec, totals)

    def _with(self, spec: Mapping[str, Any], totals: Totals | None) -> dict[str, Any]:
        metadata = {**_part(self.body, "metadata")}
        metadata.pop("managedFields", None)  # the server keeps its own
        if totals is not None:
            told = {ANNOTATION: totals.text()}
            metadata["annotations"] = {**_part(metadata, "annotations"), **told}
        return {**self.body, "metadata": metadata, "spec": {**spec}}


def made(
    holder: str, duration: float, now: float, totals: Totals | None
) -> dict[str, Any]:
    """Return a lease to be made, already held."""
    spec = {
        **_holding(holder, duration, now),
        "acquireTime": _time(now),
        "leaseTransitions": 0,
    }
    annotations = {} if totals is None else {ANNOTATION: totals.text()}
    return {"metadata": {"annotations": annotations}, "spec": spec}


def _holding(holder: str, duration: float, now: float) -> dict[str, Any]:
    return {
        "holderIdentity": holder,
        "leaseDurationSeconds": math.ceil(duration),
        "renewTime": _time(now),
    }


def _totals(metadata: Mapping[str, Any]) -> Totals | None:
    told = _part(metadata, "annotations").get(ANNOTATION)
    if told is None:
        return None
    try:
        return Totals.read(told if isinstance(told, str) else "")
    except TotalsUnreadable as error:
        raise RecordUnreadable(
            f"what was spent so far cannot be read from the annotation {ANNOTATION}: "
            f"{error}; update tm-exporter, or delete the lease if it is damaged"
        ) from None


def _part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object within an object; an empty one where there is none."""
    found = whole.get(name)
    return found if isinstance(found, Mapping) else {}


def _count(told: Any) -> int:
    return told if isinstance(told, int) and not isinstance(told, bool) else 0


def _time(now: float) -> str:
    """Return a time as MicroTime, which wants six decimals."""
    moment = datetime.fromtimestamp(now, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
