"""
A month of an account's life: what is told of it, and what is not.

From 15 July to 14 August 2026, polled every hour, and at the default intervals
on the Friday evening on which the token dies.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.derivations.account_world import (
    ACCOUNT,
    PULLS,
    Exporter,
    Page,
    Plane,
    moment,
    simulated,
    use,
)
from tests.derivations.learned import DAY, SERVERLESS, VERSION, Life
from tm_exporter import catalog
from tm_exporter.derivations.runway import READINGS, SPAN, WINDOW
from tm_exporter.facts import ModelsServed, VersionNamed
from tm_exporter.wire.payloads import ServedModel


MINUTE, HOUR = 60.0, 3600.0
START, END = moment("2026-07-15T00:00"), moment("2026-08-14T00:00")
RESTARTS = (moment("2026-07-20T04:00"), moment("2026-07-31T22:00"))
BLIP = moment("2026-07-18T04:00")
TOP_UPS = (moment("2026-07-19T10:00"), moment("2026-08-03T09:00"))
LEAK = (moment("2026-07-24T08:00"), moment("2026-07-24T17:00"))
DEARER = moment("2026-07-27T12:00")
GAP = (moment("2026-07-29T00:00"), moment("2026-07-29T04:00"))
WITHDRAWN = moment("2026-08-01T06:00")
FRIDAY = moment("2026-08-07T16:00")
DEAD = FRIDAY + 90 * MINUTE
EVENING = FRIDAY + 6 * HOUR
MONDAY = moment("2026-08-10T08:00")

COARSE = dict.fromkeys(PULLS, HOUR) | {"usage": 2 * HOUR}
FINE = {name: section.interval for name, (_, section) in PULLS.items()}

BILLED_BY = {
    catalog.BILLING_BALANCE: "balance",
    catalog.BILLING_RUNWAY_SECONDS: "balance",
    catalog.BILLING_SPEND: "spending",
    catalog.BILLING_CACHE_SAVINGS: "spending",
    catalog.DEPLOYMENT_STATUS: "deployments",
    catalog.USAGE_TODAY_TOKENS: "usage",
    catalog.MODEL_PRICE_PER_TOKEN: "pricing",
    catalog.GPU_PRICE_PER_HOUR: "pricing",
}
"""Families that vanish without a token, and the probe whose answers they are of."""


class Book:
    """
    What was really spent and left.

    Attributes:
        costs: When, and how much.
        readings: What was left whenever the exporter could read it.
        cuts: When the own rate begins anew.
    """

    def __init__(self, costs: Sequence[tuple[float, Decimal]]) -> None:
        self.costs = list(costs)
        self.readings: list[tuple[float, Decimal]] = []
        self.cuts = [START]

    def spent(self, now: float, seconds: float) -> float:
        """Return the dollars a second over the last so many seconds."""
        costs = (cost for at, cost in self.costs if at > now - seconds)
        return float(sum(costs, Decimal())) / seconds

    def fall(self, now: float) -> float | None:
        """Return the slope of the balance, by the formula of any textbook."""
        since = max(now - WINDOW, *self.cuts)
        points = [(at, float(left)) for at, left in self.readings if at >= since]
        if len(points) < READINGS or points[-1][0] - points[0][0] < SPAN:
            return None
        times, lefts = zip(*points, strict=True)
        time, left = sum(times) / len(times), sum(lefts) / len(lefts)
        over = sum((t - time) * (b - left) for t, b in points)
        return float(-over / sum((t - time) ** 2 for t in times))

    def runway(self, now: float) -> float:
        """Return for how long what is left lasts at the fastest of the rates."""
        fall = self.fall(now)
        rates = [self.spent(now, DAY), self.spent(now, 7 * DAY)]
        return float(self.readings[-1][1]) / max(*rates, fall or 0.0)


class Month:
    """
    The account, and the exporter that watches it.

    Attributes:
        book: The truth.
        page: What the exporter tells at the moment.
        polled: When each probe ran last with a token that was valid.
        used: Tokens of the month before the price changed.
    """

    def __init__(self, directory: Path) -> None:
        self.life = Life(START)
        self.world = simulated(self.life)
        past = self.world.account.tallies()
        self.book = Book([(float(tally.start), tally.cost) for tally in past])
        self.page = Page({})
        self.polled: dict[str, float] = {}
        self.used = 0
        self._directory = directory
        self._plane = Plane(self.world)
        self._plane.change = self._as_it_is_now
        self._exporter = self._process()

    async def moments(self) -> AsyncIterator[float]:
        """Live on to the end; yield each moment, when all is polled."""
        while (now := self.life.now()) < END:
            self._happen(now)
            if now in RESTARTS:
                self._restart(now)
            await self._exporter.poll(START)
            self._ask_the_service(now)
            self._note(now)
            yield now
            step = MINUTE if FRIDAY <= now < EVENING else HOUR
            self.life.advance(step / 2)
            self._spend(step)
            self.life.advance(step / 2)

    def _process(self) -> Exporter:
        exporter = Exporter(self.life, self._directory, {ACCOUNT: self._plane})
        exporter.paced(COARSE)
        exporter.watch(SERVERLESS, HOUR)
        exporter.watch(VERSION, HOUR)
        return exporter

    def _restart(self, now: float) -> None:
        self._exporter.memory.close()
        self._exporter = self._process()
        self.book.cuts.append(now)
        page = self._exporter.page()
        assert not any(page.has(family) for family in BILLED_BY)

    def _as_it_is_now(self, path: str, answer: Any) -> Any:
        """Leave out a deployment that is withdrawn, and for hours a price."""
        now = self.life.now()
        if path == "/v1/models" and now >= WITHDRAWN:
            answer["models"] = answer["models"][:-1]
        if path == "/v1/billing/serverless-pricing" and GAP[0] <= now < GAP[1]:
            answer["pricing"] = answer["pricing"][1:]
        return answer

    def _happen(self, now: float) -> None:
        """Let things happen that belong to this moment."""
        panel = self.world.panel
        if now in TOP_UPS:
            self.world.account.top_up(Decimal(40))
            self.book.cuts.append(now)
        if now == DEARER:
            panel.change({"price_factor": 2}, "control_plane")
        if now in (DEAD, MONDAY):
            panel.change({"refuse_credentials": now == DEAD}, "control_plane")
        if now in (FRIDAY, EVENING):
            self._exporter.paced(FINE if now == FRIDAY else COARSE)

    def _spend(self, seconds: float) -> None:
        """Use more by day than by night, and on one day far too much."""
        now = self.life.now()
        tokens = 10_000 if 8 <= now // HOUR % 24 < 20 else 2_500
        times = 8 if LEAK[0] <= now < LEAK[1] else 1
        cost = use(self.world, int(tokens * times * seconds / MINUTE))
        self.book.costs.append((now, cost))

    def _ask_the_service(self, now: float) -> None:
        """Have version and models told; one poll lacks a model, by chance."""
        if (now - START) % HOUR:
            return
        models = [ServedModel(m.name, 4096) for m in self.world.account.models]
        served = ModelsServed(tuple(models[:-1] if now == BLIP else models))
        self._exporter.publish(self.life.learned(VERSION, VersionNamed("1.0")))
        self._exporter.publish(self.life.learned(SERVERLESS, served))

    def _note(self, now: float) -> None:
        self.page = self._exporter.page()
        if DEAD <= now < MONDAY:
            return
        for name, interval in (FINE if FRIDAY <= now < EVENING else COARSE).items():
            if (now - START) % interval == 0:
                self.polled[name] = now
        if now == DEARER - 2 * HOUR:
            self.used = self._output_of_a_month(DEARER)
        if self.polled["balance"] == now:
            self.book.readings.append((now, self.world.account.balance))

    def _output_of_a_month(self, now: float) -> int:
        """Return the output tokens of the first model, of 30 days by UTC."""
        return sum(
            tally.output
            for tally in self.world.account.tallies()
            if tally.model == self.world.account.models[0].name
            and tally.start // DAY * DAY >= now - 30 * DAY
        )


async def test_a_month(tmp_path: Path) -> None:
    """What happens is told in time and once, and nothing else is."""
    month = Month(tmp_path)
    moments = 0
    with capture_logs() as lines:
        async for now in month.moments():
            check_money(month, now)
            check_what_is_there(month, now)
            check_catalogue(month, now)
            check_prices(month, now)
            moments += 1

    assert moments > 1000
    assert {line["event"] for line in lines} == {"model_price_changed"}
    check_changes(month, lines)


def check_money(month: Month, now: float) -> None:
    """Balance and runway are those of the account, when they are read."""
    if month.polled["balance"] != now:
        return
    left = float(month.book.readings[-1][1])
    assert month.page.has(catalog.BILLING_BALANCE) == {"USD": left}
    (runway,) = month.page.has(catalog.BILLING_RUNWAY_SECONDS).values()
    assert runway == pytest.approx(month.book.runway(now), rel=0.02)


def check_what_is_there(month: Month, now: float) -> None:
    """A series is as old as it may be at the most, and something tells of it."""
    intervals = FINE if FRIDAY <= now < EVENING else COARSE
    for family, probe in BILLED_BY.items():
        limit = max(3 * intervals[probe], 15 * MINUTE)
        polled = month.polled[probe]
        is_young = now - polled <= limit
        if probe == "usage" and polled % DAY == 0:
            is_young = False  # at midnight, nothing was used today
        assert bool(month.page.has(family)) == is_young, (family.name, now)
    is_valid = not DEAD <= now < MONDAY
    assert month.page.has(catalog.CONTROL_PLANE_TOKEN_VALID) == {"": is_valid}
    if now > DEAD + 5 * MINUTE or is_valid:
        success = month.page.of_probe(catalog.PROBE_SUCCESS, "balance")
        assert success == {"": is_valid}
    failures = month.page.of_probe(catalog.PROBE_FAILURES, "balance")
    assert bool(failures["auth"]) == (now >= DEAD)
    deployed = {"deployment-1", "deployment-2"}
    deployed |= {"deployment-3"} if now < WITHDRAWN else set()
    told = {key.split(",")[0] for key in month.page.has(catalog.DEPLOYMENT_STATUS)}
    assert told in (deployed, set())


def check_catalogue(month: Month, now: float) -> None:
    """The models that nobody asks are always told; an unpriced one for as long."""
    told = month.page.has(catalog.CATALOG_MISMATCH, "serverless")
    kinds = {key.split(",")[1] for key in told}
    unpriced = {key for key in told if key.endswith("served_not_priced")}
    if GAP[0] < now < GAP[1] + HOUR:
        kinds -= {"served_not_priced"}
    assert kinds <= {"served_not_monitored"}
    if GAP[0] + 2 * HOUR < now < GAP[1]:
        assert unpriced == {"openai/gpt-oss-20b,served_not_priced"}
    if now == BLIP:
        assert len(told) == 2
    elif now - BLIP > HOUR and now not in RESTARTS:
        assert len(set(told) - unpriced) == 3


def check_prices(month: Month, now: float) -> None:
    """Those of a model that is not listed are gone, and its counters with them."""
    if month.polled["pricing"] != now:
        return
    prices = month.page.has(catalog.MODEL_PRICE_PER_TOKEN)
    changes = month.page.has(catalog.MODEL_PRICE_CHANGES)
    assert {key.rpartition(",")[0] for key in prices} == set(changes)
    models = {key.split(",")[0] for key in prices}
    assert ("openai/gpt-oss-20b" in models) == (not GAP[0] <= now < GAP[1])
    if "openai/gpt-oss-20b" in models:
        price = prices["openai/gpt-oss-20b,input,USD"]
        assert price == pytest.approx(0.05e-6 * (2 if now >= DEARER else 1))
    counted = DEARER <= now < RESTARTS[1]
    expected = {k: float(counted and not k.endswith("cached")) for k in changes}
    assert changes == expected
    versions = month.page.has(catalog.SERVICE_VERSION_CHANGES, "serverless")
    assert set(versions.values()) <= {0}


def check_changes(month: Month, lines: Sequence[Mapping[str, Any]]) -> None:
    """Each price changed once; the effect is that of the month before."""
    changed = {(line["model"], line["kind"]) for line in lines}
    models = month.world.account.models
    assert changed == {(m.name, k) for m in models for k in ("input", "output")}
    assert len(lines) == len(changed)
    one = next(line for line in lines if line["kind"] == "output")
    assert one["model"] == models[0].name
    assert month.used
    effect = month.used * Decimal("0.20") / 1_000_000
    assert Decimal(one["monthly_effect"]) == effect
    assert (one["old"], one["new"]) == ("0.0000002", "0.0000004")
