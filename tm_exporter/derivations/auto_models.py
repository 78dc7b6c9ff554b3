"""
Choose the models of targets that say `models: auto`.

Candidates come from what the paying account offers, cheapest first, else from the
surface's own list. On demand that list goes first: only it tells under which names
the gateway serves what is deployed. A model once chosen is kept for as long as it is
offered, so that a change of prices does not end its series; it is let go when two
polls in a row lack it. For seven days it is told as not listed: gone is not healthy.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tm_exporter.catalog import MODEL_LISTED, MODEL_MAX_MODEL_LEN
from tm_exporter.facts import DeploymentsListed, ModelsServed, PriceList
from tm_exporter.memory import Memory
from tm_exporter.observation import Fact, Observation, Sample
from tm_exporter.section import Surface


REMEMBERED = 7 * 86_400.0
"""Seconds for which a model that is offered no more stays visible."""

MISSES = 2
"""Polls in a row that must lack a chosen model before it is let go."""

_MEMORY = "auto_models"
_ANEW = 3600.0  # seconds after which what is remembered is told anew
_OFFERS: dict[Surface, type[Fact]] = {
    "serverless": PriceList,
    "on_demand": DeploymentsListed,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoTarget:
    """
    A target whose models are to be chosen.

    Attributes:
        name: Of the target.
        surface: Decides what of the account is an offer: prices or deployments.
        limit: How many models to choose at the most.
        account: The control_plane target that pays; None where it is not known.
        probe: Name of the account's probe that reads the offer; None if none runs.
        lister: Name of the target's probe whose list to wait for; None for none.
    """

    name: str
    surface: Surface
    limit: int
    account: str | None = None
    probe: str | None = None
    lister: str | None = None


@dataclass(slots=True)
class _Choice:
    """
    What is chosen for one target, and from what.

    Attributes:
        offered: By the account, best first; None while nothing was read.
        served: By the surface, None likewise.
        waiting: The account's offer has not been asked for yet.
        unlisted: The surface's list neither.
        chosen: In order of preference.
        confirmed: Those of them that the surface once had in its list.
        misses: Polls in a row that lacked a chosen model.
        had: When each model was chosen last, in seconds since the epoch.
    """

    target: AutoTarget
    waiting: bool
    unlisted: bool
    offered: tuple[str, ...] | None = None
    served: ModelsServed | None = None
    chosen: tuple[str, ...] = ()
    confirmed: set[str] = field(default_factory=set)
    misses: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    had: dict[str, float] = field(default_factory=dict)

    @classmethod
    def begun(cls, target: AutoTarget) -> "_Choice":
        """Return a choice of which nothing is known yet."""
        waiting, unlisted = target.probe is not None, target.lister is not None
        return cls(target, waiting=waiting, unlisted=unlisted)

    def follows(self, target: AutoTarget) -> "_Choice":
        """Return the choice as it is to be for other settings of the target."""
        offer = (target.surface, target.account, target.probe)
        if offer != (self.target.surface, self.target.account, self.target.probe):
            self.offered, self.waiting = None, target.probe is not None
        self.unlisted = self.unlisted and target.lister is not None
        self.target, self.chosen = target, self.chosen[: target.limit]
        return self

    @property
    def served_names(self) -> tuple[str, ...]:
        """Names in the surface's list, in its order."""
        return () if self.served is None else tuple(m.name for m in self.served.models)

    @property
    def goes_by_list(self) -> bool:
        """Whether the surface's own list decides."""
        on_demand = self.target.surface == "on_demand"
        return not self.offered or (on_demand and self.served is not None)

    def candidates(self) -> tuple[str, ...]:
        """Return what may be chosen, best first; nothing while it is not known."""
        if self.waiting or self.unlisted:
            return ()
        if not self.goes_by_list:
            return self.offered or ()
        offered, served = self.offered or (), self.served_names
        both = tuple(model for model in offered if model in served)
        return both or served or (() if self.chosen else offered)

    def choose(self, *, polled: bool) -> tuple[str, ...]:
        """
        Return the models to ask from now on.

        Args:
            polled: Whether the source of the candidates was just read again.
        """
        candidates = self.candidates()
        if not candidates:
            return self.chosen
        kept = tuple(m for m in self.chosen if self._keeps(m, candidates, polled))
        free = [m for m in self._served_first(candidates) if m not in kept]
        return (*kept, *free)[: max(self.target.limit, len(kept))]

    def _keeps(self, model: str, candidates: Sequence[str], polled: bool) -> bool:  # noqa: FBT001
        deployed = model in self.confirmed and model in (self.offered or ())
        if model in candidates or deployed:  # an outage is no reason to look away
            self.misses.pop(model, None)
            return True
        self.misses[model] += polled
        return self.misses[model] < MISSES

    def _served_first(self, candidates: Sequence[str]) -> list[str]:
        """Return candidates with those in front that the surface lists."""
        served = frozenset(self.served_names)
        return sorted(candidates, key=lambda model: model not in served)


class AutoModels:
    """
    Follows what is offered, and tells when the choice changes.

    Args:
        targets: Those that say `models: auto`.
        changed: Told a target's name and all its models, when these change.
        memory: Keeps which models there were, over restarts.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        targets: Iterable[AutoTarget],
        changed: Callable[[str, tuple[str, ...]], None],
        memory: Memory,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._changed = changed
        self._memory = memory
        self._now = now
        self._remembered_at = now()
        self._choices = {target.name: _Choice.begun(target) for target in targets}
        self._recall(self._choices)

    @property
    def chosen(self) -> dict[str, tuple[str, ...]]:
        """The models that are chosen now, by the target's name."""
        return {name: choice.chosen for name, choice in self._choices.items()}

    def follow(self, targets: Iterable[AutoTarget]) -> None:
        """
        Choose for these targets from now on; what is chosen already stays.

        Nobody is told of it: a limit that became lower takes away the models beyond,
        one that became higher waits for the next poll.
        """
        before, self._choices = self._choices, {}
        for target in targets:
            old = before.get(target.name)
            self._choices[target.name] = (
                _Choice.begun(target) if old is None else old.follows(target)
            )
        self._recall(self._choices.keys() - before.keys())

    def forget_target(self, target: str) -> None:
        """Choose anew for a target that is another one now, if for any."""
        if (choice := self._choices.get(target)) is not None:
            self._choices[target] = _Choice.begun(choice.target)

    def __call__(self, observation: Observation) -> Observation:
        """Take the facts of a run, and say which chosen models a list has."""
        for choice in self._choices.values():
            self._take(choice, observation)
        choice_here = self._choices.get(observation.key.target)
        served = observation.fact(ModelsServed)
        if choice_here is None or served is None:
            return observation
        return observation.plus(self._listed(choice_here, served))

    def _take(self, choice: _Choice, observation: Observation) -> None:
        """Take what a run says of a target's candidates, and choose again."""
        target, key = choice.target, observation.key
        served = observation.fact(ModelsServed)
        if key.target == target.account and key.probe == target.probe:
            offer = observation.fact(_OFFERS[target.surface])
            choice.waiting = False
            if offer is not None:
                choice.offered = _names(offer)
            polled = not choice.goes_by_list and offer is not None
        elif key.target == target.name and (served or key.probe == target.lister):
            choice.unlisted = False
            choice.served = served or choice.served
            polled = choice.goes_by_list and served is not None
        else:
            return
        self._set(choice, choice.choose(polled=polled))

    def _set(self, choice: _Choice, chosen: tuple[str, ...]) -> None:
        """Note what is chosen, and tell if it is something else than before."""
        before, choice.chosen = choice.chosen, chosen
        choice.confirmed |= set(chosen).intersection(choice.served_names)
        now = self._now()
        choice.had |= dict.fromkeys((*before, *chosen), now)
        choice.had = {m: at for m, at in choice.had.items() if now - at <= REMEMBERED}
        if chosen != before or not 0 <= now - self._remembered_at < _ANEW:
            self._remember()
        if chosen != before:
            self._changed(choice.target.name, chosen)

    def _listed(self, choice: _Choice, served: ModelsServed) -> Iterator[Sample]:
        """Yield for each model that was ever chosen whether the list has it."""
        lengths = {model.name: model.max_model_len for model in served.models}
        for model in choice.had:
            yield Sample(MODEL_LISTED, float(model in lengths), (model,))
            length = lengths.get(model)
            if length is not None:
                yield Sample(MODEL_MAX_MODEL_LEN, length, (model,))

    def _recall(self, targets: Collection[str]) -> None:
        """Know again which models these targets had."""
        now = self._now()
        for name, had in self._memory.recall(_MEMORY).items():
            choice = self._choices.get(name)
            if choice is None or name not in targets or not isinstance(had, dict):
                continue
            choice.had = {
                model: float(at)
                for model, at in had.items()
                if isinstance(at, int | float) and 0 <= now - at <= REMEMBERED
            }

    def _remember(self) -> None:
        had = {name: dict(choice.had) for name, choice in self._choices.items()}
        self._memory.remember(_MEMORY, had)
        self._remembered_at = self._now()


def _names(offer: Fact) -> tuple[str, ...]:
    """Return the models of an offer, the cheapest first."""
    if isinstance(offer, PriceList):
        totals: defaultdict[str, Decimal] = defaultdict(Decimal)
        for price in offer.prices:
            totals[price.model] += price.amount if price.kind != "cached" else 0
        return tuple(sorted(totals, key=lambda model: (totals[model], model)))
    if isinstance(offer, DeploymentsListed):
        return tuple(name for name in offer.names if name not in offer.stopped)
    return ()
