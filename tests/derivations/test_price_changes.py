"""When a price changes, and what that costs."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.derivations.learned import (
    DAY,
    Life,
    every,
    of_account,
    priced,
    row,
    usage,
    values,
)
from tm_exporter.catalog import MODEL_PRICE_CHANGES
from tm_exporter.derivations.price_changes import MOST_PRICES, WAIT, PriceChanges
from tm_exporter.facts import PriceList, TokenKind, TokenPrice, UsageRow
from tm_exporter.memory import FILE, Memory
from tm_exporter.observation import Fact, ProbeKey


PRICING = of_account("pricing")
USAGE = of_account("usage")
Prices = Mapping[str, Mapping[TokenKind, str]]
GPT: Prices = {"gpt": {"input": "0.05", "output": "0.20", "cached": "0"}}
DEARER: Prices = {"gpt": {"input": "0.10", "output": "0.20", "cached": "0"}}


class Process:
    """One process of the exporter, which can be followed by another one."""

    def __init__(
        self, directory: Path | None = None, unit: str = "per_million"
    ) -> None:
        self.life = Life()
        self.memory = Memory(directory)
        self.lines: list[Mapping[str, Any]] = []
        self.changes = PriceChanges(
            self.memory, lambda _: unit, every(60.0), self.life.clock, self.life.now
        )

    def lists(self, prices: Prices, currency: str = "USD") -> dict[str, float]:
        """Return the counters with a price list."""
        return self.sees(PRICING, priced(prices, currency))

    def uses(self, *rows: UsageRow) -> None:
        """Have the account's usage read."""
        self.sees(USAGE, usage(*rows))

    def sees(self, key: ProbeKey, *facts: Fact) -> dict[str, float]:
        """Return the same for any run, whose lines are kept."""
        with capture_logs() as lines:
            seen = self.changes(self.life.learned(key, *facts))
        assert {line["event"] for line in lines} <= {"model_price_changed"}
        self.lines += lines
        return values(seen, MODEL_PRICE_CHANGES)


def test_the_first_list_is_no_change() -> None:
    """Each price that is listed begins at zero."""
    process = Process()

    assert process.lists(GPT) == {"gpt,input": 0, "gpt,output": 0, "gpt,cached": 0}
    assert process.lists(GPT) == {"gpt,input": 0, "gpt,output": 0, "gpt,cached": 0}
    process.life.advance(WAIT)
    process.sees(USAGE)
    assert process.lines == []


def test_a_price_that_changes() -> None:
    """Its counter grows, and no other one; the line has both values, exact."""
    process = Process()
    process.uses(row(process.life.now(), {"input": 1}))
    process.lists(GPT)

    assert process.lists(DEARER) == {"gpt,input": 1, "gpt,output": 0, "gpt,cached": 0}
    (line,) = process.lines
    told = {key: line[key] for key in ("target", "model", "kind", "currency")}
    assert told == {
        "target": "account",
        "model": "gpt",
        "kind": "input",
        "currency": "USD",
    }
    assert (line["old"], line["new"]) == ("0.00000005", "0.0000001")
    assert process.lists(DEARER)["gpt,input"] == 1
    assert len(process.lines) == 1


def test_the_monthly_effect() -> None:
    """At the usage of the last 30 days; cached tokens have a price of their own."""
    process = Process()
    now = process.life.now()
    process.uses(
        row(now - 31 * DAY, {"input": 10**9}),
        row(now - 3 * DAY, {"input": 30_000_000, "cached": 10_000_000, "output": 5}),
        row(now, {"input": 20_000_000}),
        row(now, {"input": 10**9}, model="glm"),
    )
    process.lists(GPT)
    process.lists(DEARER)

    assert process.lines[0]["monthly_effect"] == "2"


def test_the_effect_where_cached_tokens_are_billed_as_input() -> None:
    """Some price cards have no price for them."""
    process = Process()
    process.uses(row(process.life.now(), {"input": 30_000_000, "cached": 10_000_000}))
    process.lists({"gpt": {"input": "0.20"}})
    process.lists({"gpt": {"input": "0.10"}})

    assert process.lines[0]["monthly_effect"] == "-3"


def test_a_change_waits_for_the_first_usage(tmp_path: Path) -> None:
    """At the start, both are read within seconds, in any order."""
    before = Process(tmp_path)
    before.lists(GPT)
    before.memory.close()
    after = Process(tmp_path)

    assert after.lists(DEARER)["gpt,input"] == 1
    assert after.lines == []
    after.life.advance(WAIT / 2)
    after.uses(row(after.life.now(), {"input": 20_000_000}))
    assert after.lines[0]["monthly_effect"] == "1"


def test_a_change_does_not_wait_for_ever() -> None:
    """Whatever run ends next lets it be told without its effect."""
    process = Process()
    process.lists(GPT)
    process.lists(DEARER)
    process.life.advance(WAIT)
    process.sees(of_account("balance", "other"))

    assert len(process.lines) == 1
    assert "monthly_effect" not in process.lines[0]


def test_a_price_that_vanishes_is_no_change() -> None:
    """One that comes back is one only if it is another."""
    process = Process()
    process.uses(row(process.life.now()))
    process.lists({**GPT, "glm": {"input": "1"}})

    assert "glm,input" not in process.lists(GPT)
    assert process.lists({"glm": {"input": "1"}}) == {"glm,input": 0}
    process.lists(GPT)
    assert process.lists({"glm": {"input": "2"}}) == {"glm,input": 1}


def test_a_restart_is_no_change(tmp_path: Path) -> None:
    """Nor is a reload, which keeps everything in any case."""
    before = Process(tmp_path)
    before.lists(GPT)
    before.memory.close()
    after = Process(tmp_path)

    assert set(after.lists(GPT).values()) == {0}


def test_another_way_to_read_prices_is_no_change(tmp_path: Path) -> None:
    """Everything is a million times dearer, and nothing happened."""
    before = Process(tmp_path)
    before.lists(GPT)
    before.memory.close()
    after = Process(tmp_path, "per_token")

    assert set(after.lists({"gpt": {"input": "50000"}}).values()) == {0}


def test_another_currency_is_another_price() -> None:
    """Euros are not compared with dollars."""
    process = Process()
    process.lists(GPT)

    assert set(process.lists(GPT, "EUR").values()) == {0}
    assert process.lists(DEARER)["gpt,input"] == 1


def test_two_prices_of_one_thing_have_no_order() -> None:
    """A list in another order is the same list."""
    process = Process()
    one = TokenPrice("gpt", "input", "USD", Decimal(1))
    two = TokenPrice("gpt", "input", "USD", Decimal(2))
    process.sees(PRICING, PriceList((one, two)))

    assert process.sees(PRICING, PriceList((two, one))) == {"gpt,input": 0}


def test_accounts_do_not_mix() -> None:
    """What one pays is nothing to another."""
    process = Process()
    process.lists(GPT)

    other = process.sees(of_account("pricing", "other"), priced(DEARER))
    assert set(other.values()) == {0}


def test_how_many_prices_are_kept_is_bounded() -> None:
    """A service that makes up names does not fill the disk."""
    process = Process()
    for batch in range(3):
        names = (f"{batch}-{number}" for number in range(600))
        process.lists({name: {"input": "1"} for name in names})

    kept = process.memory.recall("prices")["account"]["values"]["prices"]
    assert len(kept) == MOST_PRICES
    assert kept[0][0] == "2-0"


@pytest.mark.parametrize(
    "prices",
    [
        "5",
        '[["gpt"], 5, ["gpt", "input", "USD", "dear"]]',
        '[["gpt","input","USD","NaN"]]',
    ],
)
def test_a_memory_of_another_shape_is_none(tmp_path: Path, prices: str) -> None:
    """Somebody edited the file."""
    entry = f'{{"of": "per_million", "values": {{"prices": {prices}}}}}'
    values = f'{{"prices": {{"account": {entry}}}}}'
    (tmp_path / FILE).write_text(f'{{"version": 1, "values": {values}}}')

    assert set(Process(tmp_path).lists(GPT).values()) == {0}
