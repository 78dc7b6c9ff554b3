"""No sentence, page or report ever has a secret in it."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.config.conftest import LoadText
from tm_exporter.config.load import load
from tm_exporter.config.masking import masked
from tm_exporter.config.origin import ConfigurationError
from tm_exporter.config.report import describe, render_json, render_text


MARKER = "MARKER"

VALUES = st.sampled_from(
    [
        MARKER,
        [MARKER],
        {"value": MARKER},
        [[MARKER]],
        f"{MARKER}\n{MARKER}",
        f"{MARKER}\u20ac",
        {"nested": [MARKER]},
    ]
)
PLACES = st.sampled_from(
    [
        "api_key",
        "token",
        "command",
        "headers",
        "header",
        "proxy_url",
        "base_url",
    ]
)
SURFACES = st.sampled_from(["serverless", "on_demand", "control_plane", "x", None, 5])


def target(surface: Any, place: str, value: Any) -> dict[str, Any]:
    """Return a target with something in one of the places for secrets."""
    text = value if isinstance(value, str) else MARKER
    written = {
        "command": ("token_command", ["program", value]),
        "header": ("headers", {"X-Key": value}),
        "proxy_url": ("proxy_url", f"http://user:{text}@proxy:3128"),
        "base_url": ("base_url", f"https://user:{text}@host/?k={text}#{text}"),
    }
    key, content = written.get(place, (place, value))
    return {"name": "a", "surface": surface, "models": ["m"], key: content}


def shown(overrides: dict[str, Any], environ: dict[str, str]) -> str:
    """Return all that a user could get to see of a configuration."""
    try:
        loaded = load(file=None, environ=environ, overrides=overrides)
    except ConfigurationError as error:
        return f"{error} {error!r} {error.problems!r}"
    report = describe(loaded)
    return "".join(
        (
            str(masked(loaded.settings)),
            repr(loaded),
            render_text(report),
            render_json(report),
        )
    )


@given(surface=SURFACES, place=PLACES, value=VALUES)
def test_not_from_data(surface: Any, place: str, value: Any) -> None:
    """Wherever it stands, whatever else is wrong."""
    assert MARKER not in shown({"targets": [target(surface, place, value)]}, {})


@given(
    key=st.sampled_from(["API_KEY", "TOKEN", "HEADERS", "HEADERS__X_KEY"]),
    value=st.sampled_from(
        [MARKER, f"[{MARKER}", f"{{{MARKER}", f"[{MARKER}]", f'{{"X": "{MARKER}"}}']
    ),
    surface=st.sampled_from(["serverless", "control_plane", "x"]),
)
def test_not_from_variables(key: str, value: str, surface: str) -> None:
    """Also where a value looks like JSON and is none."""
    prefix = "TM_EXPORTER_TARGETS__A__"

    assert MARKER not in shown(
        {}, {f"{prefix}SURFACE": surface, f"{prefix}{key}": value}
    )


@pytest.mark.parametrize(
    "line",
    [
        "api_key: !MARKER",
        "api_key: *MARKER",
        "api_key: 'MARKER",
        "api_key: %MARKER",
        "api_key: [MARKER",
        "api_key: {MARKER: MARKER",
        "api_key: MARKER: MARKER",
        'api_key: "\\MARKER"',
        "api_key: [MARKER]",
        "api_key: {a: MARKER}",
        "headers: [MARKER]",
        "headers: MARKER",
        "headers: {X-Key: [MARKER]}",
        "token: MARKER",
    ],
)
def test_not_from_broken_files(load_text: LoadText, line: str) -> None:
    """The parser's own messages quote what they trip over."""
    text = f"targets:\n- name: a\n  surface: serverless\n  {line}\n"

    with pytest.raises(ConfigurationError) as caught:
        load_text(text)

    assert MARKER not in str(caught.value)


def test_arguments_of_a_command_are_masked(load_text: LoadText) -> None:
    """One of them may be a password; which program it is may be known."""
    target_ = {"name": "a", "surface": "control_plane"}
    command = {"token_command": ["vault", f"--password={MARKER}"]}

    loaded = load_text(yaml.safe_dump({"targets": [target_ | command]}))

    shown_target = masked(loaded.settings)["targets"][0]
    assert shown_target["token_command"] == ["vault", "<argument>"]
    assert MARKER not in render_text(describe(loaded))
