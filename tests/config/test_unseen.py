"""What is said where the account cannot be seen."""

from pathlib import Path

import pytest

from tests.config.conftest import LoadText
from tm_exporter.config.report import describe


PAGE = "docs/control-plane-token.md"


@pytest.mark.parametrize(
    ("targets", "target", "begins"),
    [
        pytest.param(
            "{name: account, surface: control_plane}",
            "account",
            "`token` is not configured: nobody sees ",
            id="without-token",
        ),
        pytest.param(
            "{name: serverless, surface: serverless, api_key: k, models: [m]}",
            "",
            "no target with `surface: control_plane` is configured: nobody sees ",
            id="without-account",
        ),
    ],
)
def test_what_goes_blind_without_a_token_is_said(
    load_text: LoadText, targets: str, target: str, begins: str
) -> None:
    """In one sentence that names what is missed, and where to read on."""
    (row,) = (
        row
        for row in describe(load_text(f"targets: [{targets}]")).not_running
        if "nobody sees" in row.why
    )

    assert row.target == target
    assert row.why.startswith(begins)
    for missed in ("credit", "spent", "prices", "deployments", "keys and cards"):
        assert missed in row.why
    assert PAGE in row.why
    assert (Path(__file__).parents[2] / PAGE).is_file()


def test_an_account_with_a_token_is_seen(load_text: LoadText) -> None:
    """Then nothing is said."""
    loaded = load_text("targets: [{name: account, surface: control_plane, token: t}]")

    assert "nobody sees" not in str(describe(loaded).not_running)
