"""What else was seen within a minute of a failure."""

from collections.abc import Callable, Iterable, Mapping

from tm_exporter.derivations.blame import (
    MISREAD,
    OF_ALL,
    Evidence,
    Layer,
    Seen,
    blame_of,
)
from tm_exporter.derivations.elsewhere import Elsewhere
from tm_exporter.derivations.sights import MINUTE, Sight, Standing, TargetSights
from tm_exporter.observation import Reason


class Surroundings:
    """
    Looks around a failure: at its own target, at others, and at the reference URL.

    Args:
        targets: How the probes of each target are doing; read at every question.
        address_of: Returns where a target is, None if it is not configured.

    Attributes:
        reference: What became of the reference URL last; None where there is none.
    """

    def __init__(
        self,
        targets: Mapping[str, TargetSights],
        address_of: Callable[[str], str | None],
    ) -> None:
        self._targets = targets
        self._elsewhere = Elsewhere(targets, address_of)
        self.reference: Sight | None = None

    def changed(self, target: str) -> None:
        """Look again: a target was seen, or is looked at no more."""
        self._elsewhere.changed(target)

    def evidence(
        self, standing: Standing, failure: Sight, *, credit: bool | None = None
    ) -> Evidence:
        """
        Return a failure with what else was seen within a minute of it.

        Args:
            standing: Of the probe that failed.
            failure: Its run.
            credit: Whether the paying account has any left.
        """
        elsewhere = Seen.UNKNOWN  # whoever answers is not out of reach
        if not failure.answered:
            elsewhere = self._elsewhere.around(standing.key.target, failure.at)
        return Evidence(
            reason=failure.reason,
            layer=standing.layer,
            answered=failure.answered,
            authenticated=failure.authenticated,
            opened=self._opened(standing, failure),
            whole=self._whole(standing, failure.at),
            reference=self._reference_around(failure.at),
            elsewhere=elsewhere,
            credit=credit,
        )

    def shuts(
        self, gate: Standing, failure: Sight, *, like: Reason | None = None
    ) -> bool:
        """
        Return whether a failed route shows that the way in is shut, and not only it.

        Args:
            gate: Its probe.
            failure: Its run.
            like: Why a probe failed that may have run into the same. Where both got
                what they cannot read, who passes without reading speaks for nobody.
        """
        are_misread = failure.reason in MISREAD and like in MISREAD
        passed_on = (
            other.passed_since(failure.at) and not other.failed_around(failure.at)
            for other in self._gates(gate)
            if other is not gate and (other.reads or not are_misread)
        )
        return blame_of(self.evidence(gate, failure)) in OF_ALL and not any(passed_on)

    def _opened(self, asking: Standing, failed: Sight) -> Seen:
        """Return how the routes without a model did around a failure."""
        if asking.layer in (Layer.OPEN, Layer.ACCOUNT):
            return Seen.UNKNOWN
        found = Seen.UNKNOWN
        for gate in self._gates(asking):
            failure = gate.failed_around(failed.at)
            if failure is not None and self.shuts(gate, failure, like=failed.reason):
                return Seen.BAD
            if gate.passed_since(failed.at - MINUTE):
                found = Seen.GOOD
        return found

    def _gates(self, asking: Standing) -> Iterable[Standing]:
        """Yield the probes of the same target's routes without a model."""
        standings = self._targets[asking.key.target].of_target()
        return (each for each in standings if each.layer is Layer.OPEN)

    def _whole(self, asking: Standing, at: float) -> Seen:
        """Return how whole answers of the same model did around a moment."""
        if asking.layer is not Layer.STREAM:
            return Seen.UNKNOWN
        found = Seen.UNKNOWN
        for each in self._targets[asking.key.target].of_model(asking.key.model):
            if each.layer is Layer.WHOLE and each.failed_around(at):
                return Seen.BAD
            if each.layer is Layer.WHOLE and each.passed_since(at - MINUTE):
                found = Seen.GOOD
        return found

    def _reference_around(self, at: float) -> Seen:
        """Return what became of the reference URL, by its last word."""
        sight = self.reference
        return Seen.UNKNOWN if sight is None or sight.at < at - MINUTE else sight.seen
