"""Settings from variables that begin with TM_EXPORTER_."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.config.conftest import LoadText
from tm_exporter.config.load import load
from tm_exporter.config.origin import ConfigurationError
from tm_exporter.config.settings import Settings
from tm_exporter.probes.generation import GenerationSection


FILE = """
targets:
- name: eu-west
  surface: serverless
  models: [m]
  api_key_file: /etc/key
  headers: {X-Route: a}
  probes:
    chat-long: {kind: chat_stream, interval: 30m}
- {name: account, surface: control_plane}
"""


def wrong(environ: Mapping[str, str]) -> list[str]:
    """Return what is wrong with variables alone."""
    with pytest.raises(ConfigurationError) as caught:
        load(file=None, environ=environ)
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def settings(load_text: LoadText) -> Settings:
    """Return what the file says under many variables."""
    environ = {
        "TM_EXPORTER_SERVER__LISTEN": "127.0.0.1:0",
        "TM_EXPORTER_SERVER__SHOW_MONEY": "false",
        "TM_EXPORTER_TARGETS__EU_WEST__AUTO_MODELS_LIMIT": "3",
        "TM_EXPORTER_CANARY_BUDGET__DAILY_USD": "0.10",
        "TM_EXPORTER_LOG__LEVEL": "",
        "TM_EXPORTER_TARGETS__EU_WEST__API_KEY": "123456",
        "TM_EXPORTER_TARGETS__EU_WEST__MODELS": "[a/b, {name: c, interval: 5m}]",
        "TM_EXPORTER_TARGETS__EU_WEST__LABELS__TEAM": "one",
        "TM_EXPORTER_TARGETS__EU_WEST__HEADERS__X_ROUTE": "[b]",
        "TM_EXPORTER_TARGETS__EU_WEST__PROBES__CHAT": "false",
        "TM_EXPORTER_TARGETS__EU_WEST__PROBES__HEALTH": "{interval: 10s}",
        "TM_EXPORTER_TARGETS__EU_WEST__PROBES__CHAT_LONG__INTERVAL": "20m",
        "TM_EXPORTER_TARGETS__EU_WEST__PROBES__CHAT_LONG__IDLE_TIMEOUT": "4s",
        "TM_EXPORTER_TARGETS__EU_WEST__PROBES__CHAT_LONG__BODY__TEMPERATURE": "0.5",
        "TM_EXPORTER_TARGETS__EU_WEST__PROBES__CHAT_LONG__EXPECT__JSON": "true",
        "TM_EXPORTER_TARGETS__ACCOUNT__TOKEN_COMMAND": '["print", "token"]',
        "TM_EXPORTER_TARGETS__NEW__SURFACE": "serverless",
        "TM_EXPORTER_TARGETS__NEW__MODELS": "m, n",
    }
    return load_text(FILE, environ).settings


def test_they_stand_over_the_file(settings: Settings) -> None:
    """That is what they are for: one image, many places."""
    assert settings.server.listen == "127.0.0.1:0"
    assert settings.server.show_money is False
    assert settings.targets[0].auto_models_limit == 3
    assert str(settings.canary_budget.daily_usd) == "0.10"


def test_an_empty_one_is_not_set(settings: Settings) -> None:
    """Deployments set them from optional values."""
    assert settings.log.level == "info"


def test_a_target_is_found_by_its_name(settings: Settings) -> None:
    """In upper case, with `_` for `-`."""
    target = settings.targets[0]

    assert target.labels == {"team": "one"}
    assert [model.name for model in target.named_models] == ["a/b", "c"]


def test_a_key_of_digits_stays_text(settings: Settings) -> None:
    """And it takes the place of the file which the target had."""
    target = settings.targets[0]

    assert target.api_key is not None
    assert target.api_key.get_secret_value() == "123456"
    assert target.api_key_file is None


def test_a_probe_is_found_by_its_name(settings: Settings) -> None:
    """What belongs to it is known from its kind, wherever that is written."""
    probes = settings.targets[0].probes
    long = probes["chat-long"]

    assert "chat" not in probes
    assert probes["health"].interval == 10
    assert isinstance(long, GenerationSection)
    assert (long.interval, long.body) == (1200, {"temperature": 0.5})
    assert long.expect is not None


def test_a_list_is_written_as_json(settings: Settings) -> None:
    """No shell takes the command apart, so nobody else does."""
    assert settings.targets[1].token_command == ("print", "token")


def test_a_surface_makes_a_target(settings: Settings) -> None:
    """Without one a new name is more likely a mistyped one."""
    assert settings.targets[2].name == "new"
    assert [model.name for model in settings.targets[2].named_models] == ["m", "n"]


def test_the_usual_targets_need_no_surface() -> None:
    """Their names say what they are."""
    loaded = load(
        file=None,
        environ={
            "TM_EXPORTER_TARGETS__SERVERLESS__API_KEY": "k",
            "TM_EXPORTER_TARGETS__ACCOUNT__TOKEN": "t",
        },
    )

    assert {t.name: t.base_url for t in loaded.settings.targets} == {
        "serverless": "https://serverless.tensormesh.ai",
        "account": "https://api.tensormesh.ai",
    }


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("TM_EXPORTER_SERVER__LISTN", "did you mean TM_EXPORTER_SERVER__LISTEN?"),
        ("TM_EXPORTER_SERVER_LISTEN", "did you mean TM_EXPORTER_SERVER__LISTEN?"),
        ("TM_EXPORTER_LOG__LEVEL__X", "did you mean TM_EXPORTER_LOG__LEVEL?"),
        (
            "TM_EXPORTER_TARGETS__SERVERLESS__PROBES__CHAT__INTERVALS",
            "did you mean TM_EXPORTER_TARGETS__SERVERLESS__PROBES__CHAT__INTERVAL?",
        ),
        ("TM_EXPORTER_CONFG", "did you mean TM_EXPORTER_CONFIG?"),
        ("TM_EXPORTER_ZZZZZZ", "unset it or correct it"),
        ("TM_EXPORTER_", "unset it or correct it"),
    ],
)
def test_a_name_that_nothing_claims_is_an_error(name: str, hint: str) -> None:
    """Else a mistyped one would do nothing, silently, even with an empty value."""
    assert wrong({name: ""}) == [f"{name}: no setting has this name; {hint}"]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        (
            "TM_EXPORTER_TARGETS__SERVER_LESS__API_KEY",
            (
                "no target has the name `server_less`; "
                "did you mean TM_EXPORTER_TARGETS__SERVERLESS__API_KEY?"
            ),
        ),
        (
            "TM_EXPORTER_TARGETS__NEBIUS__API_KEY",
            (
                "no target has the name `nebius`; name it in the file, "
                "or set TM_EXPORTER_TARGETS__NEBIUS__SURFACE too"
            ),
        ),
        (
            "TM_EXPORTER_TARGETS__SERVERLESS__PROBES__CHATT__INTERVAL",
            (
                "no probe has the name `chatt`; "
                "did you mean TM_EXPORTER_TARGETS__SERVERLESS__PROBES__CHAT__INTERVAL?"
            ),
        ),
    ],
)
def test_a_variable_of_nobody_is_an_error(name: str, advice: str) -> None:
    """It says who is not there, and what would make it."""
    assert wrong({name: ""}) == [f"{name}: {advice}"]


def test_what_kubernetes_injects_is_not_ours() -> None:
    """It does so for every Service, and one may be called tm-exporter."""
    load(
        file=None,
        environ={
            "TM_EXPORTER_SERVICE_HOST": "10.0.0.1",
            "TM_EXPORTER_SERVICE_PORT_METRICS": "9877",
            "TM_EXPORTER_PORT": "tcp://10.0.0.1:9877",
            "TM_EXPORTER_PORT_9877_TCP_ADDR": "10.0.0.1",
        },
    )


def test_a_wrong_value_names_variable_and_key() -> None:
    """There is no line to point at."""
    assert wrong({"TM_EXPORTER_SHARD__TOTAL": "many"}) == [
        "TM_EXPORTER_SHARD__TOTAL: `shard.total`: must be a whole number"
    ]


def test_a_contradiction_names_the_variable_that_made_it() -> None:
    """The section as a whole was written nowhere else."""
    variable = "TM_EXPORTER_TARGETS__SERVERLESS__PROBES__CHAT__TIMEOUT"

    (problem,) = wrong({variable: "11m"})

    assert problem.startswith(f"{variable}: `targets.serverless.probes.chat`: ")
    assert problem.endswith("timeout (660s) exceeds interval (600s)")


def test_broken_json_is_not_repeated() -> None:
    """A header's value may be a key."""
    variable = "TM_EXPORTER_TARGETS__SERVERLESS__HEADERS"

    assert wrong({variable: '{"X-Key": "hunter2'}) == [
        f"{variable}: is neither JSON nor YAML"
    ]


def test_targets_of_more_files_have_variables(load_text: LoadText) -> None:
    """Their names must be known before a variable can mean one of them."""
    with pytest.raises(ConfigurationError, match="TARGETS__B__API_KEY: no target"):
        load_text(FILE, {"TM_EXPORTER_TARGETS__B__API_KEY": "k"})


def test_the_file_may_be_a_variable(load_text: LoadText, tmp_path: object) -> None:
    """`TM_EXPORTER_CONFIG` counts where the command line names no file."""
    load_text("log: {level: debug}")

    loaded = load(file=None, environ={"TM_EXPORTER_CONFIG": f"{tmp_path}/exporter.yml"})

    assert loaded.settings.log.level == "debug"


def test_the_process_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is handed in counts, so that a demo is the same everywhere."""
    monkeypatch.setenv("SERVER", '{"listen": "127.0.0.1:1"}')
    monkeypatch.setenv("STATE_DIR", "/nowhere")
    monkeypatch.setenv("TM_EXPORTER_LOG__LEVEL", "debug")

    settings = load(file=None, environ={}).settings

    assert settings.server.listen == "0.0.0.0:9877"
    assert settings.state_dir is None
    assert settings.log.level == "info"


def test_one_number_of_an_objective_can_be_set() -> None:
    """Each key of the file has its variable, and what is not set its default."""
    ttft = load(file=None, environ={"TM_EXPORTER_SLO__TTFT__THRESHOLD": "5s"})

    assert ttft.settings.slo.model_dump() == {
        "availability": 0.99,
        "ttft": {"objective": 0.95, "threshold": 5.0},
    }


def test_a_file_that_is_not_there_is_told_with_the_variable_that_names_it(
    tmp_path: Path,
) -> None:
    """Nobody would look for a path there that stands on no command line."""
    gone = tmp_path / "gone.yml"

    assert wrong({"TM_EXPORTER_CONFIG": str(gone)}) == [
        f"{gone}: there is no such file: TM_EXPORTER_CONFIG names it"
    ]


def test_a_mistake_in_that_file_is_told_with_its_line(tmp_path: Path) -> None:
    """The file is the place to look then, whoever named it."""
    file = tmp_path / "exporter.yml"
    file.write_text("sever: {}")

    assert wrong({"TM_EXPORTER_CONFIG": str(file)}) == [
        f"{file}:1: `sever`: no such key; did you mean `server`?"
    ]


LISTED = {
    "TM_EXPORTER_TARGETS": '[{"name": "eu-2", "surface": "serverless", "models": []}]',
}


def test_the_targets_of_a_variable_stand_in_place_of_the_files(
    load_text: LoadText,
) -> None:
    """As every list does; it is told where they are from, and keys can be set."""
    environ = LISTED | {"TM_EXPORTER_TARGETS__EU_2__API_KEY": "k"}

    loaded = load_text(FILE, environ)

    (target,) = loaded.settings.targets
    assert (target.name, target.api_key) == ("eu-2", SecretStr("k"))
    assert str(loaded.origins["targets", "eu-2", "surface"]) == (
        "environment TM_EXPORTER_TARGETS"
    )
    assert not any("nothing is configured" in note for note in loaded.notes)


def test_the_targets_of_a_variable_get_the_vendors_credentials() -> None:
    """And no more targets, as with those of a file."""
    environ = LISTED | {"TENSORMESH_INFERENCE_API_KEY": "v"}

    (target,) = load(file=None, environ=environ).settings.targets

    assert (target.name, target.api_key) == ("eu-2", SecretStr("v"))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("serverless", "`targets`: must be a list of targets"),
        ("[{surface: serverless}]", "`targets[0]` has no `name`"),
        (
            "[{name: a, surface: serverless, modles: [m]}]",
            "`targets.a.modles`: no such key; did you mean `models`?",
        ),
        ("[", "is neither JSON nor YAML"),
    ],
)
def test_a_mistake_in_the_targets_of_a_variable_is_told(value: str, told: str) -> None:
    """With the variable, as the place to look."""
    assert wrong({"TM_EXPORTER_TARGETS": value}) == [f"TM_EXPORTER_TARGETS: {told}"]
