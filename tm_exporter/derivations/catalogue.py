"""
What one list of models has and another lacks.

For each inference target, whenever its own list is read, four lists are compared:
that one, what the paying account lists prices for (serverless) or has deployed
(on_demand), the models that the configuration names, and those that are probed.

* `priced_not_served`: has a price, or is deployed and not stopped, and is not on the
  target's list;
* `served_not_priced`: the other way round;
* `configured_not_served`: the configuration names it and the list lacks it;
* `served_not_monitored`: is on the list and no probe asks it, where one asks any.

A list that is not known, is old or, for prices, is empty proves nothing. Lists are not
read in the same moment, so a difference is told only once it was there on two polls
of the target's list, and the account's was read after the first of them or at most
`SAME_TIME` before.

Deployments are compared only where one of their names was on the target's list: the
name that inference is asked by is not always one that the account tells.
"""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tm_exporter.catalog import CATALOG_MISMATCH
from tm_exporter.derivations.latest import IntervalOf, Known, Latest
from tm_exporter.facts import DeploymentsListed, ModelsServed, PriceList
from tm_exporter.observation import Observation, ProbeKey, Sample


Kind = Literal[
    "priced_not_served",
    "served_not_priced",
    "configured_not_served",
    "served_not_monitored",
]
Difference = tuple[str, Kind]
"""A model, and how the lists disagree about it."""

SAME_TIME = 30.0
"""Seconds within which two lists count as read at once."""


class Asked(NamedTuple):
    """
    What is meant to be asked of one inference target.

    Attributes:
        account: Name of the target that pays; None where it is not known.
        named: Models that the configuration names.
        probed: Models that a probe asks, those that were picked by itself included.
    """

    account: str | None
    named: Collection[str]
    probed: Collection[str]


class Offer(NamedTuple):
    """
    What an account offers on a target.

    Attributes:
        names: Of the models.
        paused: Those of them that are stopped on purpose and need not be served.
        age: Seconds since it was read.
        read: Its number among all that were ever read.
    """

    names: frozenset[str]
    paused: frozenset[str]
    age: float
    read: int


def differences(
    served: Collection[str], offer: Offer | None, asked: Asked
) -> Iterator[Difference]:
    """
    Yield what the lists disagree about.

    Args:
        served: The models of the target's own list.
        offer: None where it is not known.
        asked: What the configuration wants.
    """
    there = frozenset(served)
    for name in sorted(frozenset(asked.named) - there):
        yield name, "configured_not_served"
    for name in sorted(there - frozenset(asked.probed) if asked.probed else ()):
        yield name, "served_not_monitored"
    if offer is not None:
        for name in sorted(offer.names - offer.paused - there):
            yield name, "priced_not_served"
        for name in sorted(there - offer.names):
            yield name, "served_not_priced"


class _Sight(NamedTuple):
    """
    When a difference was seen first.

    Attributes:
        poll: Number of the poll of the target's list.
        offer: The first read of the account's list that confirms it.
    """

    poll: int
    offer: int


@dataclass(slots=True)
class _Target:
    """
    What is kept of one target.

    Attributes:
        key: Of the probe that reads its list.
        account: The target that pays, with whose list it was compared.
        polls: How often its list was read.
        sights: The differences of the last poll.
        told: Those of them that were confirmed.
        shares_names: The name of a deployment was once on its list.
    """

    key: ProbeKey
    account: str | None = None
    polls: int = 0
    sights: dict[Difference, _Sight] = field(default_factory=dict)
    told: tuple[Difference, ...] = ()
    shares_names: bool = False

    def compare(self, found: Iterator[Difference], offer: Offer | None) -> None:
        """Take the differences of one poll, and see which are confirmed."""
        self.polls += 1
        read = 0 if offer is None else offer.read
        late = offer is not None and offer.age > SAME_TIME
        first = _Sight(self.polls, read + late)
        self.sights = {each: self.sights.get(each, first) for each in found}
        self.told = tuple(
            each
            for each, sight in self.sights.items()
            if sight.poll < self.polls
            and (each[1] not in _OF_ACCOUNT or sight.offer <= read)
        )


_OF_ACCOUNT = ("priced_not_served", "served_not_priced")


class Catalogue:
    """
    Adds `tensormesh_catalog_mismatch` to the runs that read a target's list.

    A run that could not read it repeats what was told, until that is old.

    Args:
        asked: Returns what is meant to be asked of an inference target.
        interval_of: How often a probe runs.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        asked: Callable[[str], Asked],
        interval_of: IntervalOf,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._asked = asked
        self._served = Latest(ModelsServed, interval_of, clock)
        self._prices = Latest(PriceList, interval_of, clock)
        self._deployments = Latest(DeploymentsListed, interval_of, clock)
        self._targets: dict[str, _Target] = {}

    def __call__(self, observation: Observation) -> Observation:
        """Return the observation with the differences that are confirmed."""
        self._prices.note(observation)
        self._deployments.note(observation)
        served = self._served.note(observation)
        key = observation.key
        if served is not None:
            self._compare(self._targets.setdefault(key.target, _Target(key)), served)
        target = self._targets.get(key.target)
        if target is None or target.key != key or self._served.of(key.target) is None:
            return observation
        return observation.plus(Sample(CATALOG_MISMATCH, 1, t) for t in target.told)

    def forget(self, key: ProbeKey) -> None:
        """Drop what a probe read that is no longer configured."""
        target = self._targets.get(key.target)
        if target is not None and target.key == key:
            del self._targets[key.target]

    def forget_target(self, target: str) -> None:
        """Drop what is known of a target that is no longer configured."""
        for latest in (self._served, self._prices, self._deployments):
            latest.forget_target(target)

    def _compare(self, target: _Target, served: ModelsServed) -> None:
        """Compare a list that was read just now with the others."""
        names = {model.name for model in served.models}
        asked = self._asked(target.key.target)
        if asked.account != target.account:  # what was seen with another's list
            target.account, target.sights = asked.account, {}
        if target.key.surface == "serverless":
            offer = _priced(self._prices.known(asked.account))
        else:
            offer = _deployed(self._deployments.known(asked.account))
            target.shares_names |= offer is not None and not names.isdisjoint(
                offer.names
            )
            offer = offer if target.shares_names else None
        target.compare(differences(names, offer, asked), offer)


def _priced(known: Known[PriceList] | None) -> Offer | None:
    """Return the models of a price list, None where there are none."""
    if known is None or not known.fact.prices:
        return None
    names = frozenset(price.model for price in known.fact.prices)
    return Offer(names, frozenset(), known.age, known.read)


def _deployed(known: Known[DeploymentsListed] | None) -> Offer | None:
    """Return the names of deployments."""
    if known is None:
        return None
    names, paused = frozenset(known.fact.names), frozenset(known.fact.stopped)
    return Offer(names, paused, known.age, known.read)
