"""Count what happened to deployments, though the service may forget it."""

from collections import Counter
from collections.abc import Iterator

from tm_exporter.catalog import DEPLOYMENT_EVENTS
from tm_exporter.facts import DeploymentEvent, DeploymentEvents
from tm_exporter.observation import Observation, Sample


_KEPT = 10_000
"""Events of a deployment, no longer listed, that are known should they come again."""


class _Seen:
    """
    The events of one deployment that were listed at any time.

    An event has no id. Two of one type at one moment are two; one that is listed
    again, after an answer without it, is the same. Where a list has nothing in common
    with those before, its times are none to go by, and only its length is.
    """

    def __init__(self) -> None:
        self._known: Counter[DeploymentEvent] = Counter()
        self._forgotten: Counter[str] = Counter()

    def see(self, events: tuple[DeploymentEvent, ...]) -> None:
        """Take a list in; it may lack what an earlier one had."""
        listed = Counter(events)
        if listed and self._known and not listed & self._known:
            self._forgotten = self.totals() - _by_kind(listed)
            self._known = Counter()
        self._known |= listed
        unlisted = [event for event in self._known if event not in listed]
        for event in unlisted[:-_KEPT]:
            self._forgotten[event.kind] += self._known.pop(event)

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
        now = {name: before.get(name, _Seen()) for name, _ in fact.listed}
        self._seen[observation.key.target] = now
        for name, events in fact.listed:
            now[name].see(events)
        return observation.plus(_samples(now))


def _samples(deployments: dict[str, _Seen]) -> Iterator[Sample]:
    for name, seen in deployments.items():
        for kind, total in sorted(seen.totals().items()):
            yield Sample(DEPLOYMENT_EVENTS, total, (name, kind))
