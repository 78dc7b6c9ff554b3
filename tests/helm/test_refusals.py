"""Values that cannot be meant are refused, with a sentence that tells what to do."""

from typing import Any

import pytest
import yaml

from tests.helm.engine import ENGINES, Json, Refused, cases, render


pytestmark = pytest.mark.e2e  # starts Helm


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", cases("refused"), ids=str)
def test_refused_with_a_sentence(case: Json, engine: str) -> None:
    """The user reads which value is wrong, and what to write instead."""
    said = _refusal(case["values"], engine)

    assert [word for word in case["says"] if word not in said] == []


@pytest.mark.parametrize("name", cases("paid"))
def test_ledger_is_not_lost_unawares(name: str) -> None:
    """Paid probes need a volume, a lease or a word of consent."""
    values: Json = cases("paid")[name]

    said = _refusal(values)

    for way in ("persistence.enabled", "lease.enabled", "acceptLedgerLoss"):
        assert way in said
    for accepted in (
        {"persistence": {"enabled": True}},
        {"lease": {"enabled": True}},
        {"acceptLedgerLoss": True},
    ):
        assert render(values | accepted)


@pytest.mark.parametrize("name", cases("unpaid"))
def test_no_ledger_is_asked_for_where_nothing_is_paid(name: str) -> None:
    """Who spends nothing needs neither volume nor lease."""
    assert render(cases("unpaid")[name])


@pytest.mark.parametrize(
    "text",
    [
        "server: {listen: '0.0.0.0:9877', health_listen: null}",
        "{state_dir: null, lease: {enabled: false, duration: 15s}, shard: {total: 1}}",
        "{server: null, log: null, targets: null, slo: {ttft: null}}",
    ],
)
def test_what_says_the_same_is_no_contradiction(text: str) -> None:
    """A file of the exporter can be taken over as it is, with its defaults written."""
    assert render({"config": yaml.safe_load(text)})


def _refusal(values: dict[str, Any], engine: str = "4") -> str:
    with pytest.raises(Refused) as caught:
        render(values, engine=engine)
    return str(caught.value)
