"""The small sections, and the keys of a target that stand alone."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.config.conftest import LoadText
from tm_exporter.config.layer import Layer, LayerSource
from tm_exporter.config.load import load
from tm_exporter.config.origin import ConfigurationError
from tm_exporter.config.sections import ServerSection
from tm_exporter.config.settings import Settings
from tm_exporter.config.target import Target
from tm_exporter.config.window import WindowSection
from tm_exporter.probes.health import HealthSection


def target(**keys: Any) -> Target:
    """Return a serverless target with some keys."""
    return Target.model_validate({"name": "a", "surface": "serverless"} | keys)


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("0.0.0.0:9877", ("0.0.0.0", 9877)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:80", ("::1", 80)),
        (":0", ("0.0.0.0", 0)),
    ],
)
def test_an_address_is_host_and_port(listen: str, address: tuple[str, int]) -> None:
    """As a socket takes it, so that an IPv6 host has no brackets."""
    assert ServerSection(listen=listen).address == address


@pytest.mark.parametrize(
    "keys",
    [
        {"cron": "0 22 * * sun", "duration": "2h"},
        {"from": "2026-01-31T22:00:00Z", "to": "2026-02-01T00:00:00+01:00"},
        {"from": "2026-01-31T22:00:00Z", "duration": "30m", "targets": ["a"]},
    ],
    ids=["again", "from and to", "from and duration"],
)
def test_maintenance_begins_and_ends(keys: dict[str, object]) -> None:
    """Once or again and again."""
    assert WindowSection.model_validate({"name": "upgrade", **keys}).name == "upgrade"


def test_a_time_has_its_zone() -> None:
    """Two hours of winter time are two hours of summer time."""
    window = WindowSection.model_validate(
        {"name": "a", "from": "2026-01-31T22:00:00Z", "to": "2026-02-01T00:00:00Z"}
    )

    assert window.from_ is not None
    assert window.to is not None
    assert window.to - window.from_ == timedelta(hours=2)


def test_a_number_is_no_time() -> None:
    """Nobody means seconds since 1970 by 5."""
    with pytest.raises(ValidationError, match="must be a time such as"):
        WindowSection.model_validate({"name": "a", "from": 5, "duration": "1h"})


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"headers": {"X Key": "a"}}, "one of the names is no header name"),
        ({"labels": {"target": "a"}}, "a label which every family has already"),
        ({"labels": {"__a": "a"}}, "is no label name"),
        ({"ca_bundle": " "}, "must be the path of a file"),
        ({"proxy_password_file": "/p"}, "says nothing without `proxy_url`"),
        ({"user_id": "u"}, "must not be given for serverless"),
    ],
    ids=["header", "label", "reserved label", "path", "password", "user"],
)
def test_a_key_that_cannot_be_used_is_refused(
    keys: dict[str, Any], message: str
) -> None:
    """At the start, rather than at the first request."""
    with pytest.raises(ValidationError, match=message):
        target(**keys)


def test_null_is_no_credential() -> None:
    """The reference writes what is not used as null."""
    nulls = dict.fromkeys(("api_key", "token", "token_file", "token_command"))

    assert target(**nulls, api_key_file="/etc/key").api_key_file == Path("/etc/key")


def test_a_section_that_is_there_stays() -> None:
    """Code hands over what it has built, beside the defaults."""
    health = HealthSection.model_validate({"interval": "9s"})

    assert target(probes={"health": health}).probes["health"] is health


def test_a_key_has_no_whitespace_around_it() -> None:
    """A block of YAML, and many a variable, ends with a line break."""
    key = target(api_key="ak-1\n").api_key

    assert key is not None
    assert key.get_secret_value() == "ak-1"


def test_a_reference_is_an_address(load_text: LoadText) -> None:
    """It is used as it is; a password in it would be shown."""
    settings = load_text("reference_url: https://example.com/v1").settings

    assert settings.reference_url == "https://example.com/v1"
    with pytest.raises(ConfigurationError, match="no user name and no password"):
        load_text("reference_url: https://a:hunter2@example.com")


def test_the_command_line_may_name_more_files(tmp_path: Path) -> None:
    """Relative to where the command is given."""
    (tmp_path / "more.yml").write_text("- {name: a, surface: serverless}")

    loaded = load(
        file=None,
        environ={},
        overrides={"targets_from": [str(tmp_path / "*.yml")]},
    )

    assert [t.name for t in loaded.settings.targets] == ["a"]


def test_globs_that_are_none_are_refused() -> None:
    """Whatever they are, nothing is read."""
    with pytest.raises(ConfigurationError, match="`targets_from`: must be a list"):
        load(file=None, environ={}, overrides={"targets_from": 5})


def test_a_target_that_is_a_word_is_refused() -> None:
    """Also where it has a name already."""
    with pytest.raises(ConfigurationError, match=r"`targets\.a`: must be a mapping"):
        load(file=None, environ={}, overrides={"targets": {"a": "serverless"}})


def test_a_path_too_long_is_one_sentence() -> None:
    """The system has a word for it."""
    with pytest.raises(ConfigurationError, match="cannot be read: File name too long"):
        load(file=Path("x" * 5000), environ={})


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    """It is some other file, given by mistake."""
    path = tmp_path / "exporter.yml"
    with path.open("wb") as file:
        file.truncate(17 * 1024 * 1024)

    with pytest.raises(ConfigurationError, match="is larger than 16 MiB"):
        load(file=path, environ={})


def test_a_layer_is_a_source_of_settings() -> None:
    """As pydantic-settings defines one, field by field too."""
    layer = Layer({"price_unit": "per_token"})
    source = LayerSource(Settings, layer)
    field = Settings.model_fields["price_unit"]

    assert source() == layer.values
    assert source.get_field_value(field, "price_unit") == (
        "per_token",
        "price_unit",
        False,
    )


@pytest.mark.parametrize(
    ("written", "times"),
    [
        pytest.param({"interval": "1s"}, (1.0, 1.0), id="short"),
        pytest.param({"interval": "1m"}, (60.0, 5.0), id="long"),
        pytest.param({"interval": "10s", "timeout": "8s"}, (10.0, 8.0), id="both"),
        pytest.param({"interval": "1s", "timeout": None}, (1.0, 1.0), id="null"),
    ],
)
def test_a_timeout_that_is_left_out_fits_the_interval(
    written: dict[str, Any], times: tuple[float, float]
) -> None:
    """Who asks every second means no timeout of five, and need not say so."""
    health = target(probes={"health": written}).probes["health"]

    assert (health.interval, health.timeout) == times
