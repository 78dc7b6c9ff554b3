"""Which targets are this shard's, and how a pod knows which shard it is."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.config.conftest import LoadText
from tm_exporter.config.budget import caps
from tm_exporter.config.load import Loaded, load
from tm_exporter.config.origin import ConfigurationError
from tm_exporter.config.report import describe, render_text
from tm_exporter.config.sections import ShardSection
from tm_exporter.config.settings import Settings
from tm_exporter.config.shard import elsewhere, shard_of


_NAMES = [f"deployment-{number}" for number in range(10_000)]
_FOUR = "".join(
    f"- {{name: {name}, surface: serverless, models: [m], api_key: k}}\n"
    for name in ("one", "two", "three", "four")
)
_TARGETS = f"targets:\n- {{name: account, surface: control_plane, token: t}}\n{_FOUR}"


@pytest.mark.parametrize("total", [1, 3, 7])
def test_one_more_shard_moves_few_targets_and_those_only_to_itself(total: int) -> None:
    """At most one of as many as there are shards; about one of one more."""
    moved = [
        name for name in _NAMES if shard_of(name, total) != shard_of(name, total + 1)
    ]

    assert {shard_of(name, total + 1) for name in moved} == {total}
    assert len(moved) <= len(_NAMES) / total
    assert len(moved) == pytest.approx(len(_NAMES) / (total + 1), rel=0.1)


@pytest.mark.parametrize("total", [1, 3, 7])
def test_shards_have_about_as_many_targets_each(total: int) -> None:
    """None has much more to do than another."""
    counts = Counter(shard_of(name, total) for name in _NAMES)

    assert sorted(counts) == list(range(total))
    assert max(counts.values()) <= 1.1 * len(_NAMES) / total


@given(name=st.text(), total=st.integers(1, 1000))
def test_every_name_is_on_one_of_the_shards(name: str, total: int) -> None:
    """Whatever it is: names that were not validated are asked about, too."""
    assert 0 <= shard_of(name, total) < total
    assert shard_of(name, total + 1) in {shard_of(name, total), total}


def test_where_a_target_is_never_changes() -> None:
    """Neither with the machine, nor with the next version: counters would break off."""
    names = ("serverless", "on_demand", "account")

    assert [shard_of(name, 3) for name in names] == [0, 1, 2]
    assert [shard_of(name, 7) for name in names] == [5, 6, 6]


_WHERE_FROM = (
    "`shard.index`: is not set, and is taken from the ordinal at the end of the pod's "
    "name, such as `tm-exporter-2`"
)
_TOO_MANY = (
    "`shard.index`: the pod's ordinal is 3, and `shard.total` is 3: run as many pods "
    "as there are shards, counted from 0"
)
_TOO_LARGE = "`shard.total`: must be more than `index` (3), which counts from 0"


def _names(loaded: Loaded) -> set[str]:
    return {target.name for target in loaded.settings.targets}


def _on(load_text: LoadText, index: int, total: int) -> Loaded:
    return load_text(f"shard: {{index: {index}, total: {total}}}\n{_TARGETS}")


@pytest.mark.parametrize("total", [1, 2, 3, 7])
def test_each_target_is_on_exactly_one_shard(load_text: LoadText, total: int) -> None:
    """Those of the Control Plane are targets like all."""
    shards = [_on(load_text, index, total) for index in range(total)]

    found = Counter(name for loaded in shards for name in _names(loaded))
    assert found == Counter(("account", "one", "two", "three", "four"))
    assert {loaded.everywhere for loaded in shards} == {
        ("account", "one", "two", "three", "four")
    }


def test_who_pays_is_known_on_each_shard(load_text: LoadText) -> None:
    """The account is watched on one shard, and pays for targets of all."""
    for index in range(3):
        settings = _on(load_text, index, 3).settings
        for target in settings.targets:
            payer = settings.account_of(target)
            assert payer is not None
            assert payer.name == "account"


def test_the_caps_are_divided(load_text: LoadText) -> None:
    """Rounded down, so that they never add up to more."""
    reports = [
        describe(load_text(f"shard: {{index: {index}, total: 3}}\n{_TARGETS}"))
        for index in range(3)
    ]
    plans = [report.shards for report in reports if report.shards is not None]

    assert len(plans) == 3
    assert 1 - 1e-11 < sum(plan.caps.daily for plan in plans) < 1
    assert 31 - 1e-11 < sum(plan.caps.monthly for plan in plans) < 31


def test_the_plan_is_told(load_text: LoadText) -> None:
    """Who watches what, what one shard more would change, and what is not known."""
    names = {
        index: ", ".join(
            name
            for name in ("account", "one", "two", "three", "four")
            if shard_of(name, 2) == index
        )
        for index in range(2)
    }
    account = shard_of("account", 2)

    text = render_text(describe(_on(load_text, 1 - account, 2)))

    assert "\nShards\n" in text
    assert f"shard {1 - account} (this one): " in text
    assert names[1 - account] in text
    assert names[account] in text
    assert "one shard more would take over " in text
    assert "caps of each: 0.5000 USD a day, 15.5000 a month" in text
    assert f"the account account is on shard {account}: here its prices" in text
    assert "no target with `surface: control_plane`" not in text


def test_without_shards_there_is_no_plan(load_text: LoadText) -> None:
    """Nobody asked."""
    assert "Shards" not in render_text(describe(load_text(_TARGETS)))


def test_a_shard_without_targets_says_so(load_text: LoadText) -> None:
    """It waits for some; it is no mistake."""
    text = "targets: [{name: a, surface: serverless}]\nshard: {total: 2, index: "
    index = 1 - shard_of("a", 2)

    loaded = load_text(f"{text}{index}}}")

    assert loaded.settings.targets == ()
    assert loaded.notes == (
        f"none of the 1 targets is on shard {index} of 2: nothing is watched here",
    )


def test_every_target_is_validated_on_every_shard(load_text: LoadText) -> None:
    """A mistake is found before it moves to the shard that minds."""
    for index in range(3):
        with pytest.raises(ConfigurationError, match="surfase"):
            load_text(
                f"shard: {{index: {index}, total: 3}}\n"
                "targets: [{name: a, surfase: serverless}]"
            )


@pytest.mark.parametrize(
    "environ",
    [
        {"POD_NAME": "tm-exporter-2"},
        {"POD_NAME": "tm-exporter-2", "HOSTNAME": "node-1"},
        {"HOSTNAME": "release-tm-exporter-2"},
        {"POD_NAME": "tm-exporter-0", "TM_EXPORTER_SHARD__INDEX": "2"},
    ],
)
def test_the_index_is_the_ordinal_of_the_pod(environ: Mapping[str, str]) -> None:
    """Unless someone says another one."""
    loaded = load(file=None, environ={"TM_EXPORTER_SHARD__TOTAL": "3", **environ})

    assert (loaded.settings.shard.index, loaded.settings.shard.total) == (2, 3)


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({}, f"{_WHERE_FROM}: neither POD_NAME nor HOSTNAME is set"),
        (
            {"POD_NAME": "tm-exporter-6c9f7", "HOSTNAME": "node-1"},
            f"POD_NAME: {_WHERE_FROM}: it has none",
        ),
        (
            {"POD_NAME": "tm-exporter-3"},
            f"POD_NAME: {_TOO_MANY}",
        ),
        (
            {"TM_EXPORTER_SHARD__INDEX": "3"},
            f"TM_EXPORTER_SHARD__TOTAL: {_TOO_LARGE}",
        ),
    ],
)
def test_a_shard_that_does_not_know_which_one_it_is_does_not_begin(
    environ: Mapping[str, str], sentence: str
) -> None:
    """Two of the same would pay twice, and one would be missing."""
    with pytest.raises(ConfigurationError) as caught:
        load(file=None, environ={"TM_EXPORTER_SHARD__TOTAL": "3", **environ})

    assert str(caught.value) == sentence


def test_one_shard_needs_no_pod() -> None:
    """A Deployment's pods have no ordinal."""
    loaded = load(file=None, environ={"POD_NAME": "tm-exporter-6c9f7-xy"})

    assert (loaded.settings.shard.index, loaded.settings.shard.total) == (0, 1)


def test_who_asks_for_another_shards_target_is_sent_there(load_text: LoadText) -> None:
    """Else it would look as if nobody watched it."""
    shard = _on(load_text, 0, 2).settings.shard
    here = {name: shard_of(name, 2) for name in ("one", "two", "three", "four")}

    for name, index in here.items():
        told = elsewhere(name, shard)
        assert (f"would be on shard {index}" in told) == (index != 0)


def test_ten_thousand_files_are_divided(tmp_path: Path) -> None:
    """As the loader reads them, in a time that grows with their number alone."""
    targets = tmp_path / "targets"
    targets.mkdir()
    for name in _NAMES:
        text = f"[{{name: {name}, surface: serverless, models: [m], api_key: k}}]"
        (targets / f"{name}.yml").write_text(text)
    file = tmp_path / "exporter.yml"
    file.write_text("targets_from: [targets/*.yml]")

    whole = load(file=file, environ={}, isolated=True)

    assert sorted(whole.everywhere) == sorted(_NAMES)
    for total in (1, 3, 7):
        shards = [_part(whole.settings, index, total) for index in range(total)]
        found = Counter(target.name for shard in shards for target in shard.targets)
        assert found == Counter(_NAMES)
        assert sum(caps(shard).daily for shard in shards) <= caps(whole.settings).daily


def _part(whole: Settings, index: int, total: int) -> Settings:
    """Return what one of several shards makes of the same configuration."""
    shard = ShardSection(index=index, total=total)
    return whole.model_copy(update={"shard": shard}).of_shard()
