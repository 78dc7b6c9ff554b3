"""The account: every request is billed at the price list, exactly."""

from decimal import Decimal

import httpx
import pytest

from tests.simulator.conftest import Post, Read
from tm_exporter.simulator.account import Account
from tm_exporter.simulator.proto_json import money, without_zero_values
from tm_exporter.simulator.served import SERVERLESS_MODELS
from tm_exporter.simulator.server import Simulator


CHAT = "/v1/chat/completions"
LONG = {"messages": [{"role": "user", "content": "word " * 40}], "max_tokens": 7}
MILLION = Decimal(1_000_000)


def amount(answer: dict[str, object]) -> Decimal:
    """Return the value of a Money message."""
    units, nanos = answer.get("units", "0"), answer.get("nanos", 0)
    return Decimal(str(units)) + Decimal(str(nanos)) / 1_000_000_000


async def balance(read: Read) -> Decimal:
    """Return the balance which the Control Plane tells."""
    return amount((await read("/v1/billing/balance")).json()["balance"])


async def spent(read: Read, window: str) -> Decimal:
    """Return the spending which the Control Plane tells."""
    return amount((await read("/v1/billing/spending/summary")).json()[window])


async def prices(read: Read, model: str) -> tuple[Decimal, Decimal]:
    """Return the price of a million tokens of input and of output."""
    answer = await read("/v1/billing/serverless-pricing", model=model)
    (price,) = answer.json()["pricing"]
    return amount(price["inputTokenPrice"]), amount(price["outputTokenPrice"])


async def test_a_request_costs_what_the_list_says(
    sim: Simulator, post: Post, read: Read
) -> None:
    """The balance falls by it and the windows rise by it, to the last billionth."""
    before = await balance(read), await spent(read, "spend24h")
    price_in, price_out = await prices(read, sim.models[0])

    usage = (await post(CHAT, LONG)).json()["usage"]

    cost = price_in * usage["prompt_tokens"] + price_out * usage["completion_tokens"]
    after = await balance(read), await spent(read, "spend24h")
    assert before[0] - after[0] == cost / MILLION == after[1] - before[1]


async def test_state_tells_what_was_charged(
    sim: Simulator, client: httpx.AsyncClient, post: Post, read: Read
) -> None:
    """Exactly, and without the past that was made up: for tests that count money."""
    before = await balance(read)
    for _ in range(2):
        await post(CHAT, LONG)

    charged = (await client.get(sim.url + "/simulator/state")).json()["charged"]

    assert Decimal(charged["usd"]) == before - await balance(read)
    assert charged["requests"] == 2


async def test_cached_input_is_free(sim: Simulator, post: Post, read: Read) -> None:
    """The second request pays only for what was not cached."""
    price_in, price_out = await prices(read, sim.models[0])
    await post(CHAT, LONG)
    before = await balance(read)

    usage = (await post(CHAT, LONG)).json()["usage"]

    cached = usage["prompt_tokens_details"]["cached_tokens"]
    paid = usage["prompt_tokens"] - cached
    cost = (price_in * paid + price_out * usage["completion_tokens"]) / MILLION
    assert cached > 0
    assert before - await balance(read) == cost


async def test_a_stream_costs_as_much_as_the_whole(post: Post, read: Read) -> None:
    """How the answer is delivered does not matter."""
    costs = []
    for number, stream in enumerate((False, True)):
        message = {"role": "user", "content": f"{number} is new to the cache"}
        before = await balance(read)
        await post(CHAT, {"messages": [message], "max_tokens": 5, "stream": stream})
        costs.append(before - await balance(read))

    assert costs[0] == costs[1] > 0


async def test_a_broken_stream_costs_what_was_generated(
    sim: Simulator, post: Post, read: Read
) -> None:
    """Half of the tokens here."""
    _, price_out = await prices(read, sim.models[0])
    body = {"messages": LONG["messages"], "stream": True, "max_tokens": 20}
    costs = []
    await post(CHAT, body)
    for scenario in ("healthy", "broken_stream"):
        sim.switch(scenario)
        before = await balance(read)
        await post(CHAT, body)
        costs.append(before - await balance(read))

    assert costs[0] - costs[1] == price_out * 10 / MILLION


async def test_use_is_counted_by_model(sim: Simulator, post: Post, read: Read) -> None:
    """Counts are strings, as 64-bit integers are."""
    counts = []
    for _ in range(2):
        rows = (await read("/v1/billing/serverless-usage/history")).json()["rows"]
        names = ("inputTokens", "outputTokens", "requestCount")
        mine = [row for row in rows if row["modelId"] == sim.models[1]]
        assert all(isinstance(row[name], str) for row in mine for name in names)
        counts.append([sum(int(row[name]) for row in mine) for name in names])
        usage = (await post(CHAT, LONG | {"model": sim.models[1]})).json()["usage"]

    rises = [late - early for early, late in zip(*counts, strict=True)]
    assert rises == [usage["prompt_tokens"], usage["completion_tokens"], 1]


@pytest.mark.parametrize(
    ("bucket", "most"),
    [
        pytest.param("USAGE_BUCKET_DAY", 31, id="day"),
        pytest.param("USAGE_BUCKET_WEEK", 6, id="week"),
        pytest.param("USAGE_BUCKET_MONTH", 2, id="month"),
    ],
)
async def test_use_comes_in_buckets(read: Read, bucket: str, most: int) -> None:
    """However it is cut, it is the same use."""
    path = "/v1/billing/serverless-usage/history"

    rows = (await read(path, bucket=bucket)).json()["rows"]
    days = (await read(path)).json()["rows"]

    assert 1 <= len({row["bucketStart"] for row in rows}) <= most
    totals = [sum(int(row["inputTokens"]) for row in each) for each in (rows, days)]
    assert totals[0] == totals[1]


async def test_tokenizing_is_free(post: Post, read: Read) -> None:
    """No token is generated."""
    before = await balance(read)

    await post("/tokenize", {"prompt": "word " * 100})

    assert await balance(read) == before


async def test_on_demand_is_not_billed_by_the_token(
    sim: Simulator, client: httpx.AsyncClient, read: Read
) -> None:
    """Its GPUs are paid for by the hour."""
    headers = {"authorization": f"Bearer {sim.api_key}", "x-user-id": sim.user_id}
    body = LONG | {"model": sim.on_demand_models[0]}
    before = await balance(read)

    answer = await client.post(sim.on_demand_url + CHAT, headers=headers, json=body)

    assert answer.status_code == 200
    assert await balance(read) == before


async def test_windows_and_history_agree(read: Read) -> None:
    """The buckets of a month add up to the window of a month."""
    buckets = (await read("/v1/billing/spending/history")).json()["buckets"]

    total = sum(amount(bucket["amount"]) for bucket in buckets)

    assert total == await spent(read, "spend30d")
    assert total > await spent(read, "spend7d") > await spent(read, "spend24h") > 0


async def test_a_price_change_is_billed_too(
    sim: Simulator, post: Post, read: Read
) -> None:
    """The list and the bill stay one."""
    old, _ = await prices(read, sim.models[0])
    sim.switch("price_change")
    new_in, new_out = await prices(read, sim.models[0])
    before = await balance(read)

    usage = (await post(CHAT, LONG)).json()["usage"]

    cost = new_in * usage["prompt_tokens"] + new_out * usage["completion_tokens"]
    assert new_in == 2 * old
    assert before - await balance(read) == cost / MILLION


async def test_inference_ends_when_the_money_does(
    sim: Simulator, post: Post, read: Read
) -> None:
    """The last request may cost more than there was; the next one gets 402."""
    sim.change(price_factor=20_000)
    statuses: list[int] = []
    while not statuses or statuses[-1] == 200:
        answer = await post(CHAT, LONG | {"max_tokens": 20, "model": sim.models[2]})
        statuses.append(answer.status_code)

    assert statuses[-1] == 402
    assert await balance(read) <= 0


async def test_transactions_have_one_charge_a_month(read: Read, post: Post) -> None:
    """It grows with use; it is not one for each request."""
    ids = []
    for _ in range(2):
        answer = await read("/v1/billing/transactions", pageSize=100)
        ids.append([each["transactionId"] for each in answer.json()["transactions"]])
        await post(CHAT, LONG)

    assert ids[0] == ids[1]
    assert 1 <= sum(each.startswith("serverless-") for each in ids[0]) <= 2


def test_use_is_forgotten_after_a_month() -> None:
    """So that the account stays small; the balance is not touched by it."""
    days = [100]
    account = Account(SERVERLESS_MODELS, Decimal(5), lambda: days[0] * 86_400.0)
    charge = {"prompt": 100, "output": 0, "cached": 0, "factor": 1}
    account.charge(SERVERLESS_MODELS[0], **charge)
    once = account.balance

    days[0] += 40
    account.charge(SERVERLESS_MODELS[0], **charge)

    assert [tally.requests for tally in account.tallies()] == [1]
    assert Decimal(5) - account.balance == 2 * (Decimal(5) - once)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param("0", {"currencyCode": "USD"}, id="zero"),
        pytest.param("12", {"currencyCode": "USD", "units": "12"}, id="whole"),
        pytest.param("0.05", {"currencyCode": "USD", "nanos": 50_000_000}, id="part"),
        pytest.param(
            "-1.5",
            {"currencyCode": "USD", "units": "-1", "nanos": -500_000_000},
            id="negative",
        ),
    ],
)
def test_money_leaves_out_zero_parts(value: str, message: dict[str, object]) -> None:
    """Both parts carry the sign."""
    assert without_zero_values(money(Decimal(value))) == message
