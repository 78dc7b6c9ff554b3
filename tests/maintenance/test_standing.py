"""Who is in maintenance."""

from datetime import UTC, datetime

import pytest

from tests.doubles import FakeClock, ScriptedProbe
from tm_exporter.config.load import load
from tm_exporter.config.settings import Settings
from tm_exporter.maintenance.standing import Maintenance
from tm_exporter.maintenance.watch import WindowWatch
from tm_exporter.observation import Probe, ProbeKey


NOW = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
HEALTH = ProbeKey("serverless", "serverless", "health")
GPT = ProbeKey("serverless", "serverless", "chat", "gpt")
GEMMA = ProbeKey("nebius", "on_demand", "chat", "gemma")
BATCH = ProbeKey("nebius", "on_demand", "chat", "batch")
BALANCE = ProbeKey("account", "control_plane", "balance")
KEYS = (HEALTH, GPT, GEMMA, BATCH, BALANCE)
SURFACES = {key.target: key.surface for key in KEYS}


def settings(**window: object) -> Settings:
    """Return a configuration with a window that is open, if it says of what."""
    once = {"name": "w", "from": "2026-11-22T22:00:00Z", "duration": "1h"}
    nebius = {"base_url": "https://external.nebius.tensormesh.ai", "user_id": "u"}
    targets = [
        {
            "name": name,
            "surface": surface,
            **(nebius if surface == "on_demand" else {}),
        }
        for name, surface in SURFACES.items()
    ]
    overrides = {"targets": targets, "maintenance": [{**once, **window}]}
    if not window:
        del overrides["maintenance"]
    return load(file=None, environ={}, overrides=overrides, isolated=True).settings


def maintenance(configured: Settings, *stopped: ProbeKey) -> Maintenance:
    """Return what is known with a configuration and stopped deployments."""
    clock = FakeClock(NOW.timestamp())
    watch = WindowWatch(lambda: configured.maintenance, None, now=clock)
    probes: list[Probe] = [ScriptedProbe(key=key) for key in KEYS]
    return Maintenance(
        lambda: configured, lambda key: key in stopped, lambda: probes, watch
    )


@pytest.mark.parametrize(
    ("window", "covered"),
    [
        pytest.param({}, (), id="none"),
        pytest.param({"targets": []}, KEYS, id="everything"),
        pytest.param({"targets": ["serverless"]}, (HEALTH, GPT), id="target"),
        pytest.param({"models": ["gpt", "batch"]}, (GPT, BATCH), id="models"),
        pytest.param(
            {"targets": ["nebius"], "models": ["gemma", "gpt"]},
            (GEMMA,),
            id="model of a target",
        ),
    ],
)
def test_a_window_covers_what_it_names(
    window: dict[str, object], covered: tuple[ProbeKey, ...]
) -> None:
    """All targets where it names none, and their free probes unless it names models."""
    known = maintenance(settings(**window))

    assert tuple(key for key in KEYS if known.covers(key)) == covered


def test_a_window_of_a_target_is_one_of_its_models() -> None:
    """Every target and every model that is asked has a series, 0 outside."""
    rows = maintenance(settings(targets=["serverless"])).rows()

    assert rows == {
        ("serverless", "serverless", ""): 1.0,
        ("serverless", "serverless", "gpt"): 1.0,
        ("nebius", "on_demand", ""): 0.0,
        ("nebius", "on_demand", "gemma"): 0.0,
        ("nebius", "on_demand", "batch"): 0.0,
        ("account", "control_plane", ""): 0.0,
    }


def test_a_window_of_a_model_is_none_of_its_target() -> None:
    """Else the alerts of all the others would be quiet."""
    rows = maintenance(settings(models=["gemma"])).rows()

    assert [labels for labels, value in rows.items() if value] == [
        ("nebius", "on_demand", "gemma")
    ]


def test_a_deployment_that_is_stopped_is_in_maintenance() -> None:
    """For as long as it is."""
    known = maintenance(settings(), BATCH)
    (entry,) = known.status()

    assert [key for key in KEYS if known.covers(key)] == [BATCH]
    assert known.rows()["nebius", "on_demand", "batch"] == 1.0
    assert (entry.origin, entry.targets, entry.models, entry.until) == (
        *("deployment", ("nebius",), ("batch",), None),
    )


def test_people_are_told_of_a_window() -> None:
    """By its name, and until when."""
    (entry,) = maintenance(settings(targets=["account"])).status()

    assert (entry.name, entry.origin, entry.targets) == (
        *("w", "configuration", ("account",)),
    )
    assert entry.until == datetime(2026, 11, 22, 23, tzinfo=UTC)


def test_without_a_home_there_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """And still an answer."""
    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    configured = settings(targets=[], **always())
    known = Maintenance(lambda: configured, lambda _: False, list)

    assert known.covers(HEALTH)
    known.stop()


def always() -> dict[str, object]:
    """Return the keys of a window that is open whenever the tests run."""
    return {"from": None, "cron": "* * * * *", "duration": "1h"}
