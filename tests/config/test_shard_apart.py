"""Targets on one shard, and the account that pays for them on another."""

import pytest

from tests.config.conftest import LoadText
from tests.doubles import FakeClock
from tm_exporter.assembly.comparisons import Accounts, auto_targets, comparisons
from tm_exporter.config.report import describe
from tm_exporter.config.settings import Settings
from tm_exporter.config.shard import shard_of
from tm_exporter.derivations.reconciliation import Reconciliation
from tm_exporter.memory import Memory
from tm_exporter.one_shot.one_shot import why_none


_HOME = shard_of("account", 2)
_AWAY = "serverless" if shard_of("serverless", 2) != _HOME else "on_demand"
_TARGETS = """
targets:
- {name: serverless, surface: serverless, api_key: k}
- {name: on_demand, surface: serverless, api_key: k}
- {name: account, surface: control_plane, token: t}
maintenance:
- {name: cards, cron: "0 0 * * *", duration: 1h, targets: [account], models: [gone]}
"""


@pytest.fixture
def away(load_text: LoadText) -> Settings:
    """Return what is in force where the account is not."""
    return _on(load_text, 1 - _HOME)


def _on(load_text: LoadText, index: int) -> Settings:
    text = f"shard: {{index: {index}, total: 2}}{_TARGETS}"
    return load_text(text).settings


def test_models_are_chosen_without_the_accounts_offer(away: Settings) -> None:
    """Nothing waits for a price list which no probe here reads."""
    assert [target.name for target in away.targets] == [_AWAY]
    (auto,) = auto_targets(away)

    assert (auto.account, auto.probe) == ("account", None)


def test_where_the_account_is_its_offer_counts(load_text: LoadText) -> None:
    """As without shards."""
    text = _TARGETS.replace("on_demand", "two").replace("serverless,", "one,", 1)
    whole = load_text(text).settings

    assert {auto.probe for auto in auto_targets(whole)} == {"pricing"}


def test_bills_are_not_compared(away: Settings, load_text: LoadText) -> None:
    """They have what the canaries of other shards used, too."""
    found = []
    for settings in (away, load_text(_TARGETS).settings):
        accounts = Accounts(lambda now=settings: now, lambda _: ())  # type: ignore[misc]  # a default is no argument
        all_of_them = comparisons(
            accounts, Memory(None), lambda _: 60.0, clock=FakeClock(), now=FakeClock()
        )
        found.append(any(isinstance(each, Reconciliation) for each in all_of_them))

    assert found == [False, True]


def test_a_window_for_another_shards_model_is_no_mistake(
    load_text: LoadText,
) -> None:
    """Only where all models are known can one be missing."""
    loaded = load_text(f"shard: {{index: 0, total: 2}}{_TARGETS}")

    assert not [each for each in describe(loaded).warnings if "cards" in each]


def test_who_asks_for_the_account_is_sent_to_its_shard(away: Settings) -> None:
    """One-shot runs are of this shard's targets, too."""
    assert why_none(away, "account", None) == (
        f"no such target: account; this is shard {1 - _HOME} of 2, and a target of "
        f"this name would be on shard {_HOME}"
    )
