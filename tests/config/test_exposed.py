"""Files with a secret that are open to more people than need be."""

from pathlib import Path

import pytest

from tests.config.conftest import LoadText
from tm_exporter.config.report import describe


KEY = "targets: [{name: a, surface: serverless, api_key: ak-of-somebody}]\n"
NO_KEY = "targets: [{name: a, surface: serverless, headers: {X-Team: red}}]\n"
PAIR = (
    "targets: [{name: a, surface: serverless, client_cert_file: client.pem, "
    "client_key_file: client.key}]\n"
)
BOTH_IN_ONE = PAIR.replace(", client_key_file: client.key", "")


@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [
        pytest.param(KEY, 0o644, True, id="key"),
        pytest.param(KEY, 0o640, False, id="key-for-a-group"),
        pytest.param(NO_KEY, 0o644, False, id="no-key"),
    ],
)
def test_a_configuration_with_a_key_in_it(
    load_text: LoadText,
    tmp_path: Path,
    text: str,
    mode: int,
    told: bool,  # noqa: FBT001
) -> None:
    """It is a file of a secret like any other, and so it is said."""
    load_text(text)
    (tmp_path / "exporter.yml").chmod(mode)
    path = tmp_path / "exporter.yml"
    loaded = load_text(text)
    sentence = (
        "there is a secret in a file that many may read: "
        f"{path} has mode 0644: 0640 or less would do"
    )

    assert (sentence in describe(loaded).notes) is told


@pytest.mark.parametrize(
    ("text", "secret"), [(PAIR, "client.key"), (BOTH_IN_ONE, "client.pem")]
)
def test_a_private_key_of_a_client(
    load_text: LoadText, tmp_path: Path, text: str, secret: str
) -> None:
    """Which may be in the certificate's file."""
    for name in ("client.pem", "client.key"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o644)

    found = [each for each in describe(load_text(text)).warnings if "mode" in each]

    assert found == [f"a: {tmp_path / secret} has mode 0644: 0640 or less would do"]
