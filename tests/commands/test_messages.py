"""
What a command says when it cannot do what was asked: what, where, what to do.

The mistakes of a configuration file are in tests/config/test_invalid.py.
"""

# ruff: noqa: E501 -- a message is one line

from pathlib import Path

import pytest

from tm_exporter.cli import main


REFUSED = [
    ("check --config gone.yml", "gone.yml: there is no such file"),
    ("check --config .", ".: is not a regular file"),
    (
        "run --config none.yml --listen nonsense",
        "command line: `server.listen`: must be HOST:PORT, such as 0.0.0.0:9877 or [::]:9877",
    ),
    (
        "run --config none.yml --listen 192.0.2.1:80",
        "cannot listen on 192.0.2.1:80: cannot assign requested address: choose an address of this machine, or 0.0.0.0 for all",
    ),
    (
        "simulate --listen nonsense",
        "cannot listen on 'nonsense': write HOST:PORT, an IPv6 address in brackets, port 0 for any free one",
    ),
    (
        "demo --scenario paradise",
        "no scenario 'paradise': `tm-exporter simulate --list` shows all",
    ),
    (
        "evidence abc --url http://127.0.0.1:1",
        "no daemon answers at http://127.0.0.1:1: connection refused: start it, or say with --url where it listens",
    ),
    (
        "evidence abc --url nonsense",
        "nonsense is no address such as http://127.0.0.1:9877",
    ),
    (
        "evidence abc --url http://[::1",
        "http://[::1 is no address such as http://127.0.0.1:9877",
    ),
    (
        "evidence \udcff --url http://127.0.0.1:1",
        "no daemon answers at http://127.0.0.1:1: connection refused: start it, or say with --url where it listens",
    ),
    (
        "healthcheck --url http://127.0.0.1:1",
        "no daemon answers at http://127.0.0.1:1: connection refused: start it, or say with --url where it listens",
    ),
    (
        "probe --config none.yml",
        "no target is configured: see `tm-exporter check`",
    ),
    (
        "probe --config one.yml --target tow",
        "no such target: tow; there are one",
    ),
    (
        "maintenance start --config none.yml --reason move --target one",
        "no target has the name `one`: there is none",
    ),
    (
        "maintenance start --config one.yml --reason move --target on",
        "no target has the name `on`; did you mean `one`?",
    ),
    (
        "maintenance end abcd --config none.yml",
        "no maintenance has the name 'abcd': `tm-exporter maintenance list` shows what goes on",
    ),
    ("check --config secret.yml", "secret.yml:1: `log.level`: must be"),
]

MISUSED = [
    ("", "the following arguments are required: COMMAND"),
    ("runs", "invalid choice: 'runs' (choose from 'run', 'demo', "),
    ("probe --confg x", "nothing is called --confg; did you mean `--config`?"),
    ("check exporter.yml", "nothing is called exporter.yml"),
    ("maintenance", "the following arguments are required: start|end|list"),
    ("maintenance start", "the following arguments are required: --reason"),
    ("demo --for ever", "--for: must be a number of seconds, not 'ever'"),
    (
        "evidence abc --url http://a:b@c",
        "--url: must have no user name and no password in it",
    ),
    (
        "maintenance start --reason move --until tomorrow",
        "--until: 'tomorrow' is no time with a zone, such as 2026-01-31T22:00:00Z",
    ),
]


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have configurations to name, and nothing else around."""
    (tmp_path / "none.yml").write_text("targets: []")
    (tmp_path / "one.yml").write_text("targets: [{name: one, surface: serverless}]")
    (tmp_path / "secret.yml").write_text("log: {level: hunter2}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("TM_EXPORTER_CONFIG", raising=False)


@pytest.mark.parametrize(("line", "sentence"), REFUSED)
def test_a_refusal_is_one_sentence(
    line: str, sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """No traceback, no secret, nothing on standard output."""
    status = main(line.split())

    out, err = capfd.readouterr()
    assert status in (1, 2)
    assert out == ""
    assert err.startswith(f"tm-exporter: {sentence}")
    assert err.count("\n") == 1
    assert "hunter2" not in err


@pytest.mark.parametrize(("line", "sentence"), MISUSED)
def test_a_misuse_says_where_to_look(
    line: str, sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """How the command is used, what is wrong, and which --help tells more."""
    with pytest.raises(SystemExit) as ended:
        main(line.split())

    err = capfd.readouterr().err
    assert ended.value.code == 2
    assert err.startswith("usage: tm-exporter")
    assert sentence in err
    assert "--help` tells more)" in err.splitlines()[-1]
