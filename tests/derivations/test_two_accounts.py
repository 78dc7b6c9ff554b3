"""Two accounts with two currencies in one process, each with a target it pays for."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.derivations.account_world import Exporter, Plane, simulated, use
from tests.derivations.learned import Life
from tm_exporter import catalog
from tm_exporter.config.load import load
from tm_exporter.config.settings import Settings
from tm_exporter.facts import ModelsServed
from tm_exporter.observation import ProbeKey
from tm_exporter.wire.payloads import ServedModel


ACCOUNTS = {"east": "USD", "west": "EUR"}
GPT = "openai/gpt-oss-20b"


def settings() -> Settings:
    """Return a configuration with two accounts, and a target for each."""
    targets = [
        target
        for name in ACCOUNTS
        for target in (
            {
                "name": f"serverless-{name}",
                "surface": "serverless",
                "base_url": f"http://127.0.0.1:1/{name}",
                "api_key": "ak-made-up",
                "account": name,
                "models": [GPT],
            },
            {
                "name": name,
                "surface": "control_plane",
                "base_url": f"http://127.0.0.1:1/{name}",
                "token": "made-up",
            },
        )
    ]
    overrides = {"targets": targets}
    return load(file=None, environ={}, isolated=True, overrides=overrides).settings


class Both:
    """Both accounts, and the exporter."""

    def __init__(self, directory: Path) -> None:
        self.life = Life()
        self.start = self.life.now()
        self.worlds = {name: simulated(self.life) for name in ACCOUNTS}
        self.planes = {
            name: Plane(self.worlds[name], currency)
            for name, currency in ACCOUNTS.items()
        }
        self.exporter = Exporter(self.life, directory, self.planes, settings())
        for name in ACCOUNTS:
            self.exporter.watch(self.models(name), 3600.0)

    def models(self, name: str) -> ProbeKey:
        """Return the key of the probe that reads a target's list."""
        return ProbeKey(f"serverless-{name}", "serverless", "models")

    async def poll(self) -> None:
        """Let an hour pass, and read everything of both."""
        self.life.advance(3600)
        await self.exporter.poll(self.start)
        served = tuple(
            ServedModel(model.name, 4096)
            for model in self.worlds["east"].account.models
        )
        for name in ACCOUNTS:
            seen = self.life.learned(self.models(name), ModelsServed(served))
            self.exporter.publish(seen)

    def lacks(self, name: str, model: str) -> None:
        """Take a model off one account's price list."""

        def change(path: str, answer: Any) -> Any:
            if path.endswith("serverless-pricing"):
                rows = answer["pricing"]
                answer["pricing"] = [row for row in rows if row["model"] != model]
            return answer

        self.planes[name].change = change


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    """Yield both accounts."""
    both = Both(tmp_path)
    yield both
    both.exporter.memory.close()


async def test_money_is_kept_apart(both: Both) -> None:
    """Each account has its balance, in its currency, and its own runway."""
    both.worlds["west"].account.top_up(Decimal(75))
    use(both.worlds["east"], 10_000_000)
    await both.poll()
    page = both.exporter.page()

    assert page.has(catalog.BILLING_BALANCE, "west") == {"EUR": 100}
    assert list(page.has(catalog.BILLING_BALANCE, "east")) == ["USD"]
    for name, world in both.worlds.items():
        account = world.account
        rates = (account.spent(86_400) / 86_400, account.spent(604_800) / 604_800)
        (runway,) = page.has(catalog.BILLING_RUNWAY_SECONDS, name).values()
        assert runway == pytest.approx(float(account.balance / max(rates)))


async def test_a_target_is_compared_with_the_prices_of_its_own_account(
    both: Both,
) -> None:
    """A model that one account has no price for is a difference of one target."""
    both.lacks("west", GPT)
    await both.poll()
    await both.poll()
    page = both.exporter.page()

    told = {
        name: set(page.has(catalog.CATALOG_MISMATCH, f"serverless-{name}"))
        for name in ACCOUNTS
    }
    assert told["west"] - told["east"] == {f"{GPT},served_not_priced"}
    assert not told["east"] - told["west"]


async def test_a_price_that_changes_for_one(both: Both) -> None:
    """The other one's counters stay, and nothing is logged of it."""
    await both.poll()
    both.worlds["west"].panel.change({"price_factor": 3}, "control_plane")
    with capture_logs() as lines:
        await both.poll()
    page = both.exporter.page()

    assert set(page.has(catalog.MODEL_PRICE_CHANGES, "east").values()) == {0}
    assert page.has(catalog.MODEL_PRICE_CHANGES, "west")[f"{GPT},input"] == 1
    assert {(line["target"], line["currency"]) for line in lines} == {("west", "EUR")}
