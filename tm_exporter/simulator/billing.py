"""Money, prices and use, as the Control Plane tells them."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tm_exporter.simulator.account import DAY, Account, Tally
from tm_exporter.simulator.proto_json import money, timestamp
from tm_exporter.simulator.refusal import gateway_error
from tm_exporter.simulator.served import ServedModel


_TOP_UPS = 24
_GPU_RATES = (
    ("GPU_TYPE_A100", "CLOUD_PROVIDER_LAMBDA", "1.79", True),
    ("GPU_TYPE_H100", "CLOUD_PROVIDER_NEBIUS", "2.95", True),
    ("GPU_TYPE_H100", "CLOUD_PROVIDER_LAMBDA", "3.29", True),
    ("GPU_TYPE_H200", "CLOUD_PROVIDER_NEBIUS", "3.50", True),
    ("GPU_TYPE_B200", "CLOUD_PROVIDER_YOTTA", "5.50", False),
)


def spending_summary(account: Account) -> dict[str, Any]:
    """Return what was spent within three rolling windows."""
    days = {"spend24h": 1, "spend7d": 7, "spend30d": 30}
    return {name: money(account.spent(n * DAY)) for name, n in days.items()}


def spending_history(account: Account, now: float) -> dict[str, Any]:
    """Return what was spent and saved on each of the last 30 days, by UTC."""
    amounts: dict[int, Decimal] = defaultdict(Decimal)
    savings: dict[int, Decimal] = defaultdict(Decimal)
    for tally in account.tallies(now - 30 * DAY):
        amounts[tally.start // DAY] += tally.cost
        savings[tally.start // DAY] += tally.saving
    return {
        "buckets": [
            {
                "bucketStart": timestamp(day * DAY),
                "amount": money(amounts[day]),
                "costSaving": money(savings[day]),
            }
            for day in sorted(amounts)
        ]
    }


def usage_history(
    account: Account, bucket: str, start: float, end: float
) -> dict[str, Any]:
    """
    Return the tokens of each model by day, week or month; counts are strings.

    Raises:
        Refusal: 400 if there is no such bucket.
    """
    rows: dict[tuple[str, str], Tally] = {}
    for tally in account.tallies(start, end):
        key = (_bucket_start(bucket, tally.start), tally.model)
        row = rows.setdefault(key, Tally(0, tally.model))
        row.input += tally.input
        row.output += tally.output
        row.cached += tally.cached
        row.requests += tally.requests
    return {
        "rows": [
            {
                "bucketStart": began,
                "modelId": model,
                "inputTokens": str(row.input),
                "outputTokens": str(row.output),
                "cachedTokens": str(row.cached),
                "requestCount": str(row.requests),
            }
            for (began, model), row in rows.items()
        ]
    }


def transactions(account: Account, now: float) -> list[dict[str, Any]]:
    """Return top-ups and one charge for each month of use, newest first."""
    months: dict[str, list[Tally]] = defaultdict(list)
    for tally in account.tallies():
        months[_bucket_start("USAGE_BUCKET_MONTH", tally.start)].append(tally)
    charges = [_charge(month, tallies) for month, tallies in months.items()]
    top_ups = [_top_up(number, now) for number in range(1, _TOP_UPS + 1)]
    return sorted(charges + top_ups, key=lambda t: str(t["createdAt"]), reverse=True)


def serverless_pricing(models: list[ServedModel], factor: int) -> dict[str, Any]:
    """Return the price list, in US dollars per million tokens."""
    return {
        "pricing": [
            {
                "id": f"price-{rank}",
                "name": model.name.rpartition("/")[2],
                "model": model.name,
                "inputTokenPrice": money(model.price.input * factor),
                "outputTokenPrice": money(model.price.output * factor),
                "cachedTokenPrice": money(Decimal(0)),
                "isActive": True,
            }
            for rank, model in enumerate(models, start=1)
            if model.price
        ]
    }


def gpu_pricing(cloud: str, gpu: str, *, active_only: bool) -> dict[str, Any]:
    """Return what an hour of a GPU costs; an empty or unspecified filter takes all."""
    return {
        "pricing": [
            {
                "gpuType": gpu_type,
                "cloudProvider": provider,
                "hourlyRate": money(Decimal(rate)),
                "isActive": active,
            }
            for gpu_type, provider, rate, active in _GPU_RATES
            if _wanted(cloud, provider)
            and _wanted(gpu, gpu_type)
            and (active or not active_only)
        ]
    }


def payment_methods(now: float, *, expired: bool) -> dict[str, Any]:
    """Return one made-up card, good for three years or past its date."""
    year = datetime.fromtimestamp(now, UTC).year + (-1 if expired else 3)
    card = {
        "stripePaymentMethodId": "pm_simulated",
        "type": "STRIPE_PAYMENT_METHOD_TYPE_CARD",
        "brand": "visa",
        "last4": "4242",
        "expMonth": 12,
        "expYear": year,
        "isDefault": True,
    }
    return {"stripePaymentMethodIds": ["pm_simulated"], "paymentMethods": [card]}


def _wanted(asked: str, value: str) -> bool:
    return not asked or asked.endswith("_UNSPECIFIED") or asked == value


def _bucket_start(bucket: str, second: int) -> str:
    day = datetime.fromtimestamp(second - second % DAY, UTC)
    match bucket:
        case "USAGE_BUCKET_DAY" | "USAGE_BUCKET_UNSPECIFIED":
            return timestamp(day.timestamp())
        case "USAGE_BUCKET_WEEK":
            return timestamp((day - timedelta(days=day.weekday())).timestamp())
        case "USAGE_BUCKET_MONTH":
            return timestamp(day.replace(day=1).timestamp())
    raise gateway_error(400, 3, f"no such bucket: {bucket}")


def _charge(month: str, tallies: list[Tally]) -> dict[str, Any]:
    """Return the charge of a month, which grows until the month is over."""
    cost = sum((tally.cost for tally in tallies), Decimal(0))
    shares: dict[str, Decimal] = defaultdict(Decimal)
    for tally in tallies:
        shares[tally.model] += tally.cost
    return {
        "transactionId": f"serverless-{month[:7]}",
        "stripePaymentIntentId": "",
        "paymentMethodId": "",
        "createdAt": month,
        "amount": money(-cost),
        "description": "Serverless inference",
        "status": "TRANSACTION_STATUS_SUCCEEDED",
        "type": "TRANSACTION_TYPE_CHARGE",
        "details": {"models": {name: money(share) for name, share in shares.items()}},
    }


def _top_up(number: int, now: float) -> dict[str, Any]:
    failed = number == _TOP_UPS
    return {
        "transactionId": f"top-up-{number:02}",
        "stripePaymentIntentId": f"pi_simulated_{number:02}",
        "paymentMethodId": "pm_simulated",
        "createdAt": timestamp(now - number * 9 * DAY),
        "amount": money(Decimal(25)),
        "description": "Credit",
        "status": f"TRANSACTION_STATUS_{'FAILED' if failed else 'SUCCEEDED'}",
        "type": "TRANSACTION_TYPE_CREDIT",
        "details": None,
    }
