"""What canaries used, against what the account was billed for."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.derivations.learned import (
    CHAT,
    DAY,
    NOON,
    Life,
    every,
    of_account,
    priced,
    row,
    usage,
    values,
)
from tm_exporter.catalog import RECONCILIATION_DRIFT_RATIO
from tm_exporter.derivations.own_use import KEPT_DAYS, LAG, LONGEST_GAP
from tm_exporter.derivations.reconciliation import Reconciliation
from tm_exporter.facts import TokenKind, UsageRow
from tm_exporter.memory import FILE, Memory
from tm_exporter.observation import ProbeKey, Tokens


HOUR = 3600.0
Prices = Mapping[str, Mapping[TokenKind, str]]
PRICES: Prices = {"gpt": {"input": "1", "output": "2", "cached": "0"}}
ONCE = Tokens(input=100, output=10, cached=0)
MIDNIGHT = NOON - DAY / 2
A_DAY = {"input": 2400, "output": 240, "requests": 24}
"""What a day of runs every hour is billed for."""


class Process:
    """One process of the exporter, with a canary every hour."""

    def __init__(
        self, directory: Path | None = None, now: float = MIDNIGHT - 1
    ) -> None:
        self.life = Life(now)
        self.memory = Memory(directory)
        payers = {"serverless": "account"}
        self.reconciliation = Reconciliation(
            payers.get,
            self.memory,
            {"account": "https://api"}.get,
            every(HOUR),
            clock=self.life.clock,
            now=self.life.now,
        )
        self.lists_prices()

    def lists_prices(self, prices: Prices = PRICES) -> None:
        """Have the price list read."""
        listed = priced(prices)
        self.reconciliation(self.life.learned(of_account("pricing"), listed))

    def runs(
        self, *used: Tokens | None, key: ProbeKey = CHAT, then: float = HOUR
    ) -> None:
        """Let a canary run, and time pass."""
        self.reconciliation(self.life.learned(key, used=used or (ONCE,)))
        self.life.advance(then)

    def a_day(self) -> None:
        """Let it run from hour to hour."""
        for _ in range(24):
            self.runs()

    def wait_for_the_bill(self) -> None:
        """Let the allowance for the last day pass, with canaries."""
        for _ in range(int(LAG / HOUR) + 1):
            self.runs()

    def is_billed(self, *rows: UsageRow) -> float | None:
        """Return the drift that comes with a usage."""
        self.lists_prices()
        seen = self.reconciliation(self.life.learned(of_account("usage"), usage(*rows)))
        return values(seen, RECONCILIATION_DRIFT_RATIO).get("")


@pytest.fixture
def process() -> Process:
    """Return a process that ran for a day and some hours, from before midnight."""
    process = Process()
    process.runs(then=2)  # one on the day before, which begins the record
    process.a_day()
    process.wait_for_the_bill()
    return process


def test_a_bill_that_is_right(process: Process) -> None:
    """What was used is what is billed."""
    assert process.is_billed(row(MIDNIGHT, A_DAY)) == 0


@pytest.mark.parametrize(
    ("billed", "drift"),
    [
        pytest.param({"input": 2640, "output": 264}, 0.1, id="a tenth more"),
        pytest.param({"input": 1200, "output": 120}, -0.5, id="half"),
        pytest.param({"input": 0, "output": 0}, -1.0, id="nothing"),
        pytest.param({"input": 2400, "output": 240 + 288}, 0.2, id="output only"),
        pytest.param(
            {"input": 2400, "output": 240, "cached": 1440}, -0.5, id="as cached"
        ),
    ],
)
def test_a_bill_that_is_not(
    process: Process, billed: dict[str, int], drift: float
) -> None:
    """By the share that it is too much or too little, at the price list."""
    assert process.is_billed(row(MIDNIGHT, billed)) == pytest.approx(drift)


def test_a_day_that_was_not_billed_at_all(process: Process) -> None:
    """Its row is missing, and there are older ones."""
    earlier = row(MIDNIGHT - 3 * DAY, A_DAY)

    assert process.is_billed(earlier) == -1


def test_days_before_the_usage_history_are_left_out(process: Process) -> None:
    """It does not reach back for ever."""
    assert process.is_billed(row(MIDNIGHT + DAY, A_DAY)) is None


def test_cached_tokens_without_a_price_are_input(process: Process) -> None:
    """Some price cards have none."""
    process.lists_prices({"gpt": {"input": "1", "output": "2"}})
    listed = priced({"gpt": {"input": "1", "output": "2"}})
    billed = usage(row(MIDNIGHT, {**A_DAY, "cached": 1440}))
    process.reconciliation(process.life.learned(of_account("pricing"), listed))
    seen = process.reconciliation(process.life.learned(of_account("usage"), billed))

    assert values(seen, RECONCILIATION_DRIFT_RATIO) == {"": 0}


def test_the_running_day_is_left_out(process: Process) -> None:
    """What is billed for it is neither closed nor comparable."""
    today = row(MIDNIGHT + DAY, {"input": 10**9, "output": 10**9, "requests": 10**6})

    assert process.is_billed(row(MIDNIGHT, A_DAY), today) == 0


def test_a_day_is_closed_only_some_hours_later() -> None:
    """Bills lag behind."""
    process = Process()
    process.runs(then=2)
    process.a_day()

    assert process.is_billed(row(MIDNIGHT, A_DAY)) is None


def test_an_account_that_uses_other_models_is_not_ours_alone(process: Process) -> None:
    """Then a difference means nothing."""
    others = row(MIDNIGHT, {"input": 1, "output": 0}, model="glm")

    assert process.is_billed(row(MIDNIGHT, A_DAY), others) is None


def test_an_account_that_uses_much_more_is_not_ours_alone(process: Process) -> None:
    """Up to twice it may be a bill that is wrong; beyond, there is other use."""
    twice = {name: 2 * count for name, count in A_DAY.items()}

    assert process.is_billed(row(MIDNIGHT, twice)) == 1
    assert process.is_billed(row(MIDNIGHT, {"input": 2400, "output": 2000})) is None


def test_a_few_requests_say_nothing() -> None:
    """One of them more or less would be a drift."""
    process = Process()
    process.runs(then=2)
    for _ in range(19):
        process.runs(then=HOUR)
    process.life.advance(5 * HOUR - 1)
    for _ in range(10):
        process.runs()

    assert process.is_billed(row(MIDNIGHT, A_DAY)) is None


def test_a_day_that_began_without_us_is_left_out() -> None:
    """Who knows what was used before."""
    process = Process(now=MIDNIGHT + 2 * HOUR)
    process.a_day()
    process.wait_for_the_bill()

    assert process.is_billed(row(MIDNIGHT, A_DAY)) is None


def test_a_day_with_a_use_that_is_not_known_is_left_out() -> None:
    """A request that broke off may have been billed."""
    process = Process()
    process.runs(then=2)
    process.runs(None, then=0)
    process.a_day()
    process.wait_for_the_bill()

    assert process.is_billed(row(MIDNIGHT, A_DAY)) is None


def test_a_day_with_a_long_gap_is_left_out() -> None:
    """Another instance may have run meanwhile, or we were away."""
    process = Process()
    process.runs(then=2)
    for _ in range(23):
        process.runs()
    process.life.advance(LONGEST_GAP)
    process.a_day()

    assert process.is_billed(row(MIDNIGHT, A_DAY)) is None


@pytest.mark.parametrize("step", [-DAY, DAY])
def test_a_clock_that_was_set_begins_a_new_record(step: float) -> None:
    """No day is what it seems."""
    process = Process()
    process.runs(then=2)
    process.a_day()
    process.life._offset += step
    process.wait_for_the_bill()

    assert process.is_billed(row(MIDNIGHT, A_DAY)) is None


def test_a_restart_continues_the_record(tmp_path: Path) -> None:
    """While it was down, it used nothing."""
    before = Process(tmp_path)
    before.runs(then=2)
    for _ in range(12):
        before.runs()
    before.memory.close()
    after = Process(tmp_path, now=before.life.now())
    for _ in range(12):
        after.runs()
    after.wait_for_the_bill()

    assert after.is_billed(row(MIDNIGHT, A_DAY)) == 0


def test_without_a_price_there_is_no_weight(process: Process) -> None:
    """Of a model that is not on the list, nothing is known."""
    process.lists_prices({"glm": {"input": "1"}})
    billed = usage(row(MIDNIGHT, A_DAY))
    seen = process.reconciliation(process.life.learned(of_account("usage"), billed))

    assert not values(seen, RECONCILIATION_DRIFT_RATIO)


def test_other_accounts_and_targets_have_no_part_in_it(process: Process) -> None:
    """On-demand is not billed by the token, and others pay for themselves."""
    process.runs(key=ProbeKey("dedicated", "on_demand", "chat", "gpt"), then=0)
    process.runs(key=ProbeKey("foreign", "serverless", "chat", "gpt"), then=0)
    seen = process.reconciliation(
        process.life.learned(of_account("usage", "other"), usage(row(MIDNIGHT, A_DAY)))
    )

    assert not values(seen, RECONCILIATION_DRIFT_RATIO)
    assert process.is_billed(row(MIDNIGHT, A_DAY)) == 0


def test_requests_that_were_refused_are_none() -> None:
    """They used nothing."""
    process = Process()
    process.runs(then=2)
    for _ in range(24):
        process.runs(Tokens())
    process.wait_for_the_bill()

    assert process.is_billed(row(MIDNIGHT, A_DAY)) is None


def test_old_days_are_forgotten() -> None:
    """The record is bounded."""
    process = Process()
    for _ in range(2 * KEPT_DAYS):
        process.runs(then=DAY)

    record = process.reconciliation._records["account"]
    assert len(record.days) == KEPT_DAYS + 1


@pytest.mark.parametrize("days", ["5", '{"x": {}}', '{"1": {"gpt": "x"}}'])
def test_a_memory_of_another_shape_is_none(tmp_path: Path, days: str) -> None:
    """Somebody edited the file."""
    record = f'{{"since": 0, "at": {MIDNIGHT}, "days": {days}, "broken": []}}'
    entry = f'{{"account": {{"of": "https://api", "values": {record}}}}}'
    content = f'{{"version": 1, "values": {{"own_usage": {entry}}}}}'
    (tmp_path / FILE).write_text(content)
    process = Process(tmp_path)
    process.runs()

    assert process.is_billed(row(MIDNIGHT - DAY, A_DAY)) is None
