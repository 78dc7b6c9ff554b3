"""Count what happened to deployments, though the service may forget it."""

from collections import Counter
from collections.abc import Iterator

from tm_exporter.catalog import DEPLOYMENT_EVENTS
from tm_exporter.facts import DeploymentEvent, DeploymentEvents
from tm_exporter.observation import Observation, Sample


_KEPT = 10_000
"""Events of a deployment, no longer listed, that are known should they come again."""

MOST_EVENTS = 1_000
"""Events of an account that are known one by one; of more, only the numbers are."""

MOST_DEPLOYMENTS = 1_000
"""Deployments of an account whose events are counted: as many as a family shows."""


_NONE_KNOWN: Counter[DeploymentEvent] = Counter()
_NONE_FORGOTTEN: Counter[str] = Counter()


class _Seen:
    """
    The events of one deployment that were listed at any time.

    An event has no id. Two of one type at one moment are two; one that is listed
    again, after an answer without it, is the same. Where a list has nothing in common
    with those before, its times are none to go by, and only its length is.
    """

    __slots__ = ("_forgotten", "_known", "_only_counts")

    def __init__(self) -> None:
        # Very many may be listed: what is empty is one for all, and never changed.
        self._known: Counter[DeploymentEvent] = _NONE_KNOWN
        self._forgotten: Counter[str] = _NONE_FORGOTTEN
        self._only_counts = False

    @property
    def known(self) -> int:
        """How many events are known one by one."""
        return len(self._known)

    def only_count(self) -> None:
        """Know no event from now on, and only how many there were."""
        self._forgotten, self._known = self.totals(), _NONE_KNOWN
        self._only_counts = True

    def see(self, events: tuple[DeploymentEvent, ...]) -> None:
        """Take a list in; it may lack what an earlier one had."""
        listed = Counter(events)
        if self._only_counts:
            self._forgotten = self._forgotten | _by_kind(listed)
            return
        if listed and self._known and not listed & self._known:
            self._forgotten = self.totals() - _by_kind(listed)
            self._known = _NONE_KNOWN
        if listed:
            self._known = self._known | listed
        unlisted = [event for event in self._known if event not in listed]
        gone = Counter({event: self._known.pop(event) for event in unlisted[:-_KEPT]})
        if gone:
            self._forgotten = self._forgotten + _by_kind(gone)

    def totals(self) -> Counter[str]:
        """Return how many there were, by type."""
        return self._forgotten + _by_kind(self._known)


def _by_kind(events: Counter[DeploymentEvent]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for event, count in events.items():
        counts[event.kind] += count
    return counts


class DeploymentEventCounts:
    """
    Adds totals that never shrink for as long as the deployment is listed.

    The service lists what it remembers, perhaps only the newest; what was listed
    once stays counted.
    """

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, _Seen]] = {}

    def __call__(self, observation: Observation, /) -> Observation:
        """Return the observation with the totals, if it has a list of deployments."""
        fact = observation.fact(DeploymentEvents)
        if fact is None:
            return observation
        before = self._seen.get(observation.key.target, {})
        listed = fact.listed[:MOST_DEPLOYMENTS]
        now = {name: before.get(name, _Seen()) for name, _ in listed}
        self._seen[observation.key.target] = now
        left = MOST_EVENTS
        for name, events in listed:
            now[name].see(events)
            left -= now[name].known
            if left < 0:
                left += now[name].known
                now[name].only_count()
        return observation.plus(_samples(now))

    def forget_target(self, target: str) -> None:
        """Drop what an account listed that is no longer configured."""
        self._seen.pop(target, None)


def _samples(deployments: dict[str, _Seen]) -> Iterator[Sample]:
    for name, seen in deployments.items():
        for kind, total in sorted(seen.totals().items()):
            yield Sample(DEPLOYMENT_EVENTS, total, (name, kind))
