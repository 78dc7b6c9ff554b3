"""What is chosen where a target says `models: auto`."""

from dataclasses import replace
from decimal import Decimal

from tests.sinks.observations import observation
from tm_exporter.catalog import MODEL_LISTED
from tm_exporter.derivations.auto_models import REMEMBERED, AutoModels, AutoTarget
from tm_exporter.facts import DeploymentsListed, ModelsServed, PriceList, TokenPrice
from tm_exporter.memory import Memory
from tm_exporter.observation import Fact, Observation, ProbeKey
from tm_exporter.wire.payloads import ServedModel


MODELS = ProbeKey("serverless", "serverless", "models")
PRICING = ProbeKey("account", "control_plane", "pricing")
DEPLOYMENTS = ProbeKey("account", "control_plane", "deployments")
WITH_PRICES = AutoTarget(
    name="serverless",
    surface="serverless",
    limit=1,
    account="account",
    probe="pricing",
)
ALONE = AutoTarget(name="serverless", surface="serverless", limit=2)


class Watched:
    """An `AutoModels`, and what it told."""

    def __init__(self, target: AutoTarget, memory: Memory | None = None) -> None:
        self.told: list[tuple[str, ...]] = []
        self.now = 1e9
        self.memory = memory or Memory(None)
        self.auto = AutoModels(
            [target], lambda _, models: self.told.append(models), self.memory, self.time
        )

    def time(self) -> float:
        """Return the time, as it was set."""
        return self.now

    def see(self, key: ProbeKey, *facts: Fact) -> Observation:
        """Let a run end that learned these facts."""
        seen = observation(key)
        return self.auto(replace(seen, outcome=replace(seen.outcome, facts=facts)))


def served(*names: str) -> ModelsServed:
    """Return a surface's list."""
    return ModelsServed(tuple(ServedModel(name, 4096) for name in names))


def priced(**totals: str) -> PriceList:
    """Return a price list; half of each total is for input."""
    return PriceList(
        tuple(
            TokenPrice(name, kind, "USD", Decimal(total) / 2)
            for name, total in totals.items()
            for kind in ("input", "output")
        )
    )


def listed(observation: Observation) -> dict[str, float]:
    """Return what a list is said to have, by model."""
    return {
        sample.labels[0]: sample.value
        for sample in observation.outcome.samples
        if sample.family is MODEL_LISTED
    }


def test_takes_the_cheapest_of_the_account_s_price_list() -> None:
    """Even where the surface's list came first."""
    watched = Watched(WITH_PRICES)
    watched.see(MODELS, served("dear", "cheap"))
    assert watched.told == []

    watched.see(PRICING, priced(dear="9", cheap="1", middling="4"))
    assert watched.told == [("cheap",)]


def test_prefers_what_is_served() -> None:
    """A price for what nobody serves is no offer, if there is another one."""
    watched = Watched(WITH_PRICES)
    watched.see(MODELS, served("dear"))
    watched.see(PRICING, priced(dear="9", cheap="1"))

    assert watched.told == [("dear",)]


def test_takes_the_surface_s_list_where_there_are_no_prices() -> None:
    """Once it is known that there are none: a failed pull is enough."""
    watched = Watched(WITH_PRICES)
    watched.see(MODELS, served("one", "two"))
    watched.see(PRICING)

    assert watched.told == [("one",)]


def test_takes_as_many_as_the_limit() -> None:
    """Of a target that has no account."""
    watched = Watched(ALONE)
    watched.see(MODELS, served("one", "two", "three"))

    assert watched.told == [("one", "two")]


def test_keeps_its_choice_when_prices_change() -> None:
    """So that series do not end with every discount."""
    watched = Watched(WITH_PRICES)
    watched.see(PRICING, priced(one="1", two="2"))
    watched.see(PRICING, priced(one="3", two="2"))

    assert watched.told == [("one",)]


def test_lets_a_model_go_that_two_polls_lack() -> None:
    """And tells for seven days, over a restart, that it is gone."""
    watched = Watched(ALONE)
    watched.see(MODELS, served("one", "two"))
    watched.see(MODELS, served("two", "three"))
    assert watched.told == [("one", "two")]

    gone = watched.see(MODELS, served("two", "three"))
    assert watched.told[-1] == ("two", "three")
    assert listed(gone) == {"one": 0.0, "two": 1.0, "three": 1.0}

    again = Watched(ALONE, watched.memory)
    again.now = watched.now + REMEMBERED - 1
    assert listed(again.see(MODELS, served("two", "three")))["one"] == 0.0
    again.now += 2
    assert "one" not in listed(again.see(MODELS, served("two", "three")))


def test_an_empty_list_takes_nothing_away() -> None:
    """That nothing is offered is a fault of the offer: the canaries go on."""
    watched = Watched(ALONE)
    watched.see(MODELS, served("one"))
    for _ in range(3):
        watched.see(MODELS, served())

    assert watched.told == [("one",)]


def test_a_missing_model_that_comes_back_was_never_gone() -> None:
    """Two polls in a row must lack it."""
    watched = Watched(ALONE)
    for names in (("one", "two"), ("two",), ("one", "two"), ("two",)):
        watched.see(MODELS, served(*names))

    assert watched.told == [("one", "two")]


ON_DEMAND = AutoTarget(
    name="serverless",
    surface="on_demand",
    limit=1,
    account="account",
    probe="deployments",
    lister="models",
)


def test_takes_running_deployments_on_demand() -> None:
    """Those that are stopped on purpose answer nobody."""
    watched = Watched(replace(ON_DEMAND, limit=3, lister=None))
    watched.see(DEPLOYMENTS, DeploymentsListed(("up", "down"), stopped=("down",)))

    assert watched.told == [("up",)]


def test_asks_on_demand_for_what_the_gateway_calls_it() -> None:
    """A deployment's nickname is no name that the gateway knows."""
    watched = Watched(ON_DEMAND)
    watched.see(DEPLOYMENTS, DeploymentsListed(("assistant",)))
    watched.see(MODELS, served("some-model-gpu-type-h200x1"))

    assert watched.told == [("some-model-gpu-type-h200x1",)]


def test_prefers_on_demand_what_is_both_deployed_and_listed() -> None:
    """In whichever order the two are read."""
    watched = Watched(ON_DEMAND)
    watched.see(MODELS, served("other", "deployed"))
    watched.see(DEPLOYMENTS, DeploymentsListed(("starting", "deployed")))

    assert watched.told == [("deployed",)]


def test_takes_deployments_where_the_gateway_tells_no_list() -> None:
    """A list that cannot be read must not keep everything from being watched."""
    watched = Watched(ON_DEMAND)
    watched.see(DEPLOYMENTS, DeploymentsListed(("deployed",)))
    assert watched.told == []
    watched.see(MODELS)

    assert watched.told == [("deployed",)]


def test_gives_up_a_nickname_once_the_gateway_tells_its_names() -> None:
    """Two lists in a row must lack it."""
    watched = Watched(ON_DEMAND)
    watched.see(DEPLOYMENTS, DeploymentsListed(("assistant",)))
    watched.see(MODELS)
    for _ in range(2):
        watched.see(MODELS, served("gateway-name"))

    assert watched.told[-1] == ("gateway-name",)


def test_remembers_over_a_restart_what_was_chosen_for_long() -> None:
    """Days since it was chosen do not count: those since it was seen last."""
    memory = Memory(None)
    watched = Watched(ALONE, memory)
    for hours in range(10 * 24, 0, -1):
        watched.now = 1e9 - hours * 3600.0
        watched.see(MODELS, served("one"))
    restarted = Watched(ALONE, memory)

    seen = restarted.see(MODELS, served("two"))

    listed = [s for s in seen.outcome.samples if s.family is MODEL_LISTED]
    assert {s.labels: s.value for s in listed} == {("one",): 0.0, ("two",): 1.0}


def test_a_list_that_fails_counts_for_nothing() -> None:
    """Only two lists that were read tell that a model is gone."""
    watched = Watched(replace(ON_DEMAND, account=None, probe=None))
    watched.see(MODELS, served("one"))
    watched.see(MODELS, served("two"))
    for _ in range(3):
        watched.see(MODELS)

    assert watched.told == [("one",)]


def test_keeps_on_demand_what_is_deployed_and_vanishes_from_the_list() -> None:
    """That is an outage to be seen, and no reason to look elsewhere."""
    watched = Watched(ON_DEMAND)
    watched.see(DEPLOYMENTS, DeploymentsListed(("one", "two")))
    watched.see(MODELS, served("one", "two"))
    for _ in range(3):
        watched.see(MODELS, served("two"))
        watched.see(DEPLOYMENTS, DeploymentsListed(("one", "two")))
    for _ in range(3):
        watched.see(MODELS, served())

    assert watched.told == [("one",)]


def test_lets_go_on_demand_what_is_deployed_no_more() -> None:
    """And takes what is."""
    watched = Watched(ON_DEMAND)
    watched.see(DEPLOYMENTS, DeploymentsListed(("one", "two")))
    watched.see(MODELS, served("one", "two"))
    watched.see(DEPLOYMENTS, DeploymentsListed(("two",)))
    for _ in range(2):
        watched.see(MODELS, served("two"))

    assert watched.told == [("one",), ("two",)]


def test_follows_another_limit() -> None:
    """A lower one takes models away at once; a higher one counts at the next poll."""
    watched = Watched(ALONE)
    models = ProbeKey("serverless", "serverless", "models")
    watched.see(models, served("a", "b", "c"))
    watched.auto.follow([replace(ALONE, limit=1)])
    fewer = watched.auto.chosen
    watched.auto.follow([replace(ALONE, limit=3)])
    waiting = watched.auto.chosen
    watched.see(models, served("a", "b", "c"))

    assert fewer == waiting == {"serverless": ("a",)}
    assert watched.auto.chosen == {"serverless": ("a", "b", "c")}


def test_follows_another_account() -> None:
    """What is chosen stays until that one made its offer."""
    watched = Watched(ALONE)
    models = ProbeKey("serverless", "serverless", "models")
    watched.see(models, served("a", "b", "c"))
    paid = replace(ALONE, limit=1, account="account", probe="pricing")
    watched.auto.follow([paid])
    watched.see(models, served("c"))
    before = watched.auto.chosen
    pricing = ProbeKey("account", "control_plane", "pricing")
    for _ in range(2):
        watched.see(pricing, priced(c="1", b="2"))

    assert before == {"serverless": ("a",)}
    assert watched.auto.chosen == {"serverless": ("c",)}


def test_forgets_a_target_that_is_another_one_now() -> None:
    """And one that is not there any more."""
    watched = Watched(ALONE)
    models = ProbeKey("serverless", "serverless", "models")
    watched.see(models, served("a"))
    watched.auto.forget_target("serverless")
    watched.auto.forget_target("never there")
    anew = watched.auto.chosen
    watched.auto.follow([])

    assert anew == {"serverless": ()}
    assert watched.auto.chosen == {}
