"""Where lists of models disagree."""

from collections.abc import Sequence

import pytest

from tests.derivations.learned import (
    ON_DEMAND,
    SERVERLESS,
    Life,
    every,
    of_account,
    priced,
    served,
    values,
)
from tests.sinks.observations import observation
from tm_exporter.catalog import CATALOG_MISMATCH
from tm_exporter.derivations.catalogue import SAME_TIME, Asked, Catalogue
from tm_exporter.facts import DeploymentsListed
from tm_exporter.observation import Fact, ProbeKey, Reason


MINUTE = 60.0


class World:
    """An account and a target, whose lists are read when told."""

    def __init__(
        self,
        named: Sequence[str] = ("gpt",),
        *,
        account: str | None = "account",
        probed: Sequence[str] | None = None,
    ) -> None:
        self.life = Life()
        self.asked = Asked(account, named, named if probed is None else probed)
        self.catalogue = Catalogue(lambda _: self.asked, every(MINUTE), self.life.clock)

    def lists(self, *names: str, key: ProbeKey = SERVERLESS) -> set[str]:
        """Return the differences that are told with a target's own list."""
        return self.sees(key, served(*names))

    def prices(self, *names: str, account: str = "account") -> None:
        """Have an account's price list read."""
        listed = priced({name: {"input": "1", "output": "2"} for name in names})
        self.sees(of_account("pricing", account), listed)

    def deploys(self, *names: str, stopped: tuple[str, ...] = ()) -> None:
        """Have the account's deployments read."""
        self.sees(of_account("deployments"), DeploymentsListed(names, stopped))

    def sees(self, key: ProbeKey, *facts: Fact) -> set[str]:
        """Return what is told with a run; a second passes."""
        self.life.advance(1.0)
        seen = self.catalogue(self.life.learned(key, *facts))
        assert set(values(seen, CATALOG_MISMATCH).values()) <= {1.0}
        return set(values(seen, CATALOG_MISMATCH))


def test_lists_that_agree() -> None:
    """Nothing is told."""
    world = World()
    world.prices("gpt")

    assert not world.lists("gpt")
    assert not world.lists("gpt")


def test_a_difference_is_told_on_the_second_poll() -> None:
    """And is gone with the poll that does not have it."""
    world = World(["gpt", "gemma"])

    assert not world.lists("gpt")
    assert world.lists("gpt") == {"gemma,configured_not_served"}
    assert world.lists("gpt") == {"gemma,configured_not_served"}
    assert not world.lists("gpt", "gemma")
    assert not world.lists("gpt")


def test_every_kind_of_a_serverless_target() -> None:
    """The price list is what the surface is compared with."""
    world = World(["gpt", "gemma"])
    world.prices("gpt", "gemma", "kimi")
    world.lists("gpt", "glm")

    assert world.lists("gpt", "glm") == {
        "gemma,configured_not_served",
        "gemma,priced_not_served",
        "kimi,priced_not_served",
        "glm,served_not_priced",
        "glm,served_not_monitored",
    }


def test_an_old_price_list_has_to_be_read_again() -> None:
    """A model may have come to both lists since."""
    world = World()
    world.prices("gpt")
    world.lists("gpt")
    world.life.advance(SAME_TIME)

    new = ("gpt", "glm")
    world.lists(*new)
    for _ in range(3):
        assert world.lists(*new) == {"glm,served_not_monitored"}

    world.prices("gpt")
    assert "glm,served_not_priced" in world.lists(*new)
    world.prices("gpt", "glm")
    assert world.lists(*new) == {"glm,served_not_monitored"}


def test_without_an_account_prices_prove_nothing() -> None:
    """As those of an account that pays for others."""
    world = World(account=None)
    world.prices("kimi")
    world.lists("gpt")

    assert not world.lists("gpt")


def test_another_account_s_prices_prove_nothing() -> None:
    """Each has its own list."""
    world = World()
    world.prices("kimi", account="other")
    world.lists("gpt")

    assert not world.lists("gpt")


def test_an_account_that_is_another_one_now_is_compared_anew() -> None:
    """However often the one before was read, and what that showed."""
    world = World()
    for _ in range(9):
        world.prices("gpt")
    world.lists("gpt")
    world.life.advance(SAME_TIME)
    world.lists("gpt", "glm")
    world.catalogue.forget_target("account")
    world.prices("gpt")
    anew = world.lists("gpt", "glm")
    world.prices("gpt", account="other")
    world.asked = world.asked._replace(account="other")
    other = [world.lists("gpt", "glm") for _ in range(2)]

    assert "glm,served_not_priced" in anew
    assert "glm,served_not_priced" not in other[0]
    assert "glm,served_not_priced" in other[1]


def test_a_price_list_that_is_too_old_proves_nothing() -> None:
    """What it said is told no longer."""
    world = World()
    world.prices("gpt", "kimi")
    world.lists("gpt")
    assert world.lists("gpt") == {"kimi,priced_not_served"}
    world.life.advance(900)

    assert not world.lists("gpt")


def test_an_empty_price_list_proves_nothing() -> None:
    """An account that is not charged by the token is no difference of everything."""
    world = World()
    world.prices()
    world.lists("gpt")

    assert not world.lists("gpt")


def test_a_target_that_asks_no_model_monitors_none() -> None:
    """Where nothing was named, nothing is forgotten."""
    world = World([])
    world.lists("gpt")

    assert not world.lists("gpt")


def test_models_that_were_picked_are_monitored() -> None:
    """With `models: auto`, what is not picked is not."""
    world = World([], probed=["gpt"])
    world.lists("gpt", "glm")

    assert world.lists("gpt", "glm") == {"glm,served_not_monitored"}


def test_an_on_demand_target_is_compared_with_deployments() -> None:
    """Stopped ones need not be served; prices by token have no part in it."""
    world = World()
    world.prices("kimi")
    world.deploys("gpt", "gemma", "batch", stopped=("batch",))
    world.lists("gpt", "glm", key=ON_DEMAND)

    assert world.lists("gpt", "glm", key=ON_DEMAND) == {
        "gemma,priced_not_served",
        "glm,served_not_priced",
        "glm,served_not_monitored",
    }


def test_deployments_that_have_other_names_prove_nothing() -> None:
    """What inference calls a model is not always what the account calls it."""
    world = World()
    world.deploys("assistant", "research")
    world.lists("gpt", key=ON_DEMAND)

    assert not world.lists("gpt", key=ON_DEMAND)


def test_the_last_deployment_that_is_served_may_go() -> None:
    """Once the names were the same, they are."""
    world = World()
    world.deploys("gpt", "gemma")
    world.lists("gpt", "gemma", key=ON_DEMAND)
    world.deploys("gemma")
    world.lists("gpt", key=ON_DEMAND)

    assert "gemma,priced_not_served" in world.lists("gpt", key=ON_DEMAND)


def test_a_run_without_a_list_repeats_what_was_told() -> None:
    """One timeout is no news of a catalogue; an old list is none either."""
    world = World(["gpt", "gemma"])
    world.lists("gpt")
    told = world.lists("gpt")
    failed = observation(SERVERLESS, reason=Reason.TIMEOUT)

    world.life.advance(800)
    assert set(values(world.catalogue(failed), CATALOG_MISMATCH)) == told
    world.life.advance(101)
    assert not values(world.catalogue(failed), CATALOG_MISMATCH)


@pytest.mark.parametrize("probe", ["health", "chat"])
def test_other_runs_of_the_target_say_nothing(probe: str) -> None:
    """The series belongs to the probe that reads the list."""
    world = World(["gpt", "gemma"])
    world.lists("gpt")
    world.lists("gpt")

    other = world.catalogue(
        world.life.learned(ProbeKey("serverless", "serverless", probe))
    )
    assert not values(other, CATALOG_MISMATCH)


def test_targets_do_not_mix() -> None:
    """Two polls of one are not a poll each of two."""
    world = World(["gpt", "gemma"])
    other = ProbeKey("other", "serverless", "models")

    assert not world.lists("gpt")
    assert not world.lists("gpt", key=other)
    assert world.lists("gpt")
