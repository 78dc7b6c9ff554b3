"""The vendor's variables, and the file of its `tm` command."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.config.conftest import LoadText
from tm_exporter.config.load import Loaded, load
from tm_exporter.config.origin import ConfigurationError
from tm_exporter.config.secrets import secret_reader
from tm_exporter.config.target import Target


STAGING = "https://api.gcpstaging.tensormesh.ai"
TOML = """
controlplane_base = "https://api.gcpstaging.tensormesh.ai"
ca_bundle = "/etc/ca.pem"
[managed]
gateway_api_key = "ak-managed"
gateway_user_id = "user-managed"
gateway_model_id = "model-managed"
[overrides]
gateway_api_key = "ak-override"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a directory with a config.toml."""
    directory = tmp_path / "home"
    directory.mkdir()
    (directory / "config.toml").write_text(TOML)
    return directory


def alone(environ: Mapping[str, str]) -> Loaded:
    """Return what variables alone amount to."""
    return load(file=None, environ=environ)


def by_name(loaded: Loaded) -> dict[str, Target]:
    """Return the targets by name."""
    return {target.name: target for target in loaded.settings.targets}


def test_nothing_at_all_watches_the_public_routes() -> None:
    """Three routes need no key; the note says what is not watched."""
    loaded = alone({})

    (target,) = loaded.settings.targets
    assert (target.name, target.base_url) == (
        "serverless",
        "https://serverless.tensormesh.ai",
    )
    assert list(target.probes) == ["health", "version", "models"]
    assert "nothing is configured" in loaded.notes[0]


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({"TENSORMESH_INFERENCE_API_KEY": "k"}, ["serverless"]),
        ({"TENSORMESH_SERVERLESS_BASE_URL": "https://x/v1"}, ["serverless"]),
        ({"TENSORMESH_USER_ID": "u"}, ["on_demand"]),
        ({"TENSORMESH_ON_DEMAND_USER_ID": "u"}, ["on_demand"]),
        ({"TENSORMESH_CONTROL_PLANE_TOKEN": "t"}, ["account"]),
        (
            {
                "TENSORMESH_INFERENCE_API_KEY": "k",
                "TENSORMESH_USER_ID": "u",
                "TENSORMESH_CONTROL_PLANE_TOKEN": "t",
            },
            ["serverless", "on_demand", "account"],
        ),
    ],
    ids=["key", "address", "user", "on-demand user", "token", "all"],
)
def test_variables_make_targets(environ: dict[str, str], names: list[str]) -> None:
    """Whoever uses the vendor's SDK has them already."""
    assert list(by_name(alone(environ))) == names


NO_USER = "TENSORMESH_ON_DEMAND_USER_ID is not set"
NO_KEY = "TENSORMESH_INFERENCE_API_KEY is not set"
NO_TOKEN = "TENSORMESH_CONTROL_PLANE_TOKEN is not set"


@pytest.mark.parametrize(
    ("environ", "note"),
    [
        (
            {"TENSORMESH_ON_DEMAND_BASE_URL": "https://x"},
            f"TENSORMESH_ON_DEMAND_BASE_URL has no effect: {NO_USER}",
        ),
        (
            {"TENSORMESH_INFERENCE_API_KEY": "k"},
            f"on_demand is not watched: {NO_USER}",
        ),
        (
            {"TENSORMESH_CONTROL_PLANE_BASE_URL": "https://x"},
            f"TENSORMESH_CONTROL_PLANE_BASE_URL has no effect: {NO_TOKEN}",
        ),
        (
            {"TENSORMESH_CA_BUNDLE": "/etc/ca.pem"},
            f"TENSORMESH_CA_BUNDLE has no effect: {NO_KEY}",
        ),
    ],
    ids=["on-demand", "key", "control plane", "bundle"],
)
def test_a_variable_without_effect_is_noted(environ: dict[str, str], note: str) -> None:
    """Whoever set it expects something of it: the note says what is missing."""
    assert alone(environ).notes[0] == note


def test_a_target_of_ones_own_needs_no_note() -> None:
    """Another variable of ours made what the vendor's could not."""
    loaded = alone(
        {
            "TENSORMESH_INFERENCE_API_KEY": "k",
            "TM_EXPORTER_TARGETS__ON_DEMAND__USER_ID": "u",
            "TM_EXPORTER_TARGETS__ON_DEMAND__BASE_URL": "https://x",
        }
    )

    assert loaded.notes == ()


OWN = "TM_EXPORTER_TARGETS__"


@pytest.mark.parametrize(
    ("environ", "name", "url"),
    [
        (
            {"TENSORMESH_CONTROL_PLANE_BASE_URL": STAGING, f"{OWN}ACCOUNT__TOKEN": "t"},
            "account",
            STAGING,
        ),
        (
            {
                "TENSORMESH_SERVERLESS_BASE_URL": STAGING,
                f"{OWN}SERVERLESS__API_KEY_FILE": "/k",
            },
            "serverless",
            STAGING,
        ),
        (
            {
                "TENSORMESH_ON_DEMAND_BASE_URL": STAGING,
                "TENSORMESH_INFERENCE_API_KEY": "k",
                f"{OWN}ON_DEMAND__USER_ID": "u",
            },
            "on_demand",
            STAGING,
        ),
        (
            {
                "TENSORMESH_CONTROL_PLANE_BASE_URL": "https://x",
                f"{OWN}ACCOUNT__BASE_URL": STAGING,
                f"{OWN}ACCOUNT__TOKEN": "t",
            },
            "account",
            STAGING,
        ),
        ({f"{OWN}ACCOUNT__TOKEN": "t"}, "account", "https://api.tensormesh.ai"),
    ],
    ids=["account", "serverless", "on-demand", "ours wins", "neither"],
)
def test_what_the_vendor_s_variables_say_of_a_target_of_ours(
    environ: dict[str, str], name: str, url: str
) -> None:
    """They stand below our own, and not beside them: a key goes where it is meant."""
    target = by_name(alone(environ | {"TENSORMESH_CA_BUNDLE": "/ca.pem"}))[name]

    assert target.base_url == url
    assert target.ca_bundle == Path("/ca.pem")


def test_config_toml_says_where_an_account_of_ours_is(home: Path) -> None:
    """As it does for one of the vendor's variables; of another surface, nothing."""
    environ = {"TM_CONFIG_HOME": str(home), f"{OWN}ACCOUNT__TOKEN_FILE": "/token"}
    other = {f"{OWN}ACCOUNT__SURFACE": "serverless"}

    assert by_name(alone(environ))["account"].base_url == STAGING
    assert by_name(alone(environ))["account"].ca_bundle == Path("/etc/ca.pem")
    with pytest.raises(ConfigurationError, match="takes an `api_key`"):
        alone(environ | other)


def test_a_key_of_config_toml_without_effect_is_noted(home: Path) -> None:
    """With its name and the file's."""
    (note,) = alone({"TM_CONFIG_HOME": str(home)}).notes

    where = f"controlplane_base in config.toml {home}/config.toml"
    assert note == f"{where} has no effect: {NO_TOKEN}"


def test_addresses_and_bundle_are_taken() -> None:
    """A bundle is for every host of the vendor."""
    targets = by_name(
        alone(
            {
                "TENSORMESH_INFERENCE_API_KEY": "k",
                "TENSORMESH_SERVERLESS_BASE_URL": "https://one/v1",
                "TENSORMESH_ON_DEMAND_BASE_URL": "https://two/",
                "TENSORMESH_ON_DEMAND_USER_ID": "documented",
                "TENSORMESH_USER_ID": "other",
                "TENSORMESH_CONTROL_PLANE_TOKEN": "t",
                "TENSORMESH_CONTROL_PLANE_BASE_URL": "https://three",
                "TENSORMESH_CA_BUNDLE": "/etc/ca.pem",
            }
        )
    )

    assert [target.base_url for target in targets.values()] == [
        "https://one",
        "https://two",
        "https://three",
    ]
    assert targets["on_demand"].user_id == "documented"
    assert {target.ca_bundle for target in targets.values()} == {Path("/etc/ca.pem")}


def test_a_wrong_address_names_the_variable() -> None:
    """It came from there, and from no file."""
    with pytest.raises(ConfigurationError) as caught:
        alone({"TENSORMESH_SERVERLESS_BASE_URL": "ftp://x"})

    assert str(caught.value) == (
        "TENSORMESH_SERVERLESS_BASE_URL: `targets.serverless.base_url`: "
        "must be an address such as https://host or http://host:port"
    )


async def test_config_toml_makes_targets(home: Path) -> None:
    """`[overrides]` is what a person wrote, `[managed]` what the command did."""
    loaded = alone({"TM_CONFIG_HOME": str(home)})

    targets = by_name(loaded)
    assert list(targets) == ["serverless", "on_demand"]
    assert targets["on_demand"].user_id == "user-managed"
    assert [m.name for m in targets["on_demand"].named_models] == ["model-managed"]
    assert targets["serverless"].ca_bundle == Path("/etc/ca.pem")
    reader = secret_reader(targets["serverless"])
    assert reader is not None
    assert (await reader.get()).get_secret_value() == "ak-override"
    origin = loaded.origins["targets", "serverless", "api_key_file"]
    assert str(origin) == f"config.toml {home}/config.toml"


async def test_config_toml_is_read_again(home: Path) -> None:
    """`tm init --sync` may write a new key at any time, in either table."""
    target = by_name(alone({"TM_CONFIG_HOME": str(home)}))["serverless"]
    reader = secret_reader(target)
    assert reader is not None

    (home / "config.toml").write_text('[managed]\ngateway_api_key = "ak-later"\n')

    assert (await reader.get()).get_secret_value() == "ak-later"


def test_config_toml_is_below_home_by_default(tmp_path: Path) -> None:
    """Where `TM_CONFIG_HOME` says nothing."""
    directory = tmp_path / ".config" / "tensormesh"
    directory.mkdir(parents=True)
    (directory / "config.toml").write_text(TOML)

    assert list(by_name(alone({"HOME": str(tmp_path)}))) == ["serverless", "on_demand"]


def test_a_variable_beats_config_toml(home: Path) -> None:
    """As with the vendor's own command."""
    targets = by_name(
        alone(
            {
                "TM_CONFIG_HOME": str(home),
                "TENSORMESH_USER_ID": "user-variable",
                "TENSORMESH_CONTROL_PLANE_TOKEN": "t",
            }
        )
    )

    assert targets["on_demand"].user_id == "user-variable"
    assert targets["account"].base_url == "https://api.gcpstaging.tensormesh.ai"


def test_no_host_is_guessed(home: Path) -> None:
    """Only nebius has a published one; a key must not go to a guess."""
    toml = TOML.replace("[managed]", '[managed]\ngateway_provider = "lambda"')
    (home / "config.toml").write_text(toml)

    loaded = alone({"TM_CONFIG_HOME": str(home)})

    assert list(by_name(loaded)) == ["serverless"]
    assert "TENSORMESH_ON_DEMAND_BASE_URL" in loaded.notes[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a = 1\nb = hunter2\n", ":2: this is not TOML: the syntax is wrong here"),
        (b"\xff", ": is not a text in UTF-8"),
        (b"[managed]\ngateway_api_key = 5", ": `managed.gateway_api_key` must be text"),
    ],
    ids=["syntax", "bytes", "type"],
)
def test_a_broken_config_toml_is_an_error(
    home: Path, content: bytes, message: str
) -> None:
    """It names the file, and the line where there is one."""
    (home / "config.toml").write_bytes(content)

    with pytest.raises(ConfigurationError) as caught:
        alone({"TM_CONFIG_HOME": str(home)})

    assert str(caught.value).startswith(f"{home}/config.toml{message}")
    assert "hunter2" not in str(caught.value)


def test_a_missing_config_toml_is_fine(tmp_path: Path) -> None:
    """Most machines of a daemon have none."""
    assert alone({"TM_CONFIG_HOME": str(tmp_path)}).settings.targets


def test_an_unreadable_config_toml_is_an_error_where_it_was_named(
    tmp_path: Path,
) -> None:
    """Below the home directory it is only a note: nobody asked for that one."""
    directory = tmp_path / ".config" / "tensormesh"
    (directory / "config.toml").mkdir(parents=True)

    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        alone({"TM_CONFIG_HOME": str(directory)})
    assert "is left out" in alone({"HOME": str(tmp_path)}).notes[0]


def test_targets_of_a_file_get_credentials_only(load_text: LoadText) -> None:
    """Their address is the file's business, and so is who is watched."""
    targets = by_name(
        load_text(
            "targets:\n"
            "- {name: a, surface: serverless, base_url: https://one}\n"
            "- {name: b, surface: serverless, api_key_file: /etc/key}\n"
            "- {name: c, surface: on_demand, base_url: https://two}\n"
            "- {name: d, surface: control_plane}\n",
            {
                "TENSORMESH_INFERENCE_API_KEY": "k",
                "TENSORMESH_USER_ID": "u",
                "TENSORMESH_CONTROL_PLANE_TOKEN": "t",
                "TENSORMESH_SERVERLESS_BASE_URL": "https://other",
                "TENSORMESH_CA_BUNDLE": "/etc/ca.pem",
            },
        )
    )

    assert list(targets) == ["a", "b", "c", "d"]
    assert targets["a"].base_url == "https://one"
    assert targets["a"].ca_bundle is None
    assert targets["a"].api_key is not None
    assert targets["b"].api_key is None
    assert (targets["c"].api_key is not None, targets["c"].user_id) == (True, "u")
    assert targets["d"].token is not None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("targets_from: []", ["serverless"]),
        ("targets:", ["serverless"]),
        ("targets: []", []),
        ("targets_from: ['none/*.yml']", []),
    ],
    ids=["no glob", "nothing said", "no target", "no file yet"],
)
def test_a_file_may_say_that_there_are_none(
    load_text: LoadText, text: str, names: list[str]
) -> None:
    """Then no target is made up, whatever variables there are."""
    loaded = load_text(text, {"TENSORMESH_INFERENCE_API_KEY": "k"})

    assert list(by_name(loaded)) == names


def test_variables_of_ours_beat_the_vendors() -> None:
    """Also where they give the secret in another form."""
    target = by_name(
        alone(
            {
                "TENSORMESH_INFERENCE_API_KEY": "k",
                "TM_EXPORTER_TARGETS__SERVERLESS__API_KEY_FILE": "/etc/key",
                "TM_EXPORTER_TARGETS__SERVERLESS__BASE_URL": "https://one",
            }
        )
    )["serverless"]

    assert (target.api_key, target.api_key_file) == (None, Path("/etc/key"))
    assert target.base_url == "https://one"


def test_an_isolated_configuration_has_none_of_this(home: Path) -> None:
    """The demo must not send anybody's key anywhere."""
    environ = {"TENSORMESH_INFERENCE_API_KEY": "k", "TM_CONFIG_HOME": str(home)}

    loaded = load(file=None, environ=environ, isolated=True)

    assert loaded.settings.targets == ()
    assert loaded.notes == ("no target is configured: nothing is watched",)
