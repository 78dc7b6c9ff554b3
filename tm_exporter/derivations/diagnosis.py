"""
Whose fault it is that a target, or a model of it, fails: from the same minute.

Each failure is judged by what else failed or passed within a minute of it, so that a
probe which runs once an hour is not blamed on a service that recovered since. What is
everybody's (the network, the edge, a credential, the credit, a throttle) ends as soon
as another probe gets through which did not get through before; what may be one probe's
own (routing, a model, a stream) ends when that probe passes, or another one of the
model which had failed for the same reason. The decision itself is the table in `blame`.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from tm_exporter.derivations.blame import (
    Blame,
    Diagnosis,
    Evidence,
    Layer,
    blame_of,
    diagnose,
)
from tm_exporter.derivations.latest import IntervalOf, Latest
from tm_exporter.derivations.sights import Sight, Standing, TargetSights
from tm_exporter.derivations.surroundings import Surroundings
from tm_exporter.facts import BalanceRead
from tm_exporter.observation import Observation, Probe, ProbeKey, Reason


Labels = tuple[str, ...]

_CURRENT = 3
"""Intervals after which a run says nothing any more, as with its gauges."""

_ANY = frozenset(Layer)
_PAID = frozenset((Layer.WHOLE, Layer.STREAM))
_ENDED_BY: Mapping[Blame, frozenset[Layer]] = {
    Blame.NETWORK_LOCAL: _ANY,
    Blame.NETWORK_REMOTE: _ANY,
    Blame.EDGE: _ANY,
    Blame.AUTH: _PAID | {Layer.CHEAP, Layer.ACCOUNT},
    Blame.QUOTA: _PAID,
    Blame.THROTTLED: _PAID,
}
"""Whose recovery shows that it is over, where it is not one probe's own."""


class Diagnoses:
    """
    Remembers what every probe saw last; it adds nothing to an observation.

    Args:
        account_of: Returns the account that pays for a target, None if unknown.
        address_of: Returns where a target is, None if it is not configured.
        interval_of: How often a probe runs, None for one that does not.
        clock: Monotonic seconds.
        doubt: Told that a target gave no answer, so that the reference URL is asked.
    """

    def __init__(
        self,
        account_of: Callable[[str], str | None],
        address_of: Callable[[str], str | None],
        interval_of: IntervalOf,
        clock: Callable[[], float] = time.monotonic,
        *,
        doubt: Callable[[], None] = lambda: None,
    ) -> None:
        self._account_of = account_of
        self._doubt = doubt
        self._interval_of = interval_of
        self._clock = clock
        self._balances = Latest(BalanceRead, interval_of, clock)
        self._targets: dict[str, TargetSights] = {}
        self._around = Surroundings(self._targets, address_of)

    def watch(self, probe: Probe) -> None:
        """Begin to remember what a probe sees."""
        sights = self._targets.setdefault(probe.key.target, TargetSights())
        sights.standings.setdefault(probe.key, Standing.of(probe))

    def forget(self, key: ProbeKey) -> None:
        """Drop what is known of a probe, and of its target with the last of them."""
        if (sights := self._targets.get(key.target)) is not None:
            sights.standings.pop(key, None)
            if not sights.standings:
                del self._targets[key.target]
                self._around.changed(key.target)

    def forget_target(self, target: str) -> None:
        """Drop what an account told that is no longer configured."""
        self._balances.forget_target(target)

    def forget_reference(self) -> None:
        """Know nothing of the reference URL: it is another one now, or none."""
        self._around.reference = None

    def note_reference(self, reason: Reason | None) -> None:
        """Take whether the reference URL answered: None, or why it did not."""
        answered = reason is None
        sight = Sight(self._clock(), reason, answered, authenticated=False)
        self._around.reference = sight

    def __call__(self, observation: Observation, /) -> Observation:
        """Take note of a run, unless it says nothing of the service."""
        self._balances.note(observation)
        sights = self._targets.get(observation.key.target)
        says_nothing = observation.verdict.reason is Reason.INTERNAL
        if sights is None or observation.key not in sights.standings or says_nothing:
            return observation
        if observation.outcome.supported:
            sight = Sight.of(observation, self._clock())
            if sights.falls_silent(observation.key, sight):
                self._doubt()
            sights.note(observation.key, sight)
            self._around.changed(observation.key.target)
        return observation

    def of(self, target: str, model: str = "") -> Diagnosis | None:
        """Return what is wrong with a target, or a model of it; None for nothing."""
        sights = self._targets.get(target)
        if sights is None:
            return None
        if model:
            return diagnose(self._against_model(target, sights, model))
        models = [self.of(target, model) for model in sights.models]
        return self._of_target(target, sights, models)

    def word(self, target: str, model: str = "") -> str | None:
        """Return the verdict on a target or a model of it, None for nothing wrong."""
        found = self.of(target, model)
        return None if found is None else found.blame.value

    def rows(
        self, target: str, shown: Callable[[str], str] = str
    ) -> dict[Labels, float]:
        """
        Return 1 or 0 by target, surface, model and verdict, of all that is known.

        Args:
            target: Whose.
            shown: Makes a label value of a name; the same one at each call.
        """
        sights = self._targets.get(target, TargetSights())
        known = [s for s in sights.standings.values() if self._is_current(s)]
        fails = any(s.last is not None and not s.last.passed for s in known)
        found = self._of_all(target, sights) if fails else {}
        rows: dict[Labels, float] = {}
        for model in sorted({s.key.model for s in known}):
            surface = known[0].key.surface
            rows |= _nothing_wrong(target, surface, model, shown)
            if (wrong := found.get(model)) is not None:
                rows[shown(target), surface, shown(model), wrong.blame.value] = 1.0
        return rows

    def served(self, target: str) -> tuple[str, ...] | None:
        """Return the names on a target's model list, None if it is not known."""
        sights = self._targets.get(target)
        return None if sights is None else sights.served

    def models(self, target: str) -> set[str]:
        """Return the models of a target that are asked."""
        sights = self._targets.get(target)
        return set() if sights is None else sights.models

    def is_common(self, key: ProbeKey) -> bool:
        """Return whether other probes of a target fail with one, and none is spared."""
        sights = self._targets.get(key.target)
        return sights is not None and sights.fail_with(key)

    def is_of_all_models(self, target: str, reason: Reason | None) -> bool:
        """Return whether several models fail for a reason, and none does not."""
        sights = self._targets.get(target)
        return sights is not None and len(sights.models) > 1 and sights.share(reason)

    def takes_our_key(self, target: str) -> bool | None:
        """
        Return whether another target of the same account takes its credential.

        None where that is not known: one that passes takes it, one that fails for
        anything but the credential says nothing of it. Control Planes have
        credentials of their own.
        """
        account, answers = self._account_of(target), set()
        for other, sights in self._targets.items():
            if other != target and self._account_of(other) == account:
                keyed = (s for s in sights.standings.values() if s.key.model)
                last = [each.last for each in keyed if self._is_current(each)]
                answers |= {
                    sight.passed
                    for sight in last
                    if sight is not None
                    and (sight.passed or sight.reason is Reason.AUTH)
                }
        return None if not answers else any(answers)

    def _of_all(
        self, target: str, sights: TargetSights
    ) -> Mapping[str, Diagnosis | None]:
        """Return what is wrong with each model of a target; "" is the target itself."""
        found = {model: self.of(target, model) for model in sights.models}
        found[""] = self._of_target(target, sights, list(found.values()))
        return found

    def _of_target(
        self, target: str, sights: TargetSights, models: Sequence[Diagnosis | None]
    ) -> Diagnosis | None:
        """Return what fails for all of a target, or for each of its models."""
        own = diagnose(self._against(target, sights, sights.of_target()))
        common = [found for found in models if found is not None]
        if not common or len(common) < len(models):
            return own
        evidence = (found.evidence for found in (own, *common) if found is not None)
        return diagnose(evidence)

    def _against_model(
        self, target: str, sights: TargetSights, model: str
    ) -> Iterator[Evidence]:
        """Yield what speaks against a model, the state of its target included."""
        asked = list(sights.of_model(model))
        yield from self._against(target, sights, asked)
        for gate in sights.of_target():
            last = gate.last
            if last is None or any(each.passed_since(last.at) for each in asked):
                continue
            is_missing = last.served is not None and model not in last.served
            if is_missing or (not last.passed and self._around.shuts(gate, last)):
                yield from self._against(target, sights, (gate,))

    def _against(
        self, target: str, sights: TargetSights, standings: Iterable[Standing]
    ) -> Iterator[Evidence]:
        """Yield what speaks against some probes of a target, as far as it stands."""
        balance = self._balances.of(self._account_of(target))
        credit = None if balance is None else balance.balance.amount > 0
        for standing in standings:
            last = standing.last
            if last is None or last.passed or not self._is_current(standing):
                continue
            evidence = self._around.evidence(standing, last, credit=credit)
            if not _is_over(evidence, sights, standing, last.at):
                yield evidence

    def _is_current(self, standing: Standing) -> bool:
        """Whether a probe's last run is not too old to say anything."""
        interval = self._interval_of(standing.key)
        if standing.last is None or interval is None:
            return False
        return self._clock() - standing.last.at <= _CURRENT * interval


@lru_cache(maxsize=10_000)
def _nothing_wrong(
    target: str, surface: str, model: str, shown: Callable[[str], str]
) -> Mapping[Labels, float]:
    """Return 0 for each verdict; made once, since all of them are told always."""
    names = shown(target), surface, shown(model)
    return {(*names, blame.value): 0.0 for blame in Blame}


def _is_over(
    evidence: Evidence, sights: TargetSights, failed: Standing, at: float
) -> bool:
    """Whether another probe got through since, where that is proof."""
    if sights.recovered_at <= at:
        return False
    blame = blame_of(evidence)
    layers = _ENDED_BY.get(blame, frozenset()) if blame else frozenset()
    for other in sights.standings.values():
        if other is failed or not other.recovered_after(at):
            continue
        is_same_model = other.key.model == failed.key.model
        if other.layer in layers and (blame is not Blame.THROTTLED or is_same_model):
            return True
        reason = None if other.failed is None else other.failed.reason
        if is_same_model and reason is evidence.reason:
            return True  # it suffered from the same, and does no more
    return False
