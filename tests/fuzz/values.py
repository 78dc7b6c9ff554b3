"""Targets that read one value: a header, a moment, an amount, a token."""

import json
import math
from contextlib import suppress
from typing import Any

from pydantic import SecretStr

from tests.fuzz.answers import named
from tm_exporter.config.secret_text import checked, decoded, fingerprint, picked
from tm_exporter.config.text import sendable
from tm_exporter.credentials import SecretUnavailable, expiry
from tm_exporter.money import read_money, totals
from tm_exporter.section import parse_duration
from tm_exporter.timestamps import read_timestamp, rfc3339
from tm_exporter.wire.payloads import ShapeError
from tm_exporter.wire.rate_limits import KINDS, MOST, rate_limits
from tm_exporter.wire.rate_limits import LONGEST as LONGEST_WINDOW
from tm_exporter.wire.retry_after import LONGEST, seconds_to_wait


YEAR_10000 = 253_402_300_800
MOST_MONEY = 2**64


def read_retry_after(data: bytes) -> None:
    """The header `Retry-After`, on the day that the first line says."""
    _, day, header = named(data)
    text = header.decode("latin-1")
    for value in (text, text.replace("\r", "").replace("\n", "")):
        wait = seconds_to_wait(value, now=day * 86_400.0, otherwise=60.0)
        assert 0 <= wait <= LONGEST


def read_rate_limits(data: bytes) -> None:
    """Headers of limits, one `name: value` a line."""
    rows = [row.partition(":") for row in data.decode("latin-1").split("\n")]
    for limit in rate_limits([(name.lower(), value) for name, _, value in rows]):
        assert limit.kind in KINDS
        for count in (limit.limit, limit.remaining):
            assert count is None or 0 <= count <= MOST
        assert limit.reset is None or 0 <= limit.reset <= LONGEST_WINDOW


def read_moment(data: bytes) -> None:
    """A moment in JSON, or the text of one."""
    for value in (json_of(data), data.decode("utf-8", "replace")):
        with suppress(ShapeError):
            moment = read_timestamp(value, "time")
            if moment is not None:
                assert 0 < moment < YEAR_10000
                assert abs(
                    (read_timestamp(rfc3339(moment), "") or 0.0) - moment
                ) < 1 or (moment < 172_800)


def read_amount(data: bytes) -> None:
    """An amount of money in JSON, or the text of one."""
    for value in (json_of(data), data.decode("utf-8", "replace")):
        with suppress(ShapeError):
            money = read_money(value, "amount")
            if money is None:
                continue
            assert money.amount.is_finite()
            assert abs(money.amount) <= MOST_MONEY
            assert math.isfinite(float(money.amount))
            assert len(money.currency) == 3
            assert money.currency.isascii()
            assert totals([money]) == {money.currency: money.amount}


def read_duration(data: bytes) -> None:
    """A duration of the configuration."""
    with suppress(ValueError):
        assert 0 <= parse_duration(data.decode("utf-8", "replace")) < math.inf


def read_token(data: bytes) -> None:
    """A token, and the middle part of a JWT."""
    text = data.decode("utf-8", "surrogatepass" if data.isascii() else "replace")
    for token in (text, f"e30.{text}.e30"):
        moment = expiry(SecretStr(token))
        assert moment is None or 0 < moment < math.inf


def read_secret_file(data: bytes) -> None:
    """The bytes of a secret file: as they are, and as JSON or TOML."""
    with suppress(SecretUnavailable):
        text = decoded(data, "the file")
        for toml in (False, True):
            with suppress(SecretUnavailable):
                _check_secret(
                    picked(text, "api_key|overrides.api_key", "it", toml=toml)
                )
        _check_secret(text)


def json_of(data: bytes) -> Any:
    """Return what a JSON text says, also one beyond all bounds; None for no JSON."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _check_secret(text: str) -> None:
    secret = checked(text, "it")
    assert sendable(secret.get_secret_value())
    assert fingerprint(secret)
