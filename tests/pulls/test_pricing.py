"""What the price lists say, and what they might."""

from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.clients_of import client_of
from tests.probes.test_free_probes import values
from tm_exporter.catalog import (
    GPU_PRICE_PER_HOUR,
    MODEL_PRICE_PER_TOKEN,
    PRICE_UNIT_PLAUSIBLE,
)
from tm_exporter.config.load import load
from tm_exporter.config.running import running
from tm_exporter.facts import PriceList, TokenPrice
from tm_exporter.observation import Outcome, ProbeKey, Reason
from tm_exporter.pulls.pricing import PricingPull, PricingSection
from tm_exporter.section import PriceUnit
from tm_exporter.simulator.server import Simulator


KEY = ProbeKey("account", "control_plane", "pricing")
TOKENS = "/v1/billing/serverless-pricing"
GPUS = "/v1/billing/gpu-pricing"
ONE = {"model": "m", "inputTokenPrice": {"units": "1"}}


async def pricing(
    service: Simulator, unit: PriceUnit | None = None, **lists: Any
) -> Outcome:
    """Read the price lists, with these answers in place of the simulator's."""
    for route, key in ((TOKENS, "tokens"), (GPUS, "gpus")):
        if key in lists:
            body = orjson.dumps({"pricing": lists[key]}).decode()
            service.rule(route, status=200, body=body)
    client = client_of(service, "control_plane")
    return await PricingPull(PricingSection(price_unit=unit), KEY, client).run()


async def test_prices_of_tokens_and_gpus(service: Simulator) -> None:
    """One token of each kind of each model, and an hour of each GPU."""
    outcome = await pricing(service)

    prices = values(outcome, MODEL_PRICE_PER_TOKEN)
    listed = {m.name: m.price for m in service.world.account.models if m.price}
    assert outcome.verdict.passed
    assert outcome.supported
    assert {labels[0] for labels in prices} == set(listed)
    for model, price in listed.items():
        assert prices[model, "input", "USD"] == float(price.input / 1_000_000)
        assert prices[model, "output", "USD"] == float(price.output / 1_000_000)
        assert prices[model, "cached", "USD"] == 0
    gpus = values(outcome, GPU_PRICE_PER_HOUR)
    assert gpus["GPU_TYPE_H100", "CLOUD_PROVIDER_NEBIUS", "USD"] == 2.95
    assert "GPU_TYPE_B200" not in {labels[0] for labels in gpus}  # not active
    assert values(outcome, PRICE_UNIT_PLAUSIBLE) == {("per_million",): 1}


async def test_prices_are_a_fact_and_exact(service: Simulator) -> None:
    """The budget counts in decimals."""
    nano = {"nanos": 1, "currencyCode": "eur"}
    outcome = await pricing(service, tokens=[{"model": "m", "inputTokenPrice": nano}])

    assert outcome.facts == (
        PriceList(
            (TokenPrice("m", "input", "EUR", Decimal("1e-15")),), is_plausible=False
        ),
    )


@pytest.mark.parametrize(
    ("unit", "units", "price", "plausible"),
    [
        pytest.param("per_million", 1, 1e-6, 1, id="a-dollar-a-million"),
        pytest.param("per_token", 1, 1.0, 0, id="a-dollar-a-token"),
    ],
)
async def test_the_unit_is_a_setting_and_is_told(
    service: Simulator, unit: PriceUnit, units: int, price: float, plausible: int
) -> None:
    """A list that is read in the wrong unit is wrong a millionfold, which shows."""
    entry = {"model": "m", "inputTokenPrice": {"units": units}}
    outcome = await pricing(service, unit, tokens=[entry])

    assert outcome.verdict.passed
    assert values(outcome, MODEL_PRICE_PER_TOKEN) == {("m", "input", "USD"): price}
    assert values(outcome, PRICE_UNIT_PLAUSIBLE) == {(unit,): plausible}


def test_the_unit_comes_from_the_top_of_the_file() -> None:
    """A list of one account may be read in another."""
    account = {"surface": "control_plane", "token": "t"}
    loaded = load(
        file=None,
        environ={},
        isolated=True,
        overrides={
            "price_unit": "per_token",
            "targets": [
                {"name": "one", **account},
                {
                    "name": "two",
                    **account,
                    "probes": {"pricing": {"price_unit": "per_million"}},
                },
            ],
        },
    )

    units = [
        (row.target.name, row.section.price_unit)
        for row in running(loaded.settings)
        if isinstance(row.section, PricingSection)
    ]
    assert units == [("one", "per_token"), ("two", "per_million")]


@pytest.mark.parametrize(
    ("entries", "models"),
    [
        pytest.param([ONE], ["m"], id="no-entry-says"),
        pytest.param([{**ONE, "isActive": None}], ["m"], id="null-says-nothing"),
        pytest.param([{**ONE, "isActive": False}], [], id="inactive"),
        pytest.param(
            [{**ONE, "isActive": True}, {**ONE, "model": "n"}], ["m"], id="left-out"
        ),
        pytest.param([{"inputTokenPrice": {"units": 1}}], [], id="of-no-model"),
        pytest.param([], [], id="empty"),
        pytest.param(None, [], id="null"),
    ],
)
async def test_only_active_entries_count(
    service: Simulator, entries: Any, models: list[str]
) -> None:
    """False may be left out; a list that never says so knows no such thing."""
    outcome = await pricing(service, tokens=entries)

    assert outcome.verdict.passed
    found = values(outcome, MODEL_PRICE_PER_TOKEN)
    assert [labels[0] for labels in found] == models


async def test_another_price_has_its_field_as_kind(service: Simulator) -> None:
    """The service may bill what it did not when this was written; not without end."""
    money = {"currencyCode": "USD", "units": "2"}
    others = {f"price{n:03}": money for n in range(100)}
    odd = {"createdAt": "2026-01-01T00:00:00Z", "bad key": money, "spec": {"a": 1}}
    outcome = await pricing(service, tokens=[{**ONE, **others, **odd}])

    kinds = [kind for _, kind, _ in values(outcome, MODEL_PRICE_PER_TOKEN)]
    assert kinds == ["input", *(f"price{n:03}" for n in range(8))]
    assert [price.kind for price in outcome.facts[0].prices] == ["input"]  # type: ignore[attr-defined]  # the only fact


@pytest.mark.parametrize(
    "entry",
    [
        {"model": "m", "inputTokenPrice": {"units": "-1"}},
        {"model": "m", "outputTokenPrice": {"nanos": -1}},
        {"model": "m", "cachedTokenPrice": {"units": str(2**62)}},
        {"model": "m", "inputTokenPrice": "cheap"},
        {"model": 5, "inputTokenPrice": {"units": "1"}},
        {**ONE, "isActive": "yes"},
        "m",
    ],
)
async def test_an_absurd_list_is_no_list(service: Simulator, entry: Any) -> None:
    """Wrong money would be counted with; the other list is good all the same."""
    outcome = await pricing(service, tokens=[entry])

    assert outcome.verdict.reason is Reason.BAD_PAYLOAD
    assert not outcome.supported
    assert values(outcome, MODEL_PRICE_PER_TOKEN) == {}
    assert values(outcome, GPU_PRICE_PER_HOUR)
    assert outcome.facts == ()


@pytest.mark.parametrize("status", [404, 501])
async def test_without_a_list_of_tokens(service: Simulator, status: int) -> None:
    """It is optional; GPUs are listed by another route."""
    service.rule(TOKENS, status=status)

    outcome = await pricing(service)

    assert not outcome.supported
    assert not outcome.verdict.passed
    assert values(outcome, GPU_PRICE_PER_HOUR)


@pytest.mark.parametrize("status", [404, 501])
async def test_without_a_list_of_gpus(service: Simulator, status: int) -> None:
    """Who does not deploy does not miss it."""
    service.rule(GPUS, status=status)

    outcome = await pricing(service)

    assert outcome.verdict.passed
    assert outcome.supported
    assert outcome.exchanges[-1].status == 200
    assert values(outcome, MODEL_PRICE_PER_TOKEN)
    assert values(outcome, GPU_PRICE_PER_HOUR) == {}


async def test_a_fault_of_the_second_list_fails_the_run(service: Simulator) -> None:
    """What was read before it is told all the same."""
    service.rule(GPUS, status=503)

    outcome = await pricing(service)

    assert outcome.verdict.reason is Reason.OVERLOADED
    assert outcome.supported
    assert values(outcome, MODEL_PRICE_PER_TOKEN)


@pytest.mark.parametrize(
    ("entry", "count"),
    [
        pytest.param({"hourlyRate": {"units": "2"}, "isActive": True}, 1, id="active"),
        pytest.param({"hourlyRate": {"units": "2"}}, 0, id="left-out-is-inactive"),
        pytest.param({"isActive": True}, 0, id="without-a-price"),
        pytest.param(
            {"hourlyRate": {"units": 2}, "isActive": True, "gpuType": 3}, 1, id="number"
        ),
    ],
)
async def test_gpus(service: Simulator, entry: Any, count: int) -> None:
    """Enumerations may come as numbers, and false not at all."""
    outcome = await pricing(service, gpus=[entry])

    assert outcome.verdict.passed
    assert len(values(outcome, GPU_PRICE_PER_HOUR)) == count
