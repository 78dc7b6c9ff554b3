"""Which source counts where several speak of the same."""

import pytest

from tests.config.conftest import LoadText
from tm_exporter.config.load import load


FILE = "log: {level: warning}\ntargets: [{name: serverless, surface: serverless}]"
VARIABLE = {"TM_EXPORTER_LOG__LEVEL": "error"}
TOKEN_FILE = """
targets:
- {name: a, surface: control_plane, token_file: t, token_json_key: k}
"""
COMMAND = {"log": {"level": "debug"}}


@pytest.mark.parametrize(
    ("sources", "level", "origin"),
    [
        (("", {}, {}), "info", "default"),
        ((FILE, {}, {}), "warning", "file "),
        ((FILE, VARIABLE, {}), "error", "environment TM_EXPORTER_LOG__LEVEL"),
        ((FILE, VARIABLE, COMMAND), "debug", "command line"),
        ((FILE, VARIABLE, {"log": {"level": None}}), "error", "environment"),
    ],
    ids=["default", "file", "environment", "command line", "option not given"],
)
def test_the_order(
    load_text: LoadText,
    sources: tuple[str, dict[str, str], dict[str, object]],
    level: str,
    origin: str,
) -> None:
    """Command line, environment, file, default; the origin says which it was."""
    loaded = load_text(*sources)

    assert loaded.settings.log.level == level
    assert str(loaded.origins["log", "level"]).startswith(origin)


def test_layers_meet_at_a_target(load_text: LoadText) -> None:
    """Each says what it knows about one target."""
    loaded = load_text(
        "targets: [{name: a, surface: serverless, base_url: https://one, models: [m]}]",
        {"TM_EXPORTER_TARGETS__A__PROBES__CHAT__INTERVAL": "20m"},
        {"targets": {"a": {"base_url": "https://two"}}},
    )

    (target,) = loaded.settings.targets
    assert target.base_url == "https://two"
    assert target.probes["chat"].interval == 1200
    assert [model.name for model in target.named_models] == ["m"]


def test_plain_data_is_a_configuration() -> None:
    """The demo makes one without file and variables."""
    loaded = load(
        file=None,
        environ={},
        overrides={
            "server": {"listen": "127.0.0.1:0"},
            "targets": [
                {
                    "name": "serverless",
                    "surface": "serverless",
                    "base_url": "http://127.0.0.1:1234/serverless",
                    "api_key": "made-up",
                    "models": ("m",),
                    "probes": {"chat": {"interval": "10s", "timeout": "5s"}},
                }
            ],
        },
        isolated=True,
    )

    (target,) = loaded.settings.targets
    assert target.base_url == "http://127.0.0.1:1234/serverless"
    assert str(loaded.origins["targets", "serverless", "surface"]) == "command line"


def test_a_credential_of_a_higher_source_takes_the_place(load_text: LoadText) -> None:
    """With what belonged to the other one: a JSON key says nothing without a file."""
    loaded = load_text(
        TOKEN_FILE,
        {"TM_EXPORTER_TARGETS__A__TOKEN": "t"},
    )

    (target,) = loaded.settings.targets
    assert target.token is not None
    assert (target.token_file, target.token_json_key) == (None, None)


def test_a_file_of_a_higher_source_keeps_the_json_key(load_text: LoadText) -> None:
    """The same kind of file at another place."""
    loaded = load_text(
        TOKEN_FILE,
        {"TM_EXPORTER_TARGETS__A__TOKEN_FILE": "/run/token"},
    )

    (target,) = loaded.settings.targets
    assert (str(target.token_file), target.token_json_key) == ("/run/token", "k")
